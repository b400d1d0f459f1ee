import { setTimeout as sleep } from 'node:timers/promises';
import { partitionKey, type Cluster, type TopicFacts } from '../kafka/cluster.js';
import { TakenOver } from '../kafka/taken-over.js';
import { under } from '../migration/by-name.js';
import { isFerryError } from '../migration/errors.js';
import { insistOnCopies } from './copies.js';
import { repartitioned } from './source-changes.js';
import { compareIds, onTarget, takeOver, type Begun } from './takeover.js';
import { Room, type Flow } from './intake.js';
import { Intakes } from './intakes.js';
import { MapWriter, type Checkpoint } from './map-topic.js';
import { TargetWriter, type WriterEpoch } from './target-writer.js';
import type { MirrorOptions, MirrorPlan } from './plan.js';
import { SourceQueue } from './source-queue.js';
import { Throttle } from './throttle.js';
import { Trouble } from './trouble.js';

const checkpointMs = 1_000;
/** Between looks at both clusters for what should not happen: another writer, a topic that was made anew. */
const watchMs = 3_000;
const defaultMemory = 64 * 1024 * 1024;
/** For answers to what is under way when the mirror is told to stop; the next attempt finds out about the rest. */
const farewellMs = 20_000;

let attempts = 0;

/**
 * Copies every record that a `read_committed` consumer of the source would be given to the same partition of the target,
 * once and in order, until `signal` comes: then what is under way is awaited, progress is stored, and it returns. It goes on
 * where an earlier attempt ended, however that ended; `docs/decisions/mirror.md` says why that is exact. The map topic
 * (`prepareMap`) and the target topics must be there.
 *
 * A cluster that does not answer is waited for, two minutes, and a partition that is not given although its log goes on for
 * `options.patienceMs`. Memory beyond `options.memory`: the offset map.
 *
 * @throws TakenOver (a FerryError of type `Changed`) when a newer attempt has begun: nothing is wrong, and trying again would
 *   take the partitions from that one
 * @throws FerryError for what a person must mend: `Conflict` when somebody else writes to a mirrored partition, `Changed`
 *   when a log is not the one it was (expired, truncated, re-created) with the count of what is missing, `Unauthorized`,
 *   `Refused`; `Unreachable` when waiting was in vain
 */
export async function runMirror(
  source: Cluster,
  target: Cluster,
  plan: MirrorPlan,
  options: MirrorOptions,
): Promise<void> {
  if (options.signal.aborted || plan.partitions.length === 0) return;
  const lane = `${plan.migration}/${plan.share}/${attempts++}`;
  const trouble = new Trouble(options);
  let begun: Begun;
  try {
    begun = await patiently(options.signal, trouble, () => takeOver(source, target, plan, options));
  } catch (error) {
    if (options.signal.aborted) return;
    throw error;
  }
  try {
    await new Copying(source, target, plan, options, lane, begun, trouble).run();
  } finally {
    await Promise.all([source.closeMirror(lane), target.closeMirror(lane)]);
  }
}

const beginning = 'the beginning';

/** Asks again while a cluster does not answer. */
async function patiently<T>(signal: AbortSignal, trouble: Trouble, ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + trouble.patienceMs;
  for (;;)
    try {
      const answer = await ask();
      trouble.over(beginning);
      return answer;
    } catch (error) {
      const passes = isFerryError(error) && error.type === 'Unreachable' && !error.lasting;
      if (!passes) throw error;
      trouble.with(beginning, error);
      if (Date.now() > deadline) throw trouble.inVain(error);
      await sleep(500, undefined, { signal });
    }
}

/** One attempt, from the moment when the partitions are its own. */
class Copying {
  private readonly flows: Flow[];
  private readonly room: Room;
  private readonly mapWriter: MapWriter;
  private readonly counts = { records: 0n, bytes: 0n, whole: 0n, anew: 0n };
  /** Comes when the caller's signal does, or something has failed. */
  private readonly ending = new AbortController();
  private failure: { error: unknown } | undefined;
  /** What was stored last, to write only what has moved. */
  private readonly storedAt = new Map<Flow, string>();

