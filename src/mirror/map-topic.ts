import { setTimeout as sleep } from 'node:timers/promises';
import { partitionKey, type Cluster, type NewBatch, type TopicPartition } from '../kafka/cluster.js';
import { batchesIn } from '../kafka/records/batch.js';
import { encodeBatch, type NewRecord } from '../kafka/records/encode.js';
import type { ProducerStamp } from '../kafka/records/patch.js';
import { recordsIn } from '../kafka/records/records.js';
import { fetchStretch } from '../kafka/stretch.js';
import { TakenOver } from '../kafka/taken-over.js';
import { FerryError } from '../migration/errors.js';
import {
  chunkKey,
  decodeChunk,
  encodeChunk,
  parseChunkKey,
  runsPerChunk,
  type MapChunk,
  type StoredPosition,
} from './map-codec.js';
import { OffsetMap, type Run } from './offset-map.js';
import type { MirroredPartition } from './plan.js';
import type { Trouble } from './trouble.js';

/** Where a mirror keeps its offset map: one compacted topic on the target for a migration. */
export const mapTopic = (migration: string): string => `kafka-ferry.${migration}.map`;

/** The one partition of it, which every share of the mirror writes to, each under keys of its own. */
export const mapPartition = (migration: string): TopicPartition => ({
  topic: mapTopic(migration),
  partition: 0,
});

/** What the mirror has stored of one partition. */
export interface MirrorPosition {
  readonly map: OffsetMap;
  readonly sourceNext: bigint;
  readonly targetNext: bigint;
  /** As it was written last. */
  readonly stored: StoredPosition;
}

const mapConfig = {
  'cleanup.policy': 'compact',
  // A checkpoint a second adds up: the cleaner leaves the segment alone that is written to.
  'segment.bytes': String(16 * 1024 * 1024),
  'min.cleanable.dirty.ratio': '0.2',
};

/**
 * Makes the topic of the map unless it is there.
 *
 * @throws FerryError `Conflict` when there is a topic of that name that does not keep the latest record of each key
 */
export async function prepareMap(
  target: Cluster,
  migration: string,
): Promise<{ topicId: string | null; made: boolean }> {
  const name = mapTopic(migration);
  const { brokers } = await target.identity();
  const replicationFactor = Math.min(3, brokers.length);
  const created = (
    await target.createTopics([{ name, partitions: 1, replicationFactor, config: mapConfig }])
  ).get(name);
  if (created?.value) return { topicId: created.value.topicId, made: true };
  if (created?.error.type !== 'Conflict') throw created?.error ?? noRow(name);

  const [facts, configs] = await Promise.all([target.topics([name]), target.topicConfigs([name])]);
  const topic = facts.get(name);
  const config = configs.get(name);
  if (!topic || topic.error) throw topic?.error ?? noRow(name);
  // Where it is not shown the map is read with care all the same: records that were deleted from it are noticed (`emptied`).
  if (config?.error?.type === 'Unauthorized') return { topicId: topic.value.topicId, made: false };
  if (!config || config.error) throw config?.error ?? noRow(name);
  const policy = config.value.find((entry) => entry.name === 'cleanup.policy')?.value;
  if (policy !== 'compact')
    throw new FerryError(
      'Conflict',
      `Topic "${name}" on cluster "${target.name}" is there with cleanup.policy=${policy}, so it cannot hold an offset map: delete it, or name the migration otherwise.`,
    );
  return { topicId: topic.value.topicId, made: false };
}

/**
 * What the mirror has stored on the target, by `partitionKey` of the source partition; nothing of one that it has not begun.
 * The topic is read to its end, or this throws: a part of it would be an earlier position, or none.
 *
 * @param partitions only these
 * @throws FerryError `Conflict` when the topic holds what no mirror wrote, or records were deleted from it; `Unreachable` when
 *   it was not given
 */
