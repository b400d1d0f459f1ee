import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { connectionOf } from '../lab/kafka/clients.js';
import { freePorts } from '../lab/host/ports.js';
import { LabError } from '../lab/lab.js';
import { FERRY } from '../lab/principals.js';
import { WorkerProcess } from '../lab/rehearsal/worker-process.js';
import type { FleetFile } from '../src/fleet/file.js';
import { fleetStatusQuery, fleetType } from '../src/fleet/messages.js';
import type { FleetStatus } from '../src/fleet/status.js';
import { fleetId } from '../src/migration/membership.js';
import type { MigrationFile } from '../src/migration/file.js';
import { workflowId } from '../src/migration/messages.js';
import { defaultTaskQueue } from '../src/migration/queues.js';
import { inParallel } from '../src/parallel/in-parallel.js';
import { commit, migrationOf, movers, settleSource, type Behind } from './fleet.js';
import { usageOver, type Usage } from './process-usage.js';
import { Program } from './program.js';
import { median, rounded, table } from './report.js';
import { createTopics, write } from './source.js';
import { onStage, type Say, type Stage } from './stage.js';
import { spread, timeDetections } from './waiting.js';

interface WholeFleet {
  /** In one fleet, on one worker as it is built; all wait but those that copy. */
  migrations: number;
  copying: number;
  rssMb: number;
  /** 100 is one core. */
  cpuPercent: number;
  /** From a group's last commit to the start of the step after the drain. */
  detectionMedianSeconds: number;
  detectionMaxSeconds: number;
  detections: number;
  /** In windows of a minute: while a tenth of them wait, and while all do. */
  brokerRequestsPerSecond: { tenth: number; all: number };
  /** In the window, as if for an hour. */
  eventsPerHour: { fleet: number; migrationMax: number };
  /** `ferry fleet status --json` as a process, median of five. */
  statusSeconds: number;
  windowSeconds: number;
  /** As many workflows of the plainest kind, which poll with kafkajs, on a worker of their own. */
  plain: { rssMb: number; cpuPercent: number; eventsPerHour: number; everySeconds: number };
  goals: Record<
    'rssMb' | 'cpuPercent' | 'detectionMedianSeconds' | 'eventsPerHour' | 'statusSeconds',
    number
  >;
}

const goals = { rssMb: 700, cpuPercent: 25, detectionMedianSeconds: 2, eventsPerHour: 10, statusSeconds: 2 };
const windowSeconds = 60;
const settleMs = 20_000;
const detections = 30;
/** A wait that is asked about as seldom ends five times later than the goal allows. */
const plainEveryMs = 10_000;
const fleetName = 'bench';

/** A mirror of the bench copies so slowly that it copies for longer than a thousand migrations begin and are measured. */
const budgetOfOne = 5_000;
const recordBytes = 50_000;
const records = 500;

/**
 * What a fleet costs: many migrations in one worker, all of them waiting for their groups, some copying.
 * @throws LabError when something could not be measured.
 */
export async function wholeFleet(migrations: number, say: Say): Promise<WholeFleet> {
  return onStage(say, async (stage) => {
    const copying = Math.min(20, Math.ceil(migrations / 5));
    const waiting = migrations - copying;
    say(`making ${waiting} topics and groups, and ${copying} topics with a history`);
    const fleet = await settleSource(stage.lab, stage.source, movers('fleet', waiting));
    const histories = Array.from({ length: copying }, (_, at) => `history-${at + 1}`);
    await createTopics(stage.source, histories, 1);
    for (let at = 0; at < records; at += 10)
      for (const topic of histories)
        await write(
          stage.lab,
          [topic],
          Array.from({ length: 10 }, () => ({ value: Buffer.alloc(recordBytes, at) })),
        );
    await inParallel(histories, (topic) => commit(stage.source, readerOf(topic), 0n));
    say('building the ferry');
    const [port] = (await freePorts(1)) as [number];
    const metricsAt = `127.0.0.1:${port}`;
    appendFileSync(stage.lab.ferryYaml, stringify({ worker: { metrics: metricsAt, maxMirrors: copying } }));
    const worker = await WorkerProcess.built(stage.lab);
    stage.onEnd(() => worker.stop());
    worker.start();
    const tenth = fleet.slice(0, Math.ceil(fleet.length / 10));
    await startFleet(stage, tenth, fleet.slice(tenth.length), histories);
    await untilSettled(stage, tenth, copying);
    await sleep(settleMs);
    const requests = await requestsOver(metricsAt, () => sleep(windowSeconds * 1000));
    await stage.client.workflow
      .getHandle(fleetId(fleetName))
      .executeUpdate('waveApproved', { args: [{ wave: 'two', by: 'the benchmark', reason: 'to measure' }] });
    await untilSettled(stage, fleet, copying);
    let measured: Awaited<ReturnType<typeof measure>> | undefined;
    await sleep(settleMs);
    const allRequests = await requestsOver(metricsAt, async () => {
      measured = await measure(stage, worker, fleet);
    });
    if (!measured) throw new LabError('Nothing was measured.');
    const statusSeconds = await timeStatus(stage);
    say(`timing the end of ${Math.min(detections, waiting)} waits`);
    const timed = spread(fleet, detections);
    const seconds = await timeDetections(stage.client, stage.source, timed);
    await worker.stop();
    const plain = await measurePlain(
      stage,
      fleet.filter((one) => !timed.includes(one)),
    );
    return {
      ...{ migrations, copying },
      ...measured,
      brokerRequestsPerSecond: { tenth: requests, all: allRequests },
      detectionMedianSeconds: rounded(median(seconds)),
      detectionMaxSeconds: rounded(Math.max(...seconds)),
      detections: seconds.length,
      ...{ statusSeconds, windowSeconds, plain, goals },
    };
  });
}

