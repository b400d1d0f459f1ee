import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { advise } from '../src/advice/advise.js';
import { setsOf } from '../src/advice/sets.js';
import { wavesOf } from '../src/advice/waves.js';
import { parseInventory } from '../src/inventory/inventory.js';
import type { AclBinding, Cluster } from '../src/kafka/cluster.js';
import { inParallel } from '../src/parallel/in-parallel.js';
import { inventoryPage } from '../src/report/inventory-page.js';
import { silent } from '../lab/host/failure.js';
import { runTool } from '../lab/host/tool.js';
import { javaCommand } from '../lab/host/toolchain.js';
import { connectionOf } from '../lab/kafka/clients.js';
import { classPath, jvmOptions, kafkaJars } from '../lab/kafka/jars.js';
import { type BrokerCount, type Lab, LabError } from '../lab/lab.js';
import { ADMIN } from '../lab/principals.js';
import { chunks } from '../src/kafka/link/patience.js';
import { adminConnection } from './connections.js';
import { Program } from './program.js';
import { rounded, table } from './report.js';
import type { Looked } from './scan/measured.js';
import type { Scanned } from './scan/ferry-program.js';
import { write } from './source.js';
import { onStage, type Say, type Stage } from './stage.js';

export interface ScanOptions {
  topics: number;
  groups: number;
  acls: number;
  brokers: BrokerCount;
}

export const scanDefaults: ScanOptions = { topics: 2_000, groups: 2_000, acls: 5_000, brokers: 3 };
const partitionsPerTopic = 10;

interface Scan extends ScanOptions {
  partitions: number;
  ferry: Looked & { found: Scanned };
  kafkajs: Looked;
  /** Kafka's own tools: `kafka-consumer-groups --describe --all-groups` and `kafka-log-dirs --describe`. */
  java: { consumerGroupsSeconds: number; logDirsSeconds: number };
  /** Sets, waves and the page, from the inventory as it was read back. */
  advice: { seconds: number; sets: number; waves: number; reportBytes: number };
  /** Seconds of the peer, divided by those of the ferry; of the tools, of both together. */
  ratio: { kafkajs: number; java: number };
}

/** Looks at a large cluster with the ferry, with kafkajs and with Kafka's own tools. */
export async function scanBench(options: ScanOptions, say: Say): Promise<Scan> {
  return onStage(say, (stage) => measure(stage, options), { name: 'bench-scan', brokers: options.brokers });
}

async function measure({ lab, source, say }: Stage, options: ScanOptions): Promise<Scan> {
  await fill(lab, source, options, say);
  const out = join(lab.folder, 'inventory.json');
  say('the ferry looks');
  const ferry = await looked<{ found: Scanned }>('scan/ferry-program.ts', {
    connection: await adminConnection(lab.source),
    out,
  });
  if (ferry.found.topics < options.topics || ferry.found.groups < options.groups)
    throw new LabError('The scan has missed something, so that its time says nothing.');
  say(`${ferry.requests} requests, ${ferry.seconds} s, ${ferry.rssMb} MB; kafkajs looks`);
  const admin = lab.source.clients[ADMIN];
  if (!admin) throw new LabError('The lab has no administrator.');
  const kafkajs = await looked('scan/kafkajs-program.ts', await connectionOf(lab.source.bootstrap, admin));
  say("Kafka's own tools look");
  const java = {
    consumerGroupsSeconds: await tool(
      lab,
      'consumer.group.ConsumerGroupCommand',
      '--describe',
      '--all-groups',
    ),
    logDirsSeconds: await tool(lab, 'LogDirsCommand', '--describe'),
  };
  return {
    ...options,
    partitions: options.topics * partitionsPerTopic,
    ferry,
    kafkajs: { requests: kafkajs.requests, seconds: kafkajs.seconds, rssMb: kafkajs.rssMb },
    java,
    advice: advised(out),
    ratio: {
      kafkajs: rounded(kafkajs.seconds / ferry.seconds, 1),
      java: rounded((java.consumerGroupsSeconds + java.logDirsSeconds) / ferry.seconds, 1),
    },
  };
}

const topicOf = (at: number): string => `team-${at % 40}.topic-${at}`;

