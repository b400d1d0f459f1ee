import { createHash } from 'node:crypto';
import { damaged } from '../kafka/records/damage.js';
import { partsIn, type KafkaRecord } from '../kafka/records/records.js';
import { ByteReader } from '../kafka/records/varints.js';
import type { Block } from './block.js';

/** One record taken out of its batch, for the few that are looked at one by one. */
export interface SeenRecord {
  readonly offset: bigint;
  /** See `Block`. */
  readonly canonical: Buffer;
  /** Where it was read (`RecordBatch.place`). */
  readonly place?: string | undefined;
}

const timestampBytes = 8;

export function seenRecord(block: Block): SeenRecord {
  const { batch, offset, timestamp, bytes, bodyStart, bodyEnd, size } = block;
  const canonical = Buffer.allocUnsafe(timestampBytes + size);
  canonical.writeBigInt64BE(timestamp);
  bytes.copy(canonical, timestampBytes, bodyStart, bodyEnd);
  return { offset, canonical, place: batch.place };
}

/** What consumers see of a record. */
type Parts = Omit<KafkaRecord, 'offset'>;

/** @throws FerryError `Unexpected` when it is not well formed: `Block` has looked at its length alone */
export function partsOf({ canonical, offset, place }: SeenRecord): Parts {
  try {
    const body = new ByteReader(canonical.subarray(timestampBytes));
    return { timestamp: canonical.readBigInt64BE(), ...partsIn(body) };
  } catch (cause) {
    throw damaged({ offset, place }, 'a record in it is not well formed', cause);
  }
}

/** Whether two records are the same to a consumer: also where a client has written lengths longer than it had to. */
export function sameRecord(one: SeenRecord, other: SeenRecord): boolean {
  return one.canonical.equals(other.canonical) || differingParts(one, other).length === 0;
}

/** In words, with sizes and hashes; never what a record holds. */
export function describeDifference(source: SeenRecord, target: SeenRecord): string {
  return differingParts(source, target)
    .map(({ part, of }) => `${part} differs: ${of(source)} on the source, ${of(target)} on the target`)
    .join('; ');
}

/** `key 12 bytes (sha256 …), value null, 2 headers`. */
export function describeRecord(record: SeenRecord): string {
  const { key, value, headers } = partsOf(record);
  return `key ${sized(key)}, value ${sized(value)}, ${headers.length} header${headers.length === 1 ? '' : 's'}`;
}

function differingParts(
  one: SeenRecord,
  other: SeenRecord,
): { part: string; of: (record: SeenRecord) => string }[] {
  const [a, b] = [partsOf(one), partsOf(other)];
  return [
    ...(a.timestamp === b.timestamp
      ? []
      : [{ part: 'timestamp', of: (record: SeenRecord) => String(partsOf(record).timestamp) }]),
    ...(sameBytes(a.key, b.key)
      ? []
      : [{ part: 'key', of: (record: SeenRecord) => sized(partsOf(record).key) }]),
    ...(sameBytes(a.value, b.value)
      ? []
      : [{ part: 'value', of: (record: SeenRecord) => sized(partsOf(record).value) }]),
    ...(sameHeaders(a, b)
      ? []
      : [{ part: 'header list', of: (record: SeenRecord) => sizedHeaders(partsOf(record)) }]),
  ];
}

function sameHeaders({ headers }: Parts, other: Parts): boolean {
  return (
    headers.length === other.headers.length &&
    headers.every(({ key, value }, at) => {
      const against = other.headers[at];
      return against !== undefined && key.equals(against.key) && sameBytes(value, against.value);
    })
  );
}

function sameBytes(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

/** A hash that tells records apart; sixteen digits are enough for that. */
export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

function sized(bytes: Buffer | null): string {
  return bytes === null
    ? 'null'
    : `${bytes.length} byte${bytes.length === 1 ? '' : 's'} (sha256 ${hashOf(bytes)})`;
}

function sizedHeaders({ headers }: Parts): string {
  const all = headers.flatMap(({ key, value }) => [key, value ?? Buffer.alloc(0)]);
  const lengths = Buffer.from(
    headers.map(({ key, value }) => `${key.length},${value?.length ?? -1}`).join(';'),
  );
  return `${headers.length} (sha256 ${hashOf(Buffer.concat([lengths, ...all]))})`;
}
