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
import { countedActivities, type Counted, counting, together } from './counted.js';
import { untilAt } from './fleet.js';
import { eventsOfAllRuns, payloadBytes } from './history.js';
import { probeWithKafkajs } from './kafkajs-probe.js';
import { workHere } from './local-worker.js';
import { rounded, table } from './report.js';
import { onStage, type Say, type Stage } from './stage.js';
import { migrationOf, partitionsOf, partitionsPerTopic, settledEnds, type Wide, wide } from './wide.js';

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
  /** Of the workflow when it waits for its producers. */
  historyEvents: number;
  /** All its payloads. */
  historyBytes: number;
  largestEventBytes: number;
}

/**
 * How the work of one migration grows with its topics.
 * @throws LabError when something could not be measured.
 */
export async function scale(topics: readonly number[], say: Say): Promise<Scale> {
  return onStage(say, async (stage) => {
    const rows: ScaleRow[] = [];
    for (const amount of topics) rows.push(await measure(stage, wide(amount)));
    return { partitionsPerTopic, rows };
  });
}

async function measure(stage: Stage, it: Wide): Promise<ScaleRow> {
  const { lab, source, say } = stage;
  say(`making ${it.topics.length} topics of ${partitionsPerTopic} partitions`);
  const ends = await settledEnds(lab, source, it);
  say('  running the migration to its producers');
  const prepared = await prepare(stage, it);
  say('  probing the drain');
  const probes = await probe(stage, it, ends);
  const peer = await probeWithKafkajs(lab, it);
  return {
    topics: it.topics.length,
    groups: it.groups.length,
    ...prepared,
    ...probes,
    peer,
    ratio: rounded(peer.requests / probes.nextProbe.requests, 1),
  };
}

/** Runs the real workflow until it waits for its producers; its clusters are new to it. */
async function prepare(
  { lab, config, client }: Stage,
  it: Wide,
): Promise<
  Pick<ScaleRow, 'plan' | 'prepare' | 'attempts' | 'historyEvents' | 'historyBytes' | 'largestEventBytes'>
> {
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
      (activity, counted) => attempts.push({ activity, counted }),
    ),
  );
  try {
    const handle = await client.workflow.start('simplestCase', {
      workflowId: workflowId(it.name),
      taskQueue,
      args: [migrationOf(it)],
    });
    await untilAt(client, 'producerSwitched', 'waiting', [it]);
    const { events } = await eventsOfAllRuns(client, handle.workflowId, handle.firstExecutionRunId);
    await handle.terminate('measured');
    // The producers' step looks after the offsets again when it begins.
    const last = attempts.findLast(({ activity }) => activity === 'seedOffsets');
    const took = (activities: readonly (keyof Activities)[]) =>
      together(
        attempts.flatMap((attempt) =>
          attempt !== last && activities.some((name) => name === attempt.activity) ? [attempt.counted] : [],
        ),
      );
    const bytes = events.map(payloadBytes);
    return {
      plan: took(['checkPlan']),
      prepare: took(['createTopics', 'copyAcls', 'seedOffsets']),
      attempts: attempts.length - 1,
      historyEvents: events.length,
      historyBytes: bytes.reduce((all, of) => all + of, 0),
      largestEventBytes: Math.max(...bytes),
    };
  } finally {
    await stop();
    await clusters.close();
  }
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
        String(row.historyEvents),
        String(Math.round(row.historyBytes / 1000)),
        String(Math.round(row.largestEventBytes / 1000)),
      ]),
    ),
  ].join('\n');
}
