import type { RecordBatch } from '../kafka/records/batch.js';
import type { Codec } from '../kafka/records/codecs.js';
import { insistOnCrc } from '../kafka/records/damage.js';
import { encodeBatch, type NewRecord } from '../kafka/records/encode.js';
import { RecordBatch as Batch } from '../kafka/records/batch.js';
import { legacyRecords } from '../kafka/records/legacy.js';
import { obstacleTo, patchBatch, type ProducerStamp } from '../kafka/records/patch.js';
import { recordsIn, type KafkaRecord } from '../kafka/records/records.js';
import { headerFor, RecordPacker, type PackedRecords } from '../kafka/records/repack.js';
import { letGo } from '../kafka/wire/slabs.js';
import type { Entry, SourceQueue } from './source-queue.js';

/** Where batches are taken from. */
export type Queued = Pick<SourceQueue, 'peek' | 'shift'>;

/** A batch for the target without its header, which needs the writer's sequence number. */
export interface Shaped {
  readonly count: number;
  /** Bytes of the whole batch. */
  readonly bytes: number;
  /** Whether it is a source batch passed through with its records untouched. */
  readonly whole: boolean;
  /** Where its records were: pairs of first source offset and length, flat. */
  readonly origins: readonly number[];
  /** The source is done up to here once this is written. */
  readonly sourceNext: number;
  /** Leader epoch of the last record, −1 when it has none. */
  readonly sourceEpoch: number;
  /** Bytes of the source that it consists of, held until it is written; of others nothing is needed any more. */
  readonly held?: Buffer;
  stamp(producer: ProducerStamp): readonly Buffer[];
}

/**
 * Batches smaller than this are joined with their neighbours, since a request carries one batch of a partition: above it
 * a request more costs less than taking the records of the codec apart and together again.
 */
const joinBelow: Record<Codec, number> = {
  none: 32 * 1024,
  lz4: 16 * 1024,
  snappy: 16 * 1024,
  zstd: 8 * 1024,
  gzip: 4 * 1024,
};
/** Of the records of a joined batch, before compression: consumers decompress a batch as a whole. */
const joinedBytes = 256 * 1024;
const headerBytes = 61;

/**
 * Takes the next batches for the target from the queue, at most a few: one source batch as it is, many small ones joined,
 * or one that cannot be passed on in as many as its size asks for. Empty when nothing is queued.
 *
 * @param from records below this were written before
 * @param largest `max.message.bytes` of the target topic
 */
export function shape(queue: Queued, from: number, largest: number): Shaped[] {
  const head = queue.peek();
  if (!head) return [];
  if (head.batch.kind === 'legacy') {
    queue.shift();
    insistOnCrc(head.batch);
    const { codec, records } = legacyRecords(head.batch);
    const shaped = encodeAnew(records, codec, { end: head.end, epoch: -1 }, from, largest);
    letGo(head.batch.bytes);
    return shaped;
  }
  const fits = (batch: RecordBatch) => batch.bytes.length <= largest;
  const passable =
    Number(head.batch.baseOffset) >= from && obstacleTo(head.batch) === null && fits(head.batch);
  const next = queue.peek(1);
  const joins = next !== undefined && joinable(head, head.batch.codec) && joinable(next, head.batch.codec);
  if (passable && !joins) {
    queue.shift();
    return [passWhole(head.batch, head.end, head.rewritten !== true)];
  }
  return pack(queue, from, largest);
}

function joinable({ batch }: Entry, codec: Codec): boolean {
  return batch.kind === 'batch' && batch.codec === codec && batch.bytes.length < joinBelow[codec];
}

function passWhole(batch: RecordBatch, end: number, whole: boolean): Shaped {
  return {
    count: batch.count,
    bytes: batch.bytes.length,
    whole,
    origins: [Number(batch.baseOffset), batch.count],
    sourceNext: end,
    sourceEpoch: batch.partitionLeaderEpoch,
    held: batch.bytes,
    stamp: (producer) => {
      const { header, payload } = patchBatch(batch, producer);
      return [header, payload];
    },
  };
}

