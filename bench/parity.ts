import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { endsTable } from '../activities/topics/planned-topics.js';
import { connectionOf } from '../lab/kafka/clients.js';
import { type Lab, type LabCluster, LabError } from '../lab/lab.js';
import { ADMIN } from '../lab/principals.js';
import { adminConnection } from './connections.js';
import type { Compared } from './comparing.js';
import type { Comparing } from './parity-peer.js';
import type { OurComparing } from './parity-ours.js';
import { rounded, table } from './report.js';
import { onStage, type Say } from './stage.js';
import { openCluster } from '../src/kafka/open.js';

interface Parity {
  rows: ParityRow[];
  goals: { ratio: number };
}

export interface ParityRow {
  topic: string;
  records: number;
  /** Of keys and values, on one side. */
  mb: number;
  ferry: Measured;
  kafkajs: Measured;
  /** Reading alone. */
  limit: Measured;
  /** Of the ferry's speed to the peer's. */
  ratio: number;
  /** Of the ferry's speed to that of reading alone. */
  vsLimit: number;
}

interface Measured {
  seconds: number;
  mbPerSecond: number;
  cpuSecondsPerGb: number;
}

const partitions = 4;
/** 128 KB for each partition and request, as a producer with large batches writes. */
const batchBytes = 128 * 1024;

/** Parity of equal topics on both clusters, by the ferry and by a kafkajs consumer of each that hashes what it reads. */
export async function parity(megabytes: number, say: Say): Promise<Parity> {
  return onStage(
    say,
    async ({ lab }) => {
      const rows: ParityRow[] = [];
      for (const { topic, size } of [
        { topic: 'parity-1000', size: 1000 },
        { topic: 'parity-100', size: 100 },
      ]) {
        // Small records are slow to write, and it is records that they cost.
        const mb = size < 1000 ? Math.ceil(megabytes / 4) : megabytes;
        say(`writing ${mb} MB of ${size} B records to both clusters`);
        rows.push(await measure(lab, topic, size, mb, say));
      }
      return { rows, goals: { ratio: 5 } };
    },
    { name: 'bench-parity', jvm: 'fast' },
  );
}

async function measure(lab: Lab, topic: string, size: number, mb: number, say: Say): Promise<ParityRow> {
  const records = Math.ceil((mb * 1e6) / size);
  const pool = randomBytes(1 << 20);
  const from = Date.now();
  for (const there of [lab.source, lab.target]) await fill(there, topic, { size, records, pool, from });
  const connections = {
    source: await adminConnection(lab.source),
    target: await adminConnection(lab.target),
  };
  const admin = openCluster('source', connections.source);
  const at = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const marks = await admin.watermarks(at).finally(() => admin.close());
  const peer: Comparing = {
    source: await peerConnection(lab.source),
    target: await peerConnection(lab.target),
    topic,
    records,
  };
  const ours: OurComparing = {
    ...connections,
    topic,
    ends: endsTable(at, marks),
    // Both sides were filled with the same.
    mirrored: endsTable(at, marks),
  };
  say(`comparing ${records} records of ${topic}`);
  const kafkajs = measured(await inProcess('parity-peer.ts', peer), mb);
  const ferry = measured(await inProcess('parity-ours.ts', ours), mb);
  const limit = measured(await inProcess('parity-limit.ts', ours), mb);
  const ratio = rounded(ferry.mbPerSecond / kafkajs.mbPerSecond);
  return {
    topic,
    records,
    mb,
    ferry,
    kafkajs,
    limit,
    ratio,
    vsLimit: rounded(ferry.mbPerSecond / limit.mbPerSecond),
  };
}

async function peerConnection({ bootstrap, clients }: LabCluster) {
  const admin = clients[ADMIN];
  if (!admin) throw new LabError('The lab has no administrator.');
  return connectionOf(bootstrap, admin);
}

/** The same records in the same batches, whichever cluster it is. */
async function fill(
  there: LabCluster,
  topic: string,
  { size, records, pool, from }: { size: number; records: number; pool: Buffer; from: number },
): Promise<void> {
  const kafka = there.kafkajs(ADMIN);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  const perRequest = Math.floor(batchBytes / size) * partitions;
  for (let sent = 0; sent < records; sent += perRequest) {
    const messages = Array.from({ length: Math.min(perRequest, records - sent) }, (_, index) => {
      const number = sent + index;
      const at = (number * 7919) % (pool.length - size);
      return {
        partition: index % partitions,
        key: `key-${number}`,
        value: pool.subarray(at, at + size),
        timestamp: String(from + number),
      };
    });
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** A program of its own, so that what it uses is its own. */
async function inProcess(file: string, task: object): Promise<Compared> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: ['--import', tsx],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.send(task);
  const ended = once(child, 'exit').then(() => {
    throw new LabError(`${file} ended before it had compared.`);
  });
  ended.catch(() => undefined);
  const [result] = (await Promise.race([once(child, 'message'), ended])) as [Compared];
  if (!result.equal) throw new LabError(`${file} found that equal topics differ.`);
  return result;
}

function measured({ seconds, cpuSeconds }: Compared, mb: number): Measured {
  return {
    seconds: rounded(seconds),
    mbPerSecond: rounded(mb / seconds, 1),
    cpuSecondsPerGb: rounded(cpuSeconds / (mb / 1000)),
  };
}

/** For a person. */
export function printParity({ rows, goals }: Parity): string {
  const cells = ({ mbPerSecond, cpuSecondsPerGb }: Parity['rows'][number]['ferry']) => [
    String(mbPerSecond),
    String(cpuSecondsPerGb),
  ];
  return [
    `Both clusters compared (goal: ${goals.ratio} times as fast as kafkajs):`,
    table(
      [
        'topic',
        'MB',
        'ferry, MB/s',
        'CPU s/GB',
        'kafkajs, MB/s',
        'CPU s/GB',
        'ratio',
        'limit, MB/s',
        'CPU s/GB',
        'of limit',
      ],
      rows.map((row) => [
        row.topic,
        String(row.mb),
        ...cells(row.ferry),
        ...cells(row.kafkajs),
        String(row.ratio),
        ...cells(row.limit),
        String(row.vsLimit),
      ]),
    ),
  ].join('\n');
}