  constructor(
    private readonly source: Cluster,
    private readonly target: Cluster,
    private readonly plan: MirrorPlan,
    private readonly options: MirrorOptions,
    private readonly lane: string,
    private readonly begun: Begun,
    private readonly trouble: Trouble,
  ) {
    const { transactionalId, producerId, producerEpoch, starts } = begun;
    const epoch: WriterEpoch = {
      target,
      lane,
      transactionalId,
      producerId,
      producerEpoch,
      counts: this.counts,
      moved: () => this.room.changed(),
      trouble,
      fail: (error) => this.fail(error),
      ending: this.ending.signal,
      ids: options.ids,
    };
    this.flows = starts.map(({ partition, map, sourceEnd, targetEnd, sourceEpoch, largest }) => {
      const queue = new SourceQueue(Number(map.sourceNext), sourceEpoch, undefined, sourceEnd);
      return {
        partition,
        writer: new TargetWriter(epoch, onTarget(partition), queue, map, targetEnd, largest, partition),
      };
    });
    this.room = new Room(options.memory ?? defaultMemory, this.flows);
    const producer = { producerId, producerEpoch };
    this.mapWriter = new MapWriter(target, plan.migration, lane, transactionalId, producer, trouble);
    for (const { partition, storedRuns } of starts) this.mapWriter.begin(partition, storedRuns);
  }

  async run(): Promise<void> {
    const stop = () => this.ending.abort();
    this.options.signal.addEventListener('abort', stop, { once: true });
    if (this.options.signal.aborted) stop();
    try {
      // Before a record is written, the position it follows is stored: the next attempt begins there.
      await this.store();
      await Promise.all([this.copy(), this.every(checkpointMs, () => this.store()), this.watch()]);
    } catch (error) {
      this.fail(error);
    } finally {
      this.options.signal.removeEventListener('abort', stop);
    }
    await this.finish();
    if (this.failure) throw await this.cause(this.failure.error);
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.ending.abort();
  }

  private async copy(): Promise<void> {
    const { source, lane, room, trouble } = this;
    const { signal } = this.ending;
    const throttle = new Throttle(this.options.throttle);
    const { patienceMs } = this.options;
    const intakes = new Intakes(
      { source, lane, room, throttle, signal, trouble, patienceMs },
      this.flows,
      (error) => this.end(error),
    );
    try {
      await intakes.run();
    } finally {
      for (const { writer } of this.flows) writer.stop();
    }
  }

  private end(error: unknown): void {
    if (!this.ending.signal.aborted) this.fail(error);
  }

