import type { FerryError } from '../../migration/errors.js';
import { batchesIn, headerAt, type LegacyEntry } from './batch.js';
import { decompress, type Codec } from './codecs.js';
import { damaged } from './damage.js';
import { withRightHeaderChecksum } from './lz4-header.js';
import type { KafkaRecord } from './records.js';

/**
 * The records of an entry written before Kafka 0.11, one unless it is a compressed wrapper.
 *
 * Grammar after offset, size, crc and magic (`LegacyRecord`), big endian:
 *
 *     entry = attributes:int8 [timestamp:int64] keyLength:int32 key valueLength:int32 value    timestamp from magic 1 on
 *
 * The value of a wrapper is a set of entries. In magic 0 they have offsets of their own; in magic 1 (KIP-31) offsets
 * count up from any start, and the wrapper's is that of the last. Bit 3 of a wrapper's attributes says that consumers see
 * its timestamp on every record (KIP-32). Magic 0 has no timestamps: consumers see −1.
 *
 * @throws FerryError `Unexpected` when the bytes are not well formed
 */
export function legacyRecords(entry: LegacyEntry): { codec: Codec; records: KafkaRecord[] } {
  const outer = parse(entry);
  if (entry.codec === 'none') return { codec: 'none', records: [recordOf(outer, entry.lastOffset)] };
  if (outer.value === null) throw malformed(entry);
  const value = entry.codec === 'lz4' ? withRightHeaderChecksum(outer.value) : outer.value;
  const set = decompress(entry.codec, value, entry.whereabouts);
  const inner: LegacyEntry[] = [];
  for (const one of batchesIn(set, entry.place)) {
    // Only the outermost may be compressed, and all are of one format.
    if (one.kind !== 'legacy' || one.magic !== entry.magic || one.codec !== 'none') throw malformed(entry);
    inner.push(one);
  }
  const last = inner.at(-1);
  const bytes = inner.reduce((sum, one) => sum + one.bytes.length, 0);
  if (!last || bytes !== set.length) throw malformed(entry);
  const shift = entry.magic === 0 ? 0n : entry.lastOffset - last.lastOffset;
  let before = -1n;
  const records = inner.map((one) => {
    const parsed = parse(one);
    const offset = one.lastOffset + shift;
    if (offset <= before || offset > entry.lastOffset) throw malformed(entry);
    before = offset;
    return recordOf({ ...parsed, timestamp: outer.appendTime ? outer.timestamp : parsed.timestamp }, offset);
  });
  if (before !== entry.lastOffset || before - records[0]!.offset > mostDelta) throw malformed(entry);
  return { codec: entry.codec, records };
}

/** A batch of today holds offsets that far from its first. */
const mostDelta = 2n ** 31n - 1n;

interface Parsed {
  timestamp: bigint;
  appendTime: boolean;
  key: Buffer | null;
  value: Buffer | null;
}

function parse(entry: LegacyEntry): Parsed {
  const { bytes, magic } = entry;
  let at = headerAt.magic + 2;
  let timestamp = -1n;
  if (magic === 1) {
    if (bytes.length < at + 8) throw malformed(entry);
    timestamp = bytes.readBigInt64BE(at);
    at += 8;
  }
  const take = (): Buffer | null => {
    if (bytes.length < at + 4) throw malformed(entry);
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length === -1) return null;
    if (length < 0 || at + length > bytes.length) throw malformed(entry);
    return bytes.subarray(at, (at += length));
  };
  const key = take();
  const value = take();
  if (at !== bytes.length) throw malformed(entry);
  return { timestamp, appendTime: (bytes.readInt8(headerAt.magic + 1) & 0x08) !== 0, key, value };
}

function recordOf({ timestamp, key, value }: Parsed, offset: bigint): KafkaRecord {
  return { offset, timestamp, key, value, headers: [] };
}

function malformed(entry: LegacyEntry): FerryError {
  return damaged(entry.whereabouts, `it is no well-formed message of format ${entry.magic}`);
}
