import { FerryError } from '../../migration/errors.js';
import type { RecordBatch } from './batch.js';
import { decompress } from './codecs.js';
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
    const offset = baseOffset + BigInt(body.varint());
    const key = nullable(body);
    const value = nullable(body);
    const headers = Array.from({ length: size(body.varint()) }, () => ({
      key: body.take(body.varint()),
      value: nullable(body),
    }));
    return { offset, timestamp: appendTime ?? timestamp, key, value, headers };
  });
}

/** The offsets at which the batch holds records, ascending: reads no key, value or header. Errors as `recordsIn`. */
export function* recordOffsets(batch: RecordBatch): Generator<bigint, void, undefined> {
  const { baseOffset } = batch;
  yield* walk(batch, (body) => {
    body.byte();
    body.varlong();
    const offset = baseOffset + BigInt(body.varint());
    body.skip(body.remaining);
    return offset;
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

function* walk<T>(batch: RecordBatch, read: (body: ByteReader) => T): Generator<T, void, undefined> {
  const records = new ByteReader(decompress(batch.codec, batch.payload));
  for (let left = batch.count; left > 0; left--)
    yield wellFormed(batch, () => {
      const body = new ByteReader(records.take(records.varint()));
      const result = read(body);
      if (body.remaining > 0) throw new RangeError('a record is longer than its parts');
      return result;
    });
  if (records.remaining > 0) throw malformed(batch, new RangeError('bytes follow the last record'));
}

function wellFormed<T>(batch: RecordBatch, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw malformed(batch, cause);
  }
}

export function malformed(batch: RecordBatch, cause: unknown): FerryError {
  return new FerryError(
    'Unexpected',
    `The batch at offset ${batch.baseOffset} does not hold ${batch.count} well-formed records: check the log of that partition with kafka-dump-log.`,
    { cause },
  );
}

function nullable(body: ByteReader): Buffer | null {
  const length = body.varint();
  return length === -1 ? null : body.take(length);
}

function size(count: number): number {
  if (count < 0) throw new RangeError('a count is negative');
  return count;
}
