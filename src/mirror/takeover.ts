import { partitionKey, type Cluster, type Rows, type TopicFacts } from '../kafka/cluster.js';
import { DeliverableScan } from '../kafka/records/deliverable.js';
import { fetchStretch, type Stretch, type StretchOptions } from '../kafka/stretch.js';
import { FerryError } from '../migration/errors.js';
import { matchTail } from './tail-match.js';
import { readLog } from './log-reader.js';
import type { StoredPosition } from './map-codec.js';
import { mapPartition, mapTopic, readPositions, type MirrorPosition } from './map-topic.js';
import type { MirroredPartition, MirrorOptions, MirrorPlan } from './plan.js';
import { OffsetMap } from './offset-map.js';
import { asWritten, type MirroredIds } from './schema-ids.js';
import { lossOf, recreated } from './source-changes.js';

/** Where one partition goes on, all that earlier attempts did being known. */
export interface Start {
  readonly partition: MirroredPartition;
  /** Holds every record that is on the target. */
  readonly map: OffsetMap;
  /** Runs of it that are stored. */
  readonly storedRuns: number;
  /** Up to where a consumer could read the source when the attempt began. */
  readonly sourceEnd: number;
  /** Where the target's log ends, and with it the seal. */
  readonly targetEnd: number;
  readonly sourceEpoch: number;
  /** `max.message.bytes` of the target topic. */
  readonly largest: number;
}

/** One attempt: the epoch that holds the partitions, and where each goes on. */
export interface Begun {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly starts: readonly Start[];
  readonly topicIds: TopicIds;
}

/** By topic name on that cluster; `null` where a cluster gives none. */
export interface TopicIds {
  readonly source: ReadonlyMap<string, string | null>;
  readonly target: ReadonlyMap<string, string | null>;
}

/** How many partitions are compared at a time. */
const comparedAtOnce = 8;
/** Markers are small, and one record is enough. */
const bytesToBeginning = 64 * 1024;

export function transactionalIdOf({ migration, share }: MirrorPlan): string {
  return `kafka-ferry.${migration}.${share}`;
}

export function onTarget({ targetTopic, partition }: MirroredPartition) {
  return { topic: targetTopic, partition };
}

/**
 * Takes the partitions over: seals them against every earlier attempt, reads how far the map says that those came, and finds
 * in the target's log what they wrote beyond that.
 *
 * @throws FerryError `Conflict` when the target holds what the source cannot explain; `Changed` when a log is not the one it
 *   was, with the count of what is missing
 */
export async function takeOver(
  source: Cluster,
  target: Cluster,
  plan: MirrorPlan,
  { signal, ids, patienceMs }: Pick<MirrorOptions, 'signal' | 'ids' | 'patienceMs'>,
): Promise<Begun> {
  const { migration, partitions } = plan;
  const transactionalId = transactionalIdOf(plan);
  const topicIds = await topicIdsOf(source, target, plan);
  const sealed = await target.seal(
    transactionalId,
    [...partitions.map(onTarget), mapPartition(migration)],
    signal,
  );
  const [stored, edges, lossy, largest] = await Promise.all([
    readPositions(target, migration, partitions, patienceMs),
    source.watermarks(partitions),
    compacted(source, plan),
    largestBatches(target, plan),
  ]);
  const begins = await target.watermarks(
    partitions.filter((partition) => !stored.has(partitionKey(partition))).map(onTarget),
  );
  const starts: Start[] = [];
  for (let first = 0; first < partitions.length; first += comparedAtOnce)
    starts.push(
      ...(await Promise.all(
        partitions.slice(first, first + comparedAtOnce).map(async (partition) => {
          const key = partitionKey(partition);
          const edge = edges.get(key);
          if (!edge || edge.error) throw edge?.error ?? new Error(`no row for ${key}`);
          const targetEnd = Number(sealed.ends.get(partitionKey(onTarget(partition))));
          const common = {
            partition,
            sourceEnd: Number(edge.value.lastStable),
            targetEnd,
            largest: largest.get(partition.targetTopic) ?? smallestLimit,
          };
          const position = stored.get(key);
          if (!position) {
            const begin = begins.get(partitionKey(onTarget(partition)));
            if (!begin || begin.error) throw begin?.error ?? new Error(`no row for ${key}`);
            await insistOnBeginning(target, migration, partition, {
              from: begin.value.logStart,
              until: BigInt(targetEnd),
              patienceMs,
              signal,
            });
            const { logStart } = edge.value;
            const map = new OffsetMap(logStart, targetEnd);
            return { ...common, map, storedRuns: 0, sourceEpoch: -1 };
          }
          compareIds(source, partition.topic, position.stored.sourceTopicId, topicIds.source);
          compareIds(target, partition.targetTopic, position.stored.targetTopicId, topicIds.target);
          const caughtUp = await catchUp({
            source,
            target,
            partition,
            position,
            targetEnd,
            attempts: attemptsSince(position.stored, sealed),
            watermarks: edge.value,
            sourceLosesRecords: lossy.has(partition.topic),
            signal,
            ids,
            patienceMs,
          });
          return { ...common, ...caughtUp };
        }),
      )),
    );
  const { producerId, producerEpoch } = sealed;
  return { transactionalId, producerId, producerEpoch, starts, topicIds };
}

