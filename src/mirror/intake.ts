import { setTimeout as sleep } from 'node:timers/promises';
import { partitionKey, type Cluster, type FetchedBatches, type Row } from '../kafka/cluster.js';
import { said, Silence } from '../kafka/silence.js';
import { SilentTurns } from '../kafka/silent-turns.js';
import { hold, keepable, letGo } from '../kafka/wire/slabs.js';
import type { FerryError } from '../migration/errors.js';
import type { TargetWriter } from './target-writer.js';
import { lossOf, truncated } from './source-changes.js';
import type { Throttle } from './throttle.js';
import type { MirroredPartition } from './plan.js';
import type { Trouble } from './trouble.js';

/** One partition on its way from source to target. */
export interface Flow {
  readonly partition: MirroredPartition;
  readonly writer: TargetWriter;
}

/** Of one partition in one Fetch. */
const partitionBytes = 2 * 1024 * 1024;
/** Of one Fetch; a broker answers one at a time on a connection. */
const fetchBytes = 8 * 1024 * 1024;
/** How long a broker waits for records when there are none. */
const longPollMs = 500;
/** Fetches smaller than this cost more than they bring. */
const leastRoom = 64 * 1024;
const pauseMs = 250;

/** Room for batches in memory, which all partitions share. */
export class Room {
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly memory: number,
    private readonly flows: readonly Flow[],
  ) {}

  get free(): number {
    let held = 0;
    for (const { writer } of this.flows) held += writer.queue.bytes + writer.heldBytes;
    return this.memory - held;
  }

  /** How much one partition may hold, so that one that the target takes slowly leaves room for the others. */
  get share(): number {
    return Math.max(leastRoom, Math.min(4 * partitionBytes, this.memory / this.flows.length));
  }

  /** Resolves when some batch has been let go, or after so long. */
  async change(ms: number): Promise<void> {
    let changed = () => {};
    const change = new Promise<void>((resolve) => this.waiting.add((changed = resolve)));
    await Promise.race([change, sleep(ms)]);
    this.waiting.delete(changed);
  }

  changed(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

/** What all intakes of a mirror have in common. */
export interface IntakeShared {
  readonly source: Cluster;
  /** Whose connections are used. */
  readonly lane: string;
  readonly room: Room;
  readonly throttle: Throttle;
  readonly signal: AbortSignal;
  readonly trouble: Trouble;
  /** How long a partition may not be given although its log goes on, ms; two minutes unless told. */
  readonly patienceMs?: number | undefined;
}

/** What an intake tells of its partitions. */
export interface IntakeEvents {
  served(flow: Flow): void;
  /** The broker does not give it: it is this intake's no more. */
  lost(flow: Flow, error: FerryError): void;
  /** No partition is left. */
  ended(): void;
}

/**
 * Fetches for the partitions that one broker of the source leads, again and again, and hands what comes to their writers:
 * the next Fetch is under way while batches are written. Partitions that are behind and have room go first; only when all
 * have reached the end does the broker wait for more.
 */
export class Intake {
  private flows: Flow[] = [];
  /** Behind the end, and a Fetch brought nothing: asked alone, in turns with all others, until it brings something. */
  private readonly silent: SilentTurns<Flow>;

  private readonly source: Cluster;
  private readonly lane: string;
  private readonly room: Room;
  private readonly throttle: Throttle;
  private readonly signal: AbortSignal;

  constructor(
    { source, lane, room, throttle, signal, patienceMs }: IntakeShared,
    private readonly broker: number,
    private readonly events: IntakeEvents,
  ) {
    this.silent = new SilentTurns(({ partition }) => new Silence(source.name, partition, patienceMs));
    this.source = source;
    this.lane = lane;
    this.room = room;
    this.throttle = throttle;
    this.signal = signal;
  }

  add(flow: Flow): void {
    this.flows.push(flow);
  }

  /** Goes on until the signal comes or no partition is left, or throws what a person must mend. */
  async run(): Promise<void> {
    // Whoever begins it gives it its partitions in the same turn.
    await Promise.resolve();
    while (!this.signal.aborted) {
      if (this.flows.length === 0) return this.events.ended();
      await this.throttle.open(this.signal);
      const roomy = this.flows.filter(({ writer }) => held(writer) < this.room.share);
      const alone = this.silent.next(roomy);
      const others = roomy.filter((flow) => !this.silent.has(flow));
      const hungry = others.filter(({ writer }) => writer.queue.position < writer.queue.end);
      const crowded = roomy.length < this.flows.length;
      const room = this.room.free;
      if ((others.length === 0 && !alone) || room < leastRoom) {
        await this.room.change(this.silent.pauseMs(pauseMs));
        continue;
      }
      const flows = alone ? [alone] : hungry.length > 0 ? [...hungry, ...idleOf(others, hungry)] : others;
      const bytes = Math.min(room, fetchBytes, this.throttle.burst);
      const busy = hungry.length > 0 || crowded || this.silent.any;
      const waitMs = (alone && this.silent.waitMs(alone)) ?? (busy ? 0 : longPollMs);
      const brought = await this.fetch(flows, bytes, waitMs);
      if (brought === 0 && busy) await this.room.change(this.silent.pauseMs(pauseMs));
    }
  }

  private async fetch(flows: readonly Flow[], maxBytes: number, maxWaitMs: number): Promise<number> {
    const byKey = new Map(flows.map((flow) => [partitionKey(flow.partition), flow]));
    let rows: ReadonlyMap<string, Row<FetchedBatches>>;
    try {
      rows = await this.source.fetch(
        flows.map(({ partition, writer: { queue } }) => ({
          topic: partition.topic,
          partition: partition.partition,
          offset: BigInt(queue.position),
          lastEpoch: queue.epoch,
        })),
        {
          isolation: 'committed',
          maxBytes,
          maxBytesPerPartition: partitionBytes,
          maxWaitMs,
          mirror: this.lane,
          signal: this.signal,
          from: this.broker,
        },
      );
    } catch (error) {
      if (this.signal.aborted) return 0;
      throw error;
    }
    // All of an answer is in the same memory: it stays until every flow has taken its part.
    const held = [...rows.values()].flatMap(({ value }) => (value ? [value.batches] : []));
    held.forEach(hold);
    try {
      return await this.distribute(rows, byKey);
    } finally {
      held.forEach(letGo);
    }
  }

  private async distribute(
    rows: ReadonlyMap<string, Row<FetchedBatches>>,
    byKey: ReadonlyMap<string, Flow>,
  ): Promise<number> {
    let brought = 0;
    for (const [key, row] of rows) {
      const flow = byKey.get(key);
      if (!flow) continue;
      if (row.value) brought += this.take(flow, row.value, byKey.size === 1);
      else if (row.error.type === 'Unreachable') this.lose(flow, row.error);
      else if (row.error.type === 'Changed') await this.explain(flow, row.error);
      else throw row.error;
    }
    // Who was served goes behind those who were not, since a Fetch is filled in the order asked.
    if (brought > 0 && this.flows.length > 1)
      this.flows = [
        ...this.flows.filter((flow) => !rows.get(partitionKey(flow.partition))?.value?.batches.length),
        ...this.flows.filter((flow) => rows.get(partitionKey(flow.partition))?.value?.batches.length),
      ];
    return brought;
  }

  private lose(flow: Flow, error: FerryError): void {
    this.flows = this.flows.filter((other) => other !== flow);
    this.silent.answered(flow);
    this.events.lost(flow, error);
  }

  private take(flow: Flow, fetched: FetchedBatches, alone: boolean): number {
    const { queue } = flow.writer;
    this.events.served(flow);
    if (fetched.diverging)
      throw truncated(this.source, flow.partition, queue.position, Number(fetched.diverging.endOffset));
    const before = queue.position;
    queue.feed({ ...fetched, batches: keepable(fetched.batches) });
    this.throttle.took(fetched.batches.length);
    if (said(fetched, BigInt(before), 'committed') !== 'nothing') this.silent.answered(flow);
    else this.silent.nothing(flow, alone, BigInt(before), BigInt(queue.end));
    if (queue.position > before) flow.writer.pump();
    return fetched.batches.length;
  }

  /** A position that is not in the log: retention was faster, or the log is not the one it was. */
  private async explain({ partition, writer }: Flow, error: FerryError): Promise<void> {
    const row = (await this.source.watermarks([partition])).get(partitionKey(partition));
    if (!row?.value) return;
    const loss = lossOf(this.source, partition, writer.queue.position, row.value);
    if (loss) throw loss;
    // A broker whose log is older than leader epochs says the same when asked about one.
    if (writer.queue.epoch < 0) throw error;
    writer.queue.epoch = -1;
  }
}

function held(writer: TargetWriter): number {
  return writer.queue.bytes + writer.heldBytes;
}

/** Partitions at their end ride along when others are fetched, so that they are not forgotten. */
function idleOf(roomy: readonly Flow[], hungry: readonly Flow[]): Flow[] {
  return roomy.filter((flow) => !hungry.includes(flow));
}
