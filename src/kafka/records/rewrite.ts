import { headerAt, lengthOverhead, RecordBatch } from './batch.js';
import { compress } from './codecs.js';
import { crc32c } from './crc32c.js';
import { insistOnCrc } from './damage.js';
import { nullableIn, walk } from './records.js';
import type { ByteReader } from './varints.js';

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
  const { codec, baseOffset } = batch;
  const plain = codec === 'none' ? Buffer.from(batch.payload) : batch.plain;
  let changed = false;
  for (const record of walk(batch, (body) => editable(body, baseOffset), plain))
    changed = edit(record) || changed;
  if (!changed) return batch;
  insistOnCrc(batch);
  return new RecordBatch(withPayload(batch, compress(codec, plain)), batch.place);
}

function editable(body: ByteReader, baseOffset: bigint): { delta: number; result: EditableRecord } {
  body.byte();
  body.varlong();
  const delta = body.varint();
  return {
    delta,
    result: { offset: baseOffset + BigInt(delta), key: nullableIn(body), value: nullableIn(body) },
  };
}

function withPayload(batch: RecordBatch, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(headerAt.records + payload.length);
  batch.bytes.copy(bytes, 0, 0, headerAt.records);
  payload.copy(bytes, headerAt.records);
  bytes.writeInt32BE(bytes.length - lengthOverhead, headerAt.length);
  bytes.writeUInt32BE(crc32c(bytes.subarray(headerAt.attributes)), headerAt.crc);
  return bytes;
}