async function fill(
  lab: Lab,
  source: Cluster,
  { topics, groups, acls }: ScanOptions,
  say: Say,
): Promise<void> {
  const names = Array.from({ length: topics }, (_, at) => topicOf(at));
  say(`making ${topics} topics with ${topics * partitionsPerTopic} partitions`);
  for (const share of chunks(names, 200)) {
    // One copy of each: brokers of one machine share its files.
    const wanted = share.map((name) => ({
      ...{
        name,
        partitions: partitionsPerTopic,
        replicationFactor: 1,
        config: { 'retention.ms': '604800000' },
      },
    }));
    // A busy broker makes topics and answers too late: the client asks again, and they are there. The lab is new, so they are these.
    for (const { error } of (await source.createTopics(wanted)).values())
      if (error && error.type !== 'Conflict') throw error;
  }
  say('writing a record into each partition');
  await write(
    lab,
    names,
    Array.from({ length: partitionsPerTopic }, (_, partition) => ({ value: 'a record', partition })),
  );
  say(`committing for ${groups} groups`);
  await inParallel(
    Array.from({ length: groups }, (_, at) => at),
    async (at) => {
      const offsets = Array.from({ length: partitionsPerTopic }, (_, partition) => ({
        ...{ topic: topicOf(at % topics), partition, offset: 0n },
      }));
      for (const { error } of (await source.commitOffsets(`group-${at}`, offsets)).values())
        if (error) throw error;
    },
  );
  say(`making ${acls} ACLs`);
  const bindings = Array.from({ length: acls }, (_, at): AclBinding => ({
    resourceType: 'topic',
    resourceName: topicOf(at % topics),
    patternType: 'literal',
    principal: `User:app-${at % 500}`,
    host: '*',
    operation: at < topics ? 'write' : at < 2 * topics ? 'read' : 'describe-configs',
    permission: 'allow',
  }));
  for (const { error } of await source.createAcls(bindings)) if (error) throw error;
}

async function looked<More = unknown>(file: string, task: object): Promise<Looked & More> {
  const program = await Program.start(file, task, `The program ${file}`);
  try {
    program.begin();
    return (await program.answer()) as Looked & More;
  } finally {
    await program.stop();
  }
}

/** Seconds of one of Kafka's own tools, from its start to its end, as a person waits for it. */
async function tool({ source }: Lab, command: string, ...words: string[]): Promise<number> {
  const begun = performance.now();
  await runTool(
    javaCommand(),
    [
      ...jvmOptions(source.version, 'fast'),
      ...['-cp', classPath(await kafkaJars(source.version, silent)), `org.apache.kafka.tools.${command}`],
      ...['--bootstrap-server', source.bootstrap.join()],
      ...['--command-config', source.clients[ADMIN]?.files.java ?? '', ...words],
    ],
    { label: command, missing: 'No Java found.', progress: silent },
  );
  return rounded((performance.now() - begun) / 1000);
}

function advised(file: string): Scan['advice'] {
  const begun = performance.now();
  const { inventory, mistake } = parseInventory(JSON.parse(readFileSync(file, 'utf8')));
  if (!inventory) throw new LabError(`The inventory ${mistake}.`);
  const sets = setsOf(inventory).map((set) => ({ set, advice: advise(set, {}) }));
  const { waves } = wavesOf(sets, inventory);
  const page = inventoryPage(inventory, sets);
  return {
    seconds: rounded((performance.now() - begun) / 1000),
    sets: sets.length,
    waves: waves.length,
    reportBytes: Buffer.byteLength(page),
  };
}

export function printScan(scan: Scan): string {
  const { topics, partitions, groups, acls, brokers, ferry, kafkajs, java, advice, ratio } = scan;
  return [
    `${topics} topics with ${partitions} partitions, ${groups} groups and ${acls} ACLs on ${brokers} brokers.`,
    table(
      ['who looks', 'requests', 'seconds', 'MB', 'times the ferry'],
      [
        ['ferry', String(ferry.requests), String(ferry.seconds), String(ferry.rssMb), ''],
        [
          'kafkajs',
          String(kafkajs.requests),
          String(kafkajs.seconds),
          String(kafkajs.rssMb),
          String(ratio.kafkajs),
        ],
        ['kafka-consumer-groups', '', String(java.consumerGroupsSeconds), '', ''],
        ['kafka-log-dirs', '', String(java.logDirsSeconds), '', ''],
        [
          'both tools',
          '',
          String(rounded(java.consumerGroupsSeconds + java.logDirsSeconds)),
          '',
          String(ratio.java),
        ],
      ],
    ),
    `Advice, waves and page: ${advice.seconds} s, ${advice.sets} sets, ${rounded(advice.reportBytes / 1e6)} MB.`,
    ...(ferry.found.unknown.length > 0 ? ['Unknown to the ferry:', ...ferry.found.unknown.slice(0, 10)] : []),
  ].join('\n');
}
