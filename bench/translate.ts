import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../lab/lab.js';
import { type Cluster, partitionKey, type TopicPartition } from '../src/kafka/cluster.js';
import { prepareMap, readPositions } from '../src/mirror/map-topic.js';
import { runMirror } from '../src/mirror/mirror.js';
import { createTopic, fill, targetConfig } from './mirror/fill.js';
import { contentOf } from './mirror/log-content.js';
import { copyOf, startMirrorMaker } from './mirror/mirrormaker.js';
import { randomBelow } from './mirror/records.js';
import { type Shape, sourceTopic } from './mirror/topics.js';
import { rounded, table } from './report.js';
import { onStage, type Say, type Stage } from './stage.js';
import { commitAnywhere, type Offsets, readCommitted } from './translate/committed.js';
import { judge, recordOffsetsOf, type Score } from './translate/truth.js';

interface Translate {
  /** Of MirrorMaker, as by default. */
  offsetLagMax: number;
  /** Between two checkpoints of MirrorMaker, and between two commits of what it has translated, in seconds. */
  intervalSeconds: number;
  rows: TranslateRow[];
}

export interface TranslateRow extends Score {
  engine: 'ferry' | 'mirrormaker';
  /** From the last commit on the source until every group has on the target what it is ever given there. */
  seconds: number;
}

const small = { recordBytes: 100, codec: 'none', share: 1 } as const;
/** 50 partitions, so that 200 groups make 10,000. */
const shapes: readonly Shape[] = [
  { ...small, name: 'plain', kind: 'plain', partitions: 20, recordsPerBatch: 50 },
  { ...small, name: 'transactional', kind: 'transactional', partitions: 20, recordsPerBatch: 5 },
  { ...small, name: 'compacted', kind: 'compacted', partitions: 10, recordsPerBatch: 50 },
];
const recordsPerPartition = 3_000;

export const partitionsPerGroup = shapes.reduce((sum, { partitions }) => sum + partitions, 0);

const offsetLagMax = 100;
const intervalSeconds = 5;

/** What an engine calls the copy of a topic. */
const aliases = { mirrormaker: 'mm', ferry: 'ferry' } as const;
type Engine = keyof typeof aliases;

/**
 * How exact offsets are after both engines have mirrored the same topics, and groups have committed anywhere in them.
 * @throws LabError when something could not be measured.
 */
export async function translate(groupPartitions: number, say: Say): Promise<Translate> {
  return onStage(
    say,
    async (stage) => {
      const groups = Array.from(
        { length: Math.ceil(groupPartitions / partitionsPerGroup) },
        (_, index) => `bench-group-${index + 1}`,
      );
      say(`writing ${shapes.length} topics of ${partitionsPerGroup} partitions to the source`);
      const records = await fillAll(stage);
      const topics = shapes.map(sourceTopic);
      for (const engine of ['mirrormaker', 'ferry'] as const)
        for (const shape of shapes)
          await createTopic(stage.target, copyOf(aliases[engine], sourceTopic(shape)), shape.partitions, {
            ...targetConfig(shape),
          });

      say('mirroring them with MirrorMaker');
      const mirrorMaker = await startMirrorMaker(stage.lab, {
        alias: aliases.mirrormaker,
        topics,
        codec: 'none',
        settings: checkpointSettings,
      });
      stage.onEnd(() => mirrorMaker.stop());
      await untilMirrored(stage, 'mirrormaker', records);
      say('mirroring them with the ferry');
      await mirrorWithFerry(stage, records);

      say(`committing offsets of ${groups.length} groups on the source`);
      await commitAnywhere(stage.source, groups, partitionsOf(topics), randomBelow);
      const committedAt = performance.now();
      say('waiting for what MirrorMaker translates');
      const byMirrorMaker = await untilSettled(stage.target, groups, copies('mirrormaker'));
      await mirrorMaker.stop();
      say('translating with the ferry');
      const begun = performance.now();
      await translateWithFerry(stage, groups);
      const ferrySeconds = (performance.now() - begun) / 1000;

      say('comparing with the logs');
      const commits = await readCommitted(stage.source, groups, partitionsOf(topics));
      const source = await recordOffsetsOf(stage.source, partitionsOf(topics));
      const row = async (engine: Engine, seconds: number): Promise<TranslateRow> => ({
        engine,
        ...judge(
          commits,
          await readCommitted(stage.target, groups, copies(engine)),
          source,
          await recordOffsetsOf(stage.target, copies(engine)),
          (partition) => copyOf(aliases[engine], partition),
        ),
        seconds: rounded(seconds),
      });
      return {
        offsetLagMax,
        intervalSeconds,
        rows: [
          await row('ferry', ferrySeconds),
          await row('mirrormaker', (byMirrorMaker.changedAt - committedAt) / 1000),
        ],
      };
    },
    { name: 'bench-translate', jvm: 'fast' },
  );
}

const checkpointSettings = {
  'offset.lag.max': offsetLagMax,
  groups: 'bench-group-.*',
  'refresh.groups.interval.seconds': intervalSeconds,
  'emit.checkpoints.interval.seconds': intervalSeconds,
  'sync.group.offsets.enabled': true,
  'sync.group.offsets.interval.seconds': intervalSeconds,
  // What is not translated at once is told when the offsets of the connector are stored.
  'offset.flush.interval.ms': intervalSeconds * 1000,
};

