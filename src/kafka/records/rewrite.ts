import { FerryError } from '../../migration/errors.js';
import { headerAt, lengthOverhead, RecordBatch } from './batch.js';
import { compress, decompress } from './codecs.js';
import { crc32c } from './crc32c.js';
import { malformed } from './records.js';
import { ByteReader } from './varints.js';

/** Key and value of one record, as views that may be written to; what is written cannot change their lengths. */
export interface EditableRecord {
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/**
 * The batch with bytes of its keys and values changed in place (grammar in records.ts); the given one, and nothing is
 * encoded, when `edit` answers for no record that it has changed it. Offsets, times, headers and codec stay.
 *
 * The CRC has to be computed anew, so the source's is checked before: damaged bytes do not get a CRC that fits them.
 *
 * @throws FerryError `Unexpected` when the batch is damaged; whatever `edit` throws
 */
export function editRecords(batch: RecordBatch, edit: (record: EditableRecord) => boolean): RecordBatch {
  const { codec, payload, baseOffset } = batch;
  const plain = codec === 'none' ? Buffer.from(payload) : decompress(codec, payload);
  const records = new ByteReader(plain);
  let changed = false;
  for (let left = batch.count; left > 0; left--) {
    const record = wellFormed(batch, () => editable(records, baseOffset));
    changed = edit(record) || changed;
  }
  if (records.remaining > 0) throw malformed(batch, new RangeError('bytes follow the last record'));
  if (!changed) return batch;
  if (!batch.crcMatches())
    throw new FerryError(
      'Unexpected',
      `The batch at offset ${baseOffset} is damaged (its CRC does not fit its bytes): check the log of that partition with kafka-dump-log.`,
    );
  return new RecordBatch(withPayload(batch, compress(codec, plain)));
}

function editable(records: ByteReader, baseOffset: bigint): EditableRecord {
  const body = new ByteReader(records.take(records.varint()));
  body.byte();
  body.varlong();
  const offset = baseOffset + BigInt(body.varint());
  return { offset, key: nullable(body), value: nullable(body) };
}

function nullable(body: ByteReader): Buffer | null {
  const length = body.varint();
  return length === -1 ? null : body.take(length);
}

function wellFormed<T>(batch: RecordBatch, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw malformed(batch, cause);
  }
}

function withPayload(batch: RecordBatch, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(headerAt.records + payload.length);
  batch.bytes.copy(bytes, 0, 0, headerAt.records);
  payload.copy(bytes, headerAt.records);
  bytes.writeInt32BE(bytes.length - lengthOverhead, headerAt.length);
  bytes.writeUInt32BE(crc32c(bytes.subarray(headerAt.attributes)), headerAt.crc);
  return bytes;
}