/** The head of the queue, and the small ones behind it, in as few batches as fit. */
function pack(queue: Queued, from: number, largest: number): Shaped[] {
  const first = queue.shift();
  if (first?.batch.kind !== 'batch') return [];
  insistOnCrc(first.batch);
  const { codec } = first.batch;
  const maxRecords = Math.max(1, largest - headerBytes);
  const expected = codec === 'none' && !joinable(first, codec) ? first.batch.bytes.length + 64 : joinedBytes;
  const packer = new RecordPacker(codec, maxRecords, Math.min(expected, maxRecords + 64));
  if (!packer.add(first.batch, from)) {
    const all = [...recordsIn(first.batch)];
    const shaped = encodeAnew(all, codec, reached(first.batch, first.end), from, largest);
    letGo(first.batch.bytes);
    return shaped;
  }
  let last = reached(first.batch, first.end);
  if (joinable(first, codec))
    for (;;) {
      const next = queue.peek();
      if (!next || !joinable(next, codec) || packer.completed > 0) break;
      if (packer.size + next.batch.bytes.length > Math.min(joinedBytes, maxRecords)) break;
      if (next.batch.kind !== 'batch') break;
      insistOnCrc(next.batch);
      if (!packer.add(next.batch, from)) break;
      last = reached(next.batch, next.end);
      queue.shift();
      letGo(next.batch.bytes);
    }
  letGo(first.batch.bytes);
  return shaped(packer.finish(), last);
}

/** How far the source is done, and the leader epoch there. */
interface Reached {
  readonly end: number;
  readonly epoch: number;
}

function reached(batch: RecordBatch, end: number): Reached {
  return { end, epoch: batch.partitionLeaderEpoch };
}

function shaped(packed: readonly PackedRecords[], { end, epoch }: Reached): Shaped[] {
  return packed.map((records, i) => {
    const { origins, count } = records;
    const last = i === packed.length - 1;
    return {
      count,
      bytes: headerBytes + records.payload.length,
      whole: false,
      origins,
      sourceNext: last ? end : origins.at(-2)! + origins.at(-1)!,
      sourceEpoch: epoch,
      stamp: (producer) => [headerFor(records, producer), records.payload],
    };
  });
}

/** For records that have to be decoded: formats before Kafka 0.11, and timestamps that only whole numbers of 64 bits hold. */
function encodeAnew(
  all: readonly KafkaRecord[],
  codec: Codec,
  { end, epoch }: Reached,
  from: number,
  largest: number,
): Shaped[] {
  const records = all.filter(({ offset }) => Number(offset) >= from);
  return slices(records, largest).map((slice, i, list) => {
    const bytes = encodeBatch(slice.map(withoutOffset), { codec });
    const batch = new Batch(bytes);
    return {
      count: slice.length,
      bytes: bytes.length,
      whole: false,
      origins: originsOf(slice),
      sourceNext: i === list.length - 1 ? end : Number(slice.at(-1)!.offset) + 1,
      sourceEpoch: epoch,
      stamp: (producer) => {
        const { header, payload } = patchBatch(batch, producer);
        return [header, payload];
      },
    };
  });
}

const withoutOffset = ({ timestamp, key, value, headers }: KafkaRecord): NewRecord => ({
  timestamp,
  key,
  value,
  headers,
});

/** Runs of records of which each makes a batch within `largest`, if only just one record does. */
function slices(records: readonly KafkaRecord[], largest: number): KafkaRecord[][] {
  const runs: KafkaRecord[][] = [];
  let size = 0;
  for (const record of records) {
    const bytes = sizeBound(record);
    const run = runs.at(-1);
    if (run && size + bytes <= largest) run.push(record);
    else {
      runs.push([record]);
      size = headerBytes;
    }
    size += bytes;
  }
  return runs;
}

/** At most as many bytes as the record takes. */
function sizeBound({ key, value, headers }: KafkaRecord): number {
  const part = (bytes: Buffer | null) => 5 + (bytes?.length ?? 0);
  return 26 + part(key) + part(value) + headers.reduce((sum, h) => sum + part(h.key) + part(h.value), 0);
}

function originsOf(records: readonly KafkaRecord[]): number[] {
  const origins: number[] = [];
  for (const { offset } of records) {
    const at = Number(offset);
    const last = origins.length - 2;
    if (last >= 0 && origins[last]! + origins[last + 1]! === at) origins[last + 1]!++;
    else origins.push(at, 1);
  }
  return origins;
}