export async function readPositions(
  target: Cluster,
  migration: string,
  partitions?: readonly MirroredPartition[],
  patienceMs?: number,
): Promise<Map<string, MirrorPosition>> {
  const wanted = partitions && new Set(partitions.map(partitionKey));
  const latest = new Map<string, Map<number, Buffer>>();
  for await (const { key, value } of everything(target, migration, patienceMs)) {
    const parsed = parseChunkKey(key);
    if (!parsed) throw damaged(target, migration, key);
    if (wanted && !wanted.has(parsed.partition)) continue;
    const chunks = latest.get(parsed.partition);
    if (chunks) chunks.set(parsed.chunk, value);
    else latest.set(parsed.partition, new Map([[parsed.chunk, value]]));
  }
  return new Map(
    [...latest].map(([partition, chunks]): [string, MirrorPosition] => {
      const inOrder = Array.from({ length: chunks.size }, (_, i) => {
        const bytes = chunks.get(i);
        if (!bytes) throw damaged(target, migration, chunkKey(partition, i));
        return decodeChunk(bytes);
      });
      try {
        return [partition, positionOf(inOrder)];
      } catch (cause) {
        throw damaged(target, migration, partition, cause);
      }
    }),
  );
}

/** Deletes the topic, by its id; gone already counts. */
export async function removeMap(target: Cluster, migration: string): Promise<void> {
  const name = mapTopic(migration);
  const topic = (await target.topics([name])).get(name);
  if (topic?.error?.type === 'NotFound') return;
  if (!topic || topic.error) throw topic?.error ?? noRow(name);
  const deleted = (await target.deleteTopics([{ name, topicId: topic.value.topicId }])).get(name);
  if (deleted?.error && deleted.error.type !== 'NotFound') throw deleted.error;
}

function positionOf(chunks: readonly MapChunk[]): MirrorPosition {
  const map = new OffsetMap();
  for (const { runs } of chunks) for (const run of runs) map.append(run.source, run.target, run.length);
  const { position } = chunks.at(-1)!;
  map.advance(position.sourceNext, position.targetNext);
  return { map, sourceNext: map.sourceNext, targetNext: map.targetNext, stored: position };
}

/** Every record of the topic up to where it ends now, in order. */
async function* everything(
  target: Cluster,
  migration: string,
  patienceMs: number | undefined,
): AsyncGenerator<{ key: string; value: Buffer }> {
  const partition = mapPartition(migration);
  const edges = (await target.watermarks([partition])).get(partitionKey(partition));
  if (!edges || edges.error) throw edges?.error ?? noRow(partition.topic);
  const { logStart: from, highWatermark: until } = edges.value;
  // Compaction alone never moves the beginning of a log.
  if (from > 0n) throw emptied(target, migration, from);
  for await (const { batches, place } of fetchStretch(
    target,
    { ...partition, from, until },
    { isolation: 'uncommitted', maxBytes: 8 * 1024 * 1024, patienceMs },
  ))
    for (const batch of batchesIn(batches, place)) {
      if (batch.kind === 'legacy' || batch.control) continue;
      for (const record of recordsIn(batch))
        if (record.key && record.value) yield { key: record.key.toString(), value: record.value };
    }
}

/** What is written of one partition at a checkpoint. */
export interface Checkpoint {
  readonly partition: MirroredPartition;
  readonly map: OffsetMap;
  readonly position: StoredPosition;
}

/**
 * Writes checkpoints, one request at a time. A chunk that is full says that the mirror is where its runs end, so a
 * checkpoint that is stored in part is an earlier position, never a wrong one. The records carry the attempt's own
 * producer id and epoch: the seal covers this topic too, so an older attempt cannot put back an older position.
 */
export class MapWriter {
  private sequence = 0;
  private readonly firstOpenChunk = new Map<string, number>();

  constructor(
    private readonly target: Cluster,
    private readonly migration: string,
    private readonly lane: string,
    private readonly transactionalId: string,
    private readonly producer: Omit<ProducerStamp, 'baseSequence'>,
    private readonly trouble: Trouble,
    private readonly batchBytes = 512 * 1024,
  ) {}

