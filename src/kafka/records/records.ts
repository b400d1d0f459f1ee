import type { FerryError } from '../../migration/errors.js';
import type { RecordBatch } from './batch.js';
import { damaged } from './damage.js';
import { ByteReader } from './varints.js';

/**
 * One record. `key`, `value` and headers are views of the batch's bytes (of the decompressed ones where it is compressed):
 * copy what is to outlive them. A tombstone has a `null` value.
 */
export interface KafkaRecord {
  readonly offset: bigint;
  /** Milliseconds since the epoch as consumers see it; any int64, since producers may write other units. */
  readonly timestamp: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In the order written; keys may repeat. */
  readonly headers: readonly RecordHeader[];
}

export interface RecordHeader {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/**
 * The records of a batch in log order.
 *
 * Grammar (KIP-98; `org.apache.kafka.common.record.DefaultRecord`), numbers of variable length except attributes:
 *
 *     record  = length attributes:int8 timestampDelta:varlong offsetDelta
 *               keyLength key valueLength value headersCount header*      a length of −1: null
 *     header  = keyLength key valueLength value                          only the value may be null
 *
 * @throws FerryError `Unexpected` when the records do not fill the batch exactly as its header says.
 */
export function* recordsIn(batch: RecordBatch): Generator<KafkaRecord, void, undefined> {
  const { baseOffset, baseTimestamp } = batch;
  // With log append time the broker leaves the producers' deltas in place and consumers see the header's time.
  const appendTime = batch.timestampType === 'append' ? batch.maxTimestamp : undefined;
  yield* walk(batch, (body) => {
    body.byte();
    const timestamp = BigInt.asIntN(64, baseTimestamp + body.varlong());
    const delta = body.varint();
    const record = {
      offset: baseOffset + BigInt(delta),
      timestamp: appendTime ?? timestamp,
      ...partsIn(body),
    };
    return { delta, result: record };
  });
}

/** The offsets at which the batch holds records, ascending: reads no key, value or header. Errors as `recordsIn`. */
export function* recordOffsets(batch: RecordBatch): Generator<bigint, void, undefined> {
  const { baseOffset } = batch;
  yield* walk(batch, (body) => {
    body.byte();
    body.varlong();
    const delta = body.varint();
    body.skip(body.remaining);
    return { delta, result: baseOffset + BigInt(delta) };
  });
}

/**
 * What a control batch says: its first record's key is version int16, type int16 (KIP-98, `ControlRecordType`). Types
 * other than the two of transactions belong to KRaft and carry nothing for consumers either.
 */
export function controlType(batch: RecordBatch): 'abort' | 'commit' | 'other' {
  for (const { key } of recordsIn(batch)) {
    const type = key !== null && key.length >= 4 ? key.readInt16BE(2) : -1;
    return type === 0 ? 'abort' : type === 1 ? 'commit' : 'other';
  }
  return 'other';
}

/**
 * Key, value and headers, with which a record ends.
 *
 * @throws RangeError when the bytes are not exactly these
 */
export function partsIn(body: ByteReader): Pick<KafkaRecord, 'key' | 'value' | 'headers'> {
  const key = nullableIn(body);
  const value = nullableIn(body);
  const count = body.varint();
  if (count < 0 || count * smallestHeader > body.remaining)
    throw new RangeError('a record counts more headers than it has bytes for');
  const headers = Array.from({ length: count }, () => ({
    key: body.take(body.varint()),
    value: nullableIn(body),
  }));
  if (body.remaining > 0) throw new RangeError('a record is longer than its parts');
  return { key, value, headers };
}

/** Bytes of a header whose key and value are empty. */
const smallestHeader = 2;

/** @throws RangeError */
export function nullableIn(body: ByteReader): Buffer | null {
  const length = body.varint();
  return length === -1 ? null : body.take(length);
}

/**
 * What `read` makes of each record of the batch, which it is given without its length.
 *
 * @throws FerryError as `recordsIn`, also when offsets do not go up within the batch
 */
export function* walk<T>(
  batch: RecordBatch,
  read: (body: ByteReader) => { delta: number; result: T },
  plain = batch.plain,
): Generator<T, void, undefined> {
  const records = new ByteReader(plain);
  const { lastOffsetDelta } = batch;
  let before = -1;
  for (let left = batch.count; left > 0; left--) {
    let one: { delta: number; result: T };
    try {
      one = read(new ByteReader(records.take(records.varint())));
    } catch (cause) {
      throw malformed(batch, cause);
    }
    if (one.delta <= before || one.delta > lastOffsetDelta) throw malformed(batch);
    before = one.delta;
    yield one.result;
  }
  if (records.remaining > 0) throw malformed(batch);
}

export function malformed(batch: RecordBatch, cause?: unknown): FerryError {
  return damaged(batch.whereabouts, `it does not hold ${batch.count} well-formed records`, cause);
}
