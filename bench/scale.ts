import type { Client, WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { DrainProbe } from '../activities/drain/drain-probe.js';
import { readersOf } from '../activities/drain/drain-findings.js';
import { createActivities } from '../activities/index.js';
import { LabError } from '../lab/lab.js';
import { openClusters } from '../app/connections/clusters.js';
import { listMigrations } from '../app/connections/listing.js';
import { parseMigration } from '../src/migration/file.js';
import { workflowId } from '../src/migration/messages.js';
import type { SourceOffsets } from '../src/migration/offsets.js';
import type { Activities } from '../src/migration/work/activities.js';
import { openHolds } from '../app/connections/holds.js';
import { openRegistries } from '../app/connections/registries.js';
import { chunks } from '../src/kafka/link/patience.js';
import type { Outcome } from '../src/migration/state.js';
import { countedActivities, type Counted, counting, together } from './counted.js';
import { untilAt } from './fleet.js';
import { eventsOfAllRuns, kindOf, payloadBytes } from './history.js';
import { probeWithKafkajs } from './kafkajs-probe.js';
import { workHere } from './local-worker.js';
import { rounded, table } from './report.js';
import { onStage, type Say, type Stage } from './stage.js';
import {
  commitEnds,
  migrationOf,
  partitionsOf,
  partitionsPerTopic,
  settledEnds,
  type Wide,
  wide,
} from './wide.js';

interface Scale {
  partitionsPerTopic: number;
  rows: ScaleRow[];
}

export interface ScaleRow {
  topics: number;
  groups: number;
  plan: Counted;
  /** Topics, ACLs and starting offsets. */
  prepare: Counted;
  /** Of the four activities that plan and prepare: more than four when some had to be tried again. */
  attempts: number;
  /** The first look at a drain, with all that has to be found out about the cluster, and the one after it. */
  probe: Counted;
  nextProbe: Counted;
  /** The same question asked with kafkajs, by a client that knows the cluster. */
  peer: Counted;
  /** The peer's requests divided by those of `nextProbe`. */
  ratio: number;
  /** Of the whole migration, through all its runs. */
  runs: number;
  historyEvents: number;
  /** All its payloads. */
  historyBytes: number;
  largestEventBytes: number;
  largestEvent: string;
}

/** Temporal suggests a new run this early, so that everything is carried several times on the way. */
const newRunAfter = 400;

/**
 * How the work of one migration grows with its topics.
 * @throws LabError when something could not be measured.
 */
export async function scale(topics: readonly number[], groups: number, say: Say): Promise<Scale> {
  return onStage(
    say,
    async (stage) => {
      const rows: ScaleRow[] = [];
      for (const amount of topics) rows.push(await measure(stage, wide(amount, groups)));
      return { partitionsPerTopic, rows };
    },
    { name: 'bench', newRunAfter },
  );
}

async function measure(stage: Stage, it: Wide): Promise<ScaleRow> {
  const { lab, source, say } = stage;
  say(`making ${it.topics.length} topics of ${partitionsPerTopic} partitions`);
  const ends = await settledEnds(lab, source, it);
  return runs(stage, it, async (prepared, migration) => {
    say('  probing the drain');
    const probes = await probe(stage, it, ends);
    const peer = await probeWithKafkajs(lab, it);
    say('  running the migration to its end');
    for (const { group } of it.groups) await commitEnds(source, it, ends, { group, left: 0n });
    await toTheEnd(stage, it, migration);
    return {
      topics: it.topics.length,
      groups: it.groups.length,
      ...prepared,
      ...probes,
      peer,
      ratio: rounded(peer.requests / probes.nextProbe.requests, 1),
      ...(await historyOf(stage.client, migration)),
    };
  });
}

/** Runs the real workflow until it waits for its producers, and then what is given; its clusters are new to it. */
async function runs<T>(
  { lab, config, client, say }: Stage,
  it: Wide,
  then: (
    prepared: Pick<ScaleRow, 'plan' | 'prepare' | 'attempts'>,
    migration: WorkflowHandleWithFirstExecutionRunId,
  ) => Promise<T>,
): Promise<T> {
  say('  running the migration to its producers');
  const clusters = openClusters(config.clusters);
  const attempts: { activity: string; counted: Counted }[] = [];
  const taskQueue = `bench-${it.name}`;
  const stop = await workHere(
    lab,
    taskQueue,
    countedActivities(
      createActivities({
        clusters: (name) => clusters.get(name),
        registries: openRegistries({}).get,
        holds: openHolds(client, taskQueue),
        otherMigrations: () => listMigrations(client, { running: true }),
      }),
      [clusters.get('source'), clusters.get('target')],
      (activity, counted) => {
        say(`    ${activity}: ${counted.requests} requests in ${counted.seconds} s`);
        attempts.push({ activity, counted });
      },
    ),
  );
  try {
    const handle = await client.workflow.start('simplestCase', {
      workflowId: workflowId(it.name),
      taskQueue,
      args: [migrationOf(it)],
    });
    await untilAt(client, 'producerSwitched', 'waiting', [it]);
    const preparing = attempts.filter(({ activity }) =>
      ['checkPlan', 'createTopics', 'copyAcls', 'seedOffsets'].includes(activity),
    );
    // The producers' step looks after the offsets again when it begins.
    const last = preparing.findLast(({ activity }) => activity === 'seedOffsets');
    const took = (activities: readonly (keyof Activities)[]) =>
      together(
        preparing.flatMap((attempt) =>
          attempt !== last && activities.some((name) => name === attempt.activity) ? [attempt.counted] : [],
        ),
      );
    return await then(
      {
        plan: took(['checkPlan']),
        prepare: took(['createTopics', 'copyAcls', 'seedOffsets']),
        attempts: preparing.length - 1,
      },
      handle,
    );
  } finally {
    await stop();
    await clusters.close();
  }
}

/** Says what people say: all have moved, and each topic may be deleted. */
async function toTheEnd({ client, say }: Stage, it: Wide, migration: WorkflowHandle): Promise<void> {
  const by = 'the benchmark';
  await migration.signal('producerSwitched', { by });
  // Nobody reads on the target here, so what they say cannot be measured.
  await migration.signal('consumerSwitched', { by, name: '*', override: { reason: 'nobody reads' } });
  await untilAt(client, 'deletionApproved', 'waiting', [it]);
  say('    everything is drained');
  for (const topics of chunks(it.topics, 50))
    await Promise.all(topics.map((topic) => migration.signal('deletionApproved', { by, topic })));
  const outcome = (await migration.result()) as Outcome;
  if (outcome.result !== 'done') throw new LabError(`${it.name} ended otherwise: ${outcome.sentence}`);
}

/** Of the whole migration, through all its runs. */
async function historyOf(
  client: Client,
  { workflowId, firstExecutionRunId }: WorkflowHandleWithFirstExecutionRunId,
): Promise<Pick<ScaleRow, 'runs' | 'historyEvents' | 'historyBytes' | 'largestEventBytes' | 'largestEvent'>> {
  const { events, runs } = await eventsOfAllRuns(client, workflowId, firstExecutionRunId);
  const bytes = events.map(payloadBytes);
  const largest = Math.max(...bytes);
  return {
    runs,
    historyEvents: events.length,
    historyBytes: bytes.reduce((all, of) => all + of, 0),
    largestEventBytes: largest,
    largestEvent: kindOf(events[bytes.indexOf(largest)]),
  };
}

/** Looks twice at the drain, with a client that has not asked for anything before. */
async function probe(
  { config }: Stage,
  it: Wide,
  ends: SourceOffsets,
): Promise<Pick<ScaleRow, 'probe' | 'nextProbe'>> {
  const { migration } = parseMigration(migrationOf(it));
  if (!migration) throw new LabError(`${it.name} is no migration.`);
  const clusters = openClusters(config.clusters);
  try {
    const source = clusters.get('source');
    const drain = new DrainProbe(source, {
      readers: readersOf(migration),
      topics: it.topics,
      to: ends,
      frozen: true,
    });
    const looks: Counted[] = [];
    const look = () =>
      counting(
        [source],
        () => drain.look(),
        (counted) => looks.push(counted),
      );
    await look();
    const lagging = (await look()).groups.flatMap(({ partitions }) =>
      partitions.filter(({ verdict }) => verdict.verdict === 'lagging'),
    );
    if (lagging.length !== partitionsOf(it).length)
      throw new LabError(
        `One group is behind on ${partitionsOf(it).length} partitions, and the probe found ${lagging.length}: it cannot be counted.`,
      );
    const [probe, nextProbe] = looks;
    if (!probe || !nextProbe) throw new LabError('The probes were not counted.');
    return { probe, nextProbe };
  } finally {
    await clusters.close();
  }
}

/** For a person. */
export function printScale({ partitionsPerTopic, rows }: Scale): string {
  const measured = (phase: { requests: number; seconds: number }) =>
    `${phase.requests} in ${phase.seconds} s`;
  return [
    `One migration of topics with ${partitionsPerTopic} partitions, ${rows[0]?.groups ?? 0} groups. Requests, and how long they took together:`,
    table(
      [
        'topics',
        'plan',
        'prepare',
        'drain probe',
        'the next',
        'kafkajs, a probe',
        'ratio',
        'runs',
        'events',
        'history, KB',
        'largest, KB',
      ],
      rows.map((row) => [
        String(row.topics),
        measured(row.plan),
        measured(row.prepare),
        measured(row.probe),
        measured(row.nextProbe),
        measured(row.peer),
        String(row.ratio),
        String(row.runs),
        String(row.historyEvents),
        String(Math.round(row.historyBytes / 1000)),
        String(Math.round(row.largestEventBytes / 1000)),
      ]),
    ),
  ].join('\n');
}