  private async every(ms: number, act: () => Promise<void>): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      await sleep(ms, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await act();
      } catch (error) {
        this.fail(error);
      }
    }
  }

  /** Writes how far each partition has come since the last time. */
  private async store(): Promise<void> {
    const { producerId, producerEpoch, topicIds } = this.begun;
    const checkpoints: Checkpoint[] = [];
    for (const flow of this.flows) {
      const { partition, writer } = flow;
      const { map } = writer;
      const at = `${map.sourceNext} ${map.targetNext}`;
      if (this.storedAt.get(flow) === at) continue;
      this.storedAt.set(flow, at);
      const position = {
        sourceNext: Number(map.sourceNext),
        targetNext: Number(map.targetNext),
        producerId,
        producerEpoch,
        sourceEpoch: writer.sourceEpoch,
        sourceTopicId: topicIds.source.get(partition.topic) ?? null,
        targetTopicId: topicIds.target.get(partition.targetTopic) ?? null,
      };
      checkpoints.push({ partition, map, position });
    }
    await this.mapWriter.write(checkpoints);
    this.report();
  }

  private report(): void {
    this.options.progress?.({
      partitions: this.flows.map(({ partition: { topic, partition }, writer: { map, queue } }) => ({
        topic,
        partition,
        sourceNext: map.sourceNext,
        sourceEnd: BigInt(Math.max(queue.end, Number(map.sourceNext))),
        targetNext: map.targetNext,
      })),
      ...this.counts,
      copied: this.flows.reduce((sum, { writer }) => sum + writer.map.records, 0),
    });
  }

  private watch(): Promise<void> {
    return this.every(watchMs, async () => {
      try {
        await Promise.all([this.watchTopics(), this.watchEnds()]);
      } catch (error) {
        // Whether a cluster is gone for too long is for those to say who cannot go on without it.
        if (!isFerryError(error) || error.type !== 'Unreachable') throw error;
      }
    });
  }

  private async watchTopics(): Promise<void> {
    const { topicIds } = this.begun;
    for (const [cluster, then] of [
      [this.source, topicIds.source],
      [this.target, topicIds.target],
    ] as const) {
      const rows = await cluster.topics([...then.keys()]);
      const now = new Map([...rows].map(([name, { value }]) => [name, value?.topicId ?? null]));
      for (const [topic, id] of then) compareIds(cluster, topic, id, now);
      for (const row of rows.values()) if (row.error) throw row.error;
      for (const [topic, row] of rows) if (row.value) this.insistOnPartitions(cluster, topic, row.value);
    }
  }

  private insistOnPartitions(cluster: Cluster, topic: string, { partitions }: TopicFacts): void {
    const { source, plan, options } = this;
    const mirrored = plan.partitions.find(
      (one) => (cluster === source ? one.topic : one.targetTopic) === topic,
    );
    const count = mirrored && under(plan.counts, mirrored.topic);
    if (count === undefined || partitions.length === count) return;
    if (cluster === source) throw repartitioned(source, topic, count, partitions.length);
    const { accepted = [] } = options;
    insistOnCopies(cluster, topic, { has: partitions.length, copied: count, accepted });
  }

  /** A topic that is gone, or another one by now, makes all sorts of failures: it is told instead of them. */
  private async cause(error: unknown): Promise<unknown> {
    if (!isFerryError(error) || error instanceof TakenOver || error.type === 'Unreachable') return error;
    try {
      await this.watchTopics();
      return error;
    } catch (cause) {
      return isFerryError(cause) && (cause.type === 'Changed' || cause.type === 'NotFound') ? cause : error;
    }
  }

  /** Where nothing is under way, the target must end where the mirror's last record is. */
  private async watchEnds(): Promise<void> {
    const idle = this.flows.filter(({ writer }) => writer.idle);
    if (idle.length === 0) return;
    const before = new Map(idle.map(({ writer }) => [writer, writer.targetEnd]));
    const rows = await this.target.watermarks(idle.map(({ writer }) => writer.partition));
    for (const { writer } of idle) {
      const row = rows.get(partitionKey(writer.partition));
      if (row?.value) writer.verify(Number(row.value.highWatermark), before.get(writer)!);
    }
  }

  /** Awaits what is under way and stores where the mirror is; also after a failure, so that less is left to find out. */
  private async finish(): Promise<void> {
    for (const { writer } of this.flows) writer.stop();
    if (this.failure?.error instanceof TakenOver) return this.abandon();
    const deadline = Date.now() + farewellMs;
    while (this.flows.some(({ writer }) => !writer.idle) && Date.now() < deadline && !this.failure)
      await this.room.change(50);
    try {
      await Promise.race([
        this.store(),
        sleep(Math.max(1_000, deadline - Date.now()), undefined, { ref: false }),
      ]);
    } catch (error) {
      this.failure ??= { error };
    }
    this.abandon();
  }

  private abandon(): void {
    for (const { writer } of this.flows) writer.abandon();
  }
}