  /** What is stored of a partition already is not written again, but for the chunk that is not full. */
  begin(partition: TopicPartition, storedRuns: number): void {
    this.firstOpenChunk.set(partitionKey(partition), lastChunk(storedRuns));
  }

  async write(checkpoints: readonly Checkpoint[]): Promise<void> {
    let records: NewRecord[] = [];
    let bytes = 0;
    const timestamp = BigInt(Date.now());
    const open: [string, number][] = [];
    for (const { partition, map, position } of checkpoints) {
      const key = partitionKey(partition);
      const last = lastChunk(map.runs);
      for (let chunk = this.firstOpenChunk.get(key) ?? 0; chunk <= last; chunk++) {
        const runs = runsOf(map, chunk);
        const value = encodeChunk({ position: chunk === last ? position : endOf(runs, position), runs });
        if (records.length > 0 && bytes + value.length > this.batchBytes) {
          await this.send(records);
          records = [];
          bytes = 0;
        }
        records.push({ timestamp, key: Buffer.from(chunkKey(key, chunk)), value, headers: [] });
        bytes += value.length + recordOverhead;
      }
      open.push([key, last]);
    }
    if (records.length > 0) await this.send(records);
    for (const [key, last] of open) this.firstOpenChunk.set(key, last);
  }

  private async send(records: readonly NewRecord[]): Promise<void> {
    const bytes = encodeBatch(records, { ...this.producer, baseSequence: this.sequence });
    const batch: NewBatch = { ...mapPartition(this.migration), parts: [bytes] };
    const deadline = Date.now() + this.trouble.patienceMs;
    for (;;) {
      const outcome = await this.target.produce(this.lane, batch);
      switch (outcome.kind) {
        case 'written':
        case 'duplicate':
          this.trouble.over(batch);
          this.sequence = (this.sequence + records.length) % 2 ** 31;
          return;
        case 'fenced':
          throw new TakenOver(this.target.name, this.transactionalId);
        case 'refused':
          throw outcome.error;
        case 'out-of-sequence':
          throw new FerryError(
            'Changed',
            `The offset map of migration "${this.migration}" on cluster "${this.target.name}" has lost records that were acknowledged: check topic "${mapTopic(this.migration)}" and its replicas.`,
          );
        case 'again':
          this.trouble.with(batch, outcome.error);
          if (Date.now() > deadline) throw this.trouble.inVain(outcome.error);
      }
      await sleep(250);
    }
  }
}

/** The longest key, and what is around key and value in a record. */
const recordOverhead = 300;

const lastChunk = (runs: number) => Math.max(0, Math.ceil(runs / runsPerChunk) - 1);

/** Where the mirror was when it had written these runs. */
function endOf(runs: readonly Run[], position: StoredPosition): StoredPosition {
  const { source, target, length } = runs.at(-1)!;
  return { ...position, sourceNext: source + length, targetNext: target + length, sourceEpoch: -1 };
}

function runsOf(map: OffsetMap, chunk: number) {
  const first = chunk * runsPerChunk;
  const size = Math.max(0, Math.min(runsPerChunk, map.runs - first));
  return Array.from({ length: size }, (_, i) => map.run(first + i));
}

function damaged(target: Cluster, migration: string, key: string, cause?: unknown): FerryError {
  return new FerryError(
    'Conflict',
    `The offset map of migration "${migration}" on cluster "${target.name}" is not whole (at "${key}"): something else has written to its topic or removed records; remove the mirror and start it anew.`,
    { cause },
  );
}

function emptied(target: Cluster, migration: string, from: bigint): FerryError {
  return new FerryError(
    'Conflict',
    `The offset map of migration "${migration}" on cluster "${target.name}" begins at offset ${from}: somebody has deleted records from topic "${mapTopic(migration)}", so nothing shows how far the mirror came; abort the migration and start it anew.`,
  );
}

function noRow(topic: string): FerryError {
  return new FerryError('Unexpected', `No answer came for topic "${topic}": report it.`);
}