interface CatchUp {
  source: Cluster;
  target: Cluster;
  partition: MirroredPartition;
  position: MirrorPosition;
  targetEnd: number;
  attempts: number;
  watermarks: Parameters<typeof lossOf>[3];
  sourceLosesRecords: boolean;
  signal: AbortSignal;
  ids: MirroredIds | undefined;
  patienceMs: number | undefined;
}

/**
 * That nothing is stored is a beginning only where the target's log holds markers and nothing else. The mirror stores a
 * position before it writes its first record, so records there are of a mirror whose map is lost, or of somebody else.
 *
 * @throws FerryError `Conflict` when there is a record
 */
async function insistOnBeginning(
  target: Cluster,
  migration: string,
  partition: MirroredPartition,
  {
    from,
    until,
    ...options
  }: Pick<Stretch, 'from' | 'until'> & Pick<StretchOptions, 'patienceMs' | 'signal'>,
): Promise<void> {
  const scan = new DeliverableScan(from, 'read_uncommitted');
  // The last offset is that of the seal's own marker.
  for await (const fetched of fetchStretch(
    target,
    { ...onTarget(partition), from, until: until - 1n },
    { ...options, isolation: 'uncommitted', maxBytes: bytesToBeginning },
  )) {
    const seen = scan.feed(fetched);
    if (seen.kind === 'record')
      throw new FerryError(
        'Conflict',
        `Partition ${partitionKey(onTarget(partition))} of cluster "${target.name}" holds a record at offset ${seen.offset}, and the offset map of migration "${migration}" knows nothing of it: topic "${mapTopic(migration)}" was deleted or made anew, or somebody else has written there; empty topic "${partition.targetTopic}" and retry to have it copied anew, or abort.`,
      );
  }
}