/** The group that has its place in a history. */
const readerOf = (topic: string) => ({ name: topic, topic, group: `${topic}.billing` });

async function startFleet(
  { client }: Stage,
  first: readonly Behind[],
  others: readonly Behind[],
  histories: readonly string[],
): Promise<void> {
  const mirrored = histories.map((name): MigrationFile => ({
    ...{ name, strategy: 'simpleMirroring', source: 'source', target: 'target' },
    topics: [{ name }],
    consumers: [{ group: readerOf(name).group }],
    leaveBehind: { principals: ['User:ferry'] },
  }));
  const wave = (name: string, migrations: readonly MigrationFile[]) => ({
    name,
    migrations: migrations.map((migration) => ({ migration: { ...migration } })),
  });
  const file: FleetFile = {
    name: fleetName,
    window: { running: 1_500 },
    // The first wait for longer than it takes until the last do.
    defaults: { waits: { patience: '6h' } },
    budget: budgetOfOne * histories.length,
    waves: [
      wave('one', [...mirrored, ...first.map(migrationOf)]),
      { ...wave('two', others.map(migrationOf)), approval: true },
    ],
  };
  await client.workflow.start(fleetType, {
    workflowId: fleetId(fleetName),
    taskQueue: defaultTaskQueue,
    args: [file],
  });
}

const stalledMs = 300_000;

/** Says for each that its producers are switched, and waits until all wait for their groups and the histories are copied. */
async function untilSettled(
  { client, say }: Stage,
  fleet: readonly Behind[],
  copying: number,
): Promise<void> {
  const handle = client.workflow.getHandle(fleetId(fleetName));
  const said = new Set<string>();
  const names = new Set(fleet.map(({ name }) => name));
  let before = '';
  for (let deadline = Date.now() + stalledMs; ;) {
    // While all of them begin, the one worker has much to do, and a query may not be answered in time.
    const status = await handle.query<FleetStatus>(fleetStatusQuery).catch(() => undefined);
    if (!status && Date.now() < deadline) continue;
    if (!status) throw new LabError(`The fleet has not answered for ${stalledMs / 1000} s.`);
    const rows = status.waves.flatMap(({ migrations }) => migrations);
    const blocked = rows.find(({ state }) => state === 'blocked');
    if (blocked)
      throw new LabError(`${blocked.name} is blocked, so there is nothing to measure: ${blocked.says}`);
    const asked = rows.filter(
      ({ name, state, step }) =>
        names.has(name) && !said.has(name) && state === 'waiting' && step === 'producerSwitched',
    );
    await inParallel(asked, async ({ name }) => {
      said.add(name);
      await client.workflow.getHandle(workflowId(name)).signal('producerSwitched', { by: 'the benchmark' });
    });
    const drains = rows.filter(({ name, step }) => names.has(name) && step === 'drain').length;
    const copies = rows.filter((row) => row.copying === 'history').length;
    if (drains === fleet.length && copies === copying) return;
    const now = `${drains} of ${fleet.length} migrations wait, ${copies} of ${copying} copy, ${said.size} were asked`;
    if (now !== before) {
      deadline = Date.now() + stalledMs;
      say(`  ${now}`);
    }
    before = now;
    if (Date.now() > deadline)
      throw new LabError(`Nothing has come further for ${stalledMs / 1000} s: ${now}.`);
    await sleep(3_000);
  }
}

async function measure(
  { client, say }: Stage,
  worker: WorkerProcess,
  fleet: readonly Behind[],
): Promise<Pick<WholeFleet, 'rssMb' | 'cpuPercent' | 'eventsPerHour'>> {
  if (worker.pid === undefined) throw new LabError('The worker has ended: see its log.');
  say(`measuring the worker for ${windowSeconds} s`);
  const ids = [fleetId(fleetName), ...spread(fleet, 50).map(({ name }) => workflowId(name))];
  const lengths = () =>
    inParallel(ids, async (id) => (await client.workflow.getHandle(id).describe()).historyLength);
  const before = await lengths();
  const begun = Date.now();
  const [usage] = await usageOver(windowSeconds, [worker.pid]);
  const after = await lengths();
  const hours = (Date.now() - begun) / 3_600_000;
  const [own = 0, ...others] = after.map((length, at) => (length - (before[at] ?? 0)) / hours);
  return {
    ...shown(usage),
    eventsPerHour: { fleet: rounded(own, 1), migrationMax: rounded(Math.max(...others), 1) },
  };
}