function partitionsOf(topics: readonly string[]): TopicPartition[] {
  return topics.flatMap((topic, index) =>
    Array.from({ length: shapes[index]?.partitions ?? 0 }, (_, partition) => ({ topic, partition })),
  );
}

const copies = (engine: Engine) =>
  partitionsOf(shapes.map((shape) => copyOf(aliases[engine], sourceTopic(shape))));

/** @returns how many records each topic has. */
async function fillAll(stage: Stage): Promise<number[]> {
  const records: number[] = [];
  for (const shape of shapes) {
    // Half of a compacted topic goes.
    const written = recordsPerPartition * (shape.kind === 'compacted' ? 2 : 1) * shape.partitions;
    records.push((await fill(stage, shape, written * shape.recordBytes)).records);
  }
  return records;
}

const mirroredWithinMs = 180_000;

async function untilMirrored({ target }: Stage, engine: Engine, records: readonly number[]): Promise<void> {
  const deadline = Date.now() + mirroredWithinMs;
  for (const [index, shape] of shapes.entries())
    for (const copy = copyOf(aliases[engine], sourceTopic(shape)); ;) {
      const content = await contentOf(target, copy, shape.partitions);
      if (content.records === records[index]) break;
      if (Date.now() > deadline)
        throw new LabError(
          `${copy} has ${content.records} records, and the source has ${records[index] ?? 0}.`,
        );
      await sleep(1000);
    }
}

const settledMs = 4 * intervalSeconds * 1000;
const nothingWithinMs = 120_000;

/** MirrorMaker does not say when it is done: when nothing has changed for four intervals. */
async function untilSettled(
  target: Cluster,
  groups: readonly string[],
  partitions: readonly TopicPartition[],
): Promise<{ changedAt: number }> {
  const begun = performance.now();
  let changedAt = begun;
  let before = '';
  for (;;) {
    const now = asText(await readCommitted(target, groups, partitions));
    if (now !== before) changedAt = performance.now();
    before = now;
    const quietMs = performance.now() - changedAt;
    if (quietMs > (now === '' ? nothingWithinMs : settledMs)) return { changedAt };
    await sleep(500);
  }
}

const asText = (offsets: Offsets) =>
  [...offsets]
    .flatMap(([group, of]) => [...of].map(([key, offset]) => `${group} ${key} ${offset}\n`))
    .join('');

const migration = 'bench-translate';

async function mirrorWithFerry(stage: Stage, records: readonly number[]): Promise<void> {
  const { source, target } = stage;
  await prepareMap(target, migration);
  const partitions = partitionsOf(shapes.map(sourceTopic)).map((at) => ({
    ...at,
    targetTopic: copyOf(aliases.ferry, at.topic),
  }));
  const ends = await source.watermarks(partitions);
  const end = new AbortController();
  let atEnd = () => {};
  const caughtUp = new Promise<void>((resolve) => (atEnd = resolve));
  const mirroring = runMirror(
    source,
    target,
    { migration, share: 0, partitions },
    {
      signal: end.signal,
      progress: ({ partitions }) => {
        const behind = partitions.some(
          (at) => at.sourceNext < (ends.get(partitionKey(at))?.value?.lastStable ?? 0n),
        );
        if (!behind) atEnd();
      },
    },
  );
  await Promise.race([caughtUp, mirroring]);
  end.abort();
  await mirroring;
  await untilMirrored(stage, 'ferry', records);
}

/** As the strategies do: what the groups have committed, by the map that is on the target, committed there. */
async function translateWithFerry({ source, target }: Stage, groups: readonly string[]): Promise<void> {
  const partitions = partitionsOf(shapes.map(sourceTopic));
  const [commits, positions] = await Promise.all([
    readCommitted(source, groups, partitions),
    readPositions(target, migration),
  ]);
  for (const [group, offsets] of commits) {
    const translated = partitions.flatMap(({ topic, partition }) => {
      const key = partitionKey({ topic, partition });
      const committed = offsets.get(key);
      const offset = committed === undefined ? undefined : positions.get(key)?.map.translate(committed);
      return offset === undefined ? [] : [{ topic: copyOf(aliases.ferry, topic), partition, offset }];
    });
    for (const { error } of (await target.commitOffsets(group, translated)).values()) if (error) throw error;
  }
}

/** For a person. */
export function printTranslate({ offsetLagMax, intervalSeconds, rows }: Translate): string {
  return [
    `MirrorMaker with offset.lag.max ${offsetLagMax}; it translates and commits every ${intervalSeconds} s.`,
    table(
      ['', 'group-partitions', 'exact', 'behind', 'at most by', 'ahead', 'untranslated', 'seconds'],
      rows.map((row) => [
        row.engine,
        ...[row.groupPartitions, row.exact, row.behind, row.maxBehind, row.ahead, row.untranslated].map(
          String,
        ),
        String(row.seconds),
      ]),
    ),
  ].join('\n');
}