/** Enters into the map what earlier attempts wrote behind the stored position. */
export async function catchUp(input: CatchUp): Promise<Pick<Start, 'map' | 'storedRuns' | 'sourceEpoch'>> {
  const { source, target, partition, position, targetEnd, attempts, watermarks, signal, patienceMs } = input;
  const { map, stored } = position;
  const storedRuns = map.runs;
  const logStart = Number(watermarks.logStart);
  const sourceEnd = Number(watermarks.highWatermark);
  const from = stored.sourceNext;
  if (sourceEnd < from) throw lossOf(source, partition, from, watermarks)!;
  const place = `partition ${partitionKey(onTarget(partition))} of cluster "${target.name}"`;
  if (targetEnd < stored.targetNext)
    throw new FerryError(
      'Changed',
      `The log of ${place} ends at offset ${targetEnd} and the mirror had written up to ${stored.targetNext}: records that were acknowledged are missing there, so the mirror has to start anew.`,
    );

  const markers = new Set<number>();
  const records = readLog(source, partition, Math.max(from, logStart), sourceEnd, {
    signal,
    patienceMs,
  });
  const aligned = await matchTail(
    input.ids ? asWritten(records, partition, input.ids) : records,
    readLog(target, onTarget(partition), stored.targetNext, targetEnd, { signal, patienceMs, markers }),
    {
      sourceLosesRecords: input.sourceLosesRecords || logStart > from,
      first: stored.targetNext,
      end: targetEnd,
      attempts,
      markers,
    },
  );
  if (aligned.stranger !== undefined)
    throw new FerryError(
      'Conflict',
      `Another writer appeared on ${place}: the record at offset ${aligned.stranger} is not the next one of the source (${partitionKey(partition)} from ${aligned.sourceNext ?? from}); stop that writer, remove what the mirror made and start it anew.`,
    );
  if (aligned.unproved !== undefined)
    throw new FerryError(
      'Changed',
      `What the mirror wrote to ${place} from offset ${aligned.unproved} on is gone, so it cannot see how far it came: keep records there longer (retention) and start the mirror anew.`,
    );
  const next = aligned.sourceNext ?? from;
  // What the target holds without a counterpart expired on the source after it was copied.
  const lost = logStart - next - (aligned.sourceNext === undefined ? aligned.orphans : 0);
  if (lost > 0)
    throw lossOf(source, partition, logStart - lost, watermarks) ?? new Error('the source begins later');
  for (const { source, target } of aligned.pairs) map.append(source, target, 1);
  map.advance(Math.max(next, logStart), targetEnd);
  const moved = aligned.pairs.length > 0 || logStart > from;
  return { map, storedRuns, sourceEpoch: moved ? -1 : stored.sourceEpoch };
}

/** Each has left one marker at most, since each has an epoch of its own; any number when the producer id is another. */
function attemptsSince(
  stored: StoredPosition,
  { producerId, producerEpoch }: { producerId: bigint; producerEpoch: number },
): number {
  return stored.producerId === producerId ? producerEpoch - stored.producerEpoch : Infinity;
}

export async function topicIdsOf(
  source: Cluster,
  target: Cluster,
  { partitions }: Pick<MirrorPlan, 'partitions'>,
): Promise<TopicIds> {
  const ids = (rows: Rows<string, TopicFacts>) =>
    new Map(
      [...rows].map(([name, row]): [string, string | null] => {
        if (row.error) throw row.error;
        return [name, row.value.topicId];
      }),
    );
  const [sourceRows, targetRows] = await Promise.all([
    source.topics([...new Set(partitions.map(({ topic }) => topic))]),
    target.topics([...new Set(partitions.map(({ targetTopic }) => targetTopic))]),
  ]);
  return { source: ids(sourceRows), target: ids(targetRows) };
}

/** @throws FerryError `Changed` when both ids are known and differ */
export function compareIds(
  cluster: Cluster,
  topic: string,
  then: string | null | undefined,
  now: ReadonlyMap<string, string | null>,
): void {
  const id = now.get(topic);
  if (then != null && id != null && then !== id) throw recreated(cluster, topic, then, id);
}

/** Kafka's default, should a target not say. */
const smallestLimit = 1_048_588;

/** `max.message.bytes` by target topic. */
async function largestBatches(target: Cluster, { partitions }: MirrorPlan): Promise<Map<string, number>> {
  const configs = await target.topicConfigs([...new Set(partitions.map(({ targetTopic }) => targetTopic))]);
  return new Map(
    [...configs].flatMap(([topic, row]) => {
      // What is too large nevertheless is refused then; what would fit and is cut costs a little space.
      if (row.error?.type === 'Unauthorized') return [];
      if (row.error) throw row.error;
      const limit = row.value.find(({ name }) => name === 'max.message.bytes')?.value;
      return limit == null ? [] : [[topic, Number(limit)] as const];
    }),
  );
}

/** Topics of the source from which compaction takes records. */
export async function compacted(
  source: Cluster,
  { partitions }: Pick<MirrorPlan, 'partitions'>,
): Promise<Set<string>> {
  const configs = await source.topicConfigs([...new Set(partitions.map(({ topic }) => topic))]);
  return new Set(
    [...configs].flatMap(([topic, row]) => {
      if (row.error) throw row.error;
      const policy = row.value.find(({ name }) => name === 'cleanup.policy')?.value;
      return policy?.includes('compact') ? [topic] : [];
    }),
  );
}
