import { batchesIn, type LegacyEntry, type RecordBatch } from './batch.js';
import { damaged } from './damage.js';

/** What was asked for. */
export interface Asked {
  /** The position that was fetched from. */
  readonly from: bigint;
  /** Batches that begin at or after it are left out. */
  readonly until?: bigint | undefined;
  /** For sentences: `orders/3 on cluster "main"`. */
  readonly place: string;
}

/**
 * The whole batches that a Fetch brought, back to back; a last one that is cut off is left out.
 *
 * Neither the place of a batch nor its size is covered by its CRC, and all who read move on by them. So they are held
 * here, once for everybody, against what every log fulfils: batches lie one behind the other, the first is whole (KIP-74:
 * a broker rather sends nothing than a part of it), and the last one ends at the position or behind it.
 *
 * @throws FerryError `Unexpected` when one of them does not, naming partition and offset
 */
export function wholeBatches(records: Buffer, { from, until, place }: Asked): Buffer {
  let end = 0;
  let last: bigint | undefined;
  for (const batch of batchesIn(records, place)) {
    check(batch, last ?? -1n);
    if (until !== undefined && beginning(batch, last ?? from - 1n) >= until) return records.subarray(0, end);
    end += batch.bytes.length;
    last = batch.lastOffset;
  }
  if (last === undefined && records.length > 0)
    throw damaged({ place }, `${records.length} bytes came, and no whole batch in them`);
  if (last !== undefined && last < from)
    throw damaged({ offset: last, place }, `it ends before offset ${from}, which was asked for`);
  return records.subarray(0, end);
}

/** Offsets are counted as doubles wherever there are many, which are exact up to here; no log has ever come so far. */
const mostOffset = BigInt(Number.MAX_SAFE_INTEGER) - 1n;

function check(batch: RecordBatch | LegacyEntry, before: bigint): void {
  const { lastOffset, place } = batch;
  const fail = (what: string) =>
    damaged({ offset: batch.kind === 'batch' ? batch.baseOffset : lastOffset, place }, what);
  if (batch.kind === 'batch') {
    const { baseOffset, lastOffsetDelta, count } = batch;
    if (lastOffsetDelta < 0) throw fail(`its last offset lies ${-lastOffsetDelta} before its first`);
    if (count < 0 || count > lastOffsetDelta + 1)
      throw fail(`it counts ${count} records at ${lastOffsetDelta + 1} offsets`);
    if (baseOffset <= before) throw fail(backwards(before));
  }
  if (lastOffset <= before) throw fail(backwards(before));
  if (lastOffset > mostOffset) throw fail('no log reaches so far');
}

const backwards = (before: bigint) =>
  before < 0n ? 'its offset is negative' : `it lies behind offset ${before}`;

/** The first offset that it may hold: of a compressed batch from before Kafka 0.11 only the last one is stated. */
function beginning(batch: RecordBatch | LegacyEntry, before: bigint): bigint {
  if (batch.kind === 'batch') return batch.baseOffset;
  return batch.codec === 'none' ? batch.lastOffset : before + 1n;
}