/** What the worker says that it has asked of brokers meanwhile, a second. */
async function requestsOver(metricsAt: string, meanwhile: () => Promise<unknown>): Promise<number> {
  const sent = async () => {
    const text = await (await fetch(`http://${metricsAt}/metrics`)).text();
    const values = [...text.matchAll(/^ferry_kafka_requests_total\{.*\} (\S+)$/gm)].map(([, value]) =>
      Number(value),
    );
    if (values.length === 0) throw new LabError('The worker does not say what it asks of brokers.');
    return values.reduce((sum, value) => sum + value, 0);
  };
  const before = await sent();
  const began = performance.now();
  await meanwhile();
  return rounded(((await sent()) - before) / ((performance.now() - began) / 1000), 1);
}

function shown(usage: Usage | undefined): { rssMb: number; cpuPercent: number } {
  if (!usage) throw new LabError('The use of a process could not be read.');
  return { rssMb: rounded(usage.rssMb, 0), cpuPercent: rounded(usage.cpuPercent, 1) };
}

const built = fileURLToPath(new URL('../dist/app/cli/main.js', import.meta.url));

async function timeStatus({ lab }: Stage): Promise<number> {
  const seconds: number[] = [];
  for (let time = 0; time < 5; time += 1) {
    const began = performance.now();
    const child = spawn(process.execPath, [built, 'fleet', 'status', fleetName, '--json'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, FERRY_CONFIG: lab.ferryYaml },
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0 && code !== 3) throw new LabError(`ferry fleet status ended with ${code}.`);
    seconds.push((performance.now() - began) / 1000);
  }
  return rounded(median(seconds));
}

/** As many workflows as a person would write them, waiting for groups that do not come. */
async function measurePlain(
  { lab, client, say, onEnd }: Stage,
  waiting: readonly Behind[],
): Promise<WholeFleet['plain']> {
  const asFerry = lab.source.clients[FERRY];
  if (!asFerry) throw new LabError('The lab has no login for the ferry.');
  const taskQueue = 'bench-plain';
  const program = await Program.start(
    'plain-worker.ts',
    {
      connection: await connectionOf(lab.source.bootstrap, asFerry),
      temporal: { address: lab.temporal.address, namespace: lab.temporal.namespace },
      taskQueue,
    },
    'The worker of plain workflows',
  );
  onEnd(() => program.stop());
  say(`starting ${waiting.length} plain workflows`);
  await inParallel(waiting, ({ name, group, topic }) =>
    client.workflow.start('waitForGroup', {
      workflowId: `plain/${name}`,
      taskQueue,
      args: [{ group, topic: topic }, plainEveryMs],
    }),
  );
  await sleep(settleMs);
  const [first] = waiting;
  const handle = client.workflow.getHandle(`plain/${first?.name ?? ''}`);
  const before = (await handle.describe()).historyLength;
  const begun = Date.now();
  const [usage] = await usageOver(windowSeconds, [program.pid]);
  const events = (await handle.describe()).historyLength - before;
  return {
    ...shown(usage),
    eventsPerHour: rounded((events * 3_600_000) / (Date.now() - begun), 0),
    everySeconds: plainEveryMs / 1000,
  };
}

/** For a person. */
export function printWholeFleet(result: WholeFleet): string {
  const { migrations, copying, plain, goals: goal, eventsPerHour } = result;
  return [
    `${migrations} migrations of one fleet in one worker, ${copying} of them copying. Over ${result.windowSeconds} s:`,
    table(
      ['', 'ferry worker', 'goal', `plain workflows, every ${plain.everySeconds} s`],
      [
        ['CPU, % of one core', String(result.cpuPercent), String(goal.cpuPercent), String(plain.cpuPercent)],
        ['memory (RSS), MB', String(result.rssMb), String(goal.rssMb), String(plain.rssMb)],
        [
          'events an hour, of each',
          String(eventsPerHour.migrationMax),
          String(goal.eventsPerHour),
          String(plain.eventsPerHour),
        ],
      ],
    ),
    `Requests to brokers: ${result.brokerRequestsPerSecond.tenth} a second while a tenth of them waited, ${result.brokerRequestsPerSecond.all} while all did.`,
    `The fleet itself: ${eventsPerHour.fleet} events an hour. ferry fleet status takes ${result.statusSeconds} s (goal: under ${goal.statusSeconds} s).`,
    `A wait ends ${result.detectionMedianSeconds} s after the last commit (median of ${result.detections}; goal: under ${goal.detectionMedianSeconds} s), at most ${result.detectionMaxSeconds} s.`,
  ].join('\n');
}
