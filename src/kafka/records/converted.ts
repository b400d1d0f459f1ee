import { RecordBatch, type LegacyEntry } from './batch.js';
import type { Codec } from './codecs.js';
import { encodeBatch } from './encode.js';
import { legacyRecords } from './legacy.js';

/** Records from before Kafka 0.11 as a batch of today, at their offsets: a copy of them cannot be anything else. */
export function converted(entry: LegacyEntry, codec: Codec = 'none'): RecordBatch {
  const { records } = legacyRecords(entry);
  const baseOffset = records[0]?.offset ?? entry.lastOffset;
  const placed = records.map((record) => ({ ...record, offsetDelta: Number(record.offset - baseOffset) }));
  return new RecordBatch(encodeBatch(placed, { baseOffset, codec }), entry.place);
}
