import { FerryError } from '../../migration/errors.js';
import { attributeBits, headerAt, type RecordBatch } from './batch.js';
import { patchedCrc } from './crc32c.js';

/**
 * Why a batch cannot be produced as it is, and what is left to do with it:
 *
 * - `control`: a marker; brokers take none from clients, and the mirror has none to give. Leave it out.
 * - `empty`: compaction took every record. Leave it out.
 * - `holes`: compaction took some; brokers refuse a batch whose count does not fill its offsets. Decode and encode anew.
 * - `append-time`: stamped by the broker; on another topic its records would show their producers' times again.
 *   Decode and encode anew with the times that consumers saw.
 */
export type Obstacle = 'control' | 'empty' | 'holes' | 'append-time';

/** What keeps the batch from being passed on whole; `null` when nothing does. */
export function obstacleTo(batch: RecordBatch): Obstacle | null {
  if (batch.control) return 'control';
  if (batch.count === 0) return 'empty';
  if (!batch.contiguous) return 'holes';
  if (batch.timestampType === 'append') return 'append-time';
  return null;
}

/** Whose write a batch is, as KIP-98 identifies it. */
export interface ProducerStamp {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Of the first record; the next batch of the partition has this plus the count, back to 0 after 2^31 − 1. */
  readonly baseSequence: number;
}

/** A write of no idempotent producer. */
export const noProducer: ProducerStamp = { producerId: -1n, producerEpoch: -1, baseSequence: -1 };

/** One batch in two parts: a header of our own and the source's records, not copied. */
export interface PatchedBatch {
  readonly header: Buffer;
  readonly payload: Buffer;
}

/**
 * The batch as another cluster's broker takes it in Produce, its records untouched: base offset 0 and leader epoch −1
 * (`LogValidator` asks for the first, and overwrites both), the source's producer replaced since ids of two clusters
 * have nothing to do with each other, outside any transaction (bit 4), without a delete horizon (bit 6, which belongs
 * to the source's cleaner; timestamps do not change with it).
 *
 * The CRC is carried on by its delta, not computed anew: if the source's bytes were damaged, the broker refuses them.
 *
 * @throws FerryError `Unexpected` when the batch has an obstacle, which the caller has not looked for.
 */
export function patchBatch(batch: RecordBatch, producer: ProducerStamp): PatchedBatch {
  const obstacle = obstacleTo(batch);
  if (obstacle !== null)
    throw new FerryError(
      'Unexpected',
      `The batch at offset ${batch.baseOffset} cannot be passed on whole (${obstacle}): please report this as a defect of the ferry.`,
    );
  const header = Buffer.from(batch.bytes.subarray(0, headerAt.records));
  header.writeBigInt64BE(0n, headerAt.baseOffset);
  header.writeInt32BE(-1, headerAt.partitionLeaderEpoch);
  header.writeInt16BE(
    batch.attributes & ~(attributeBits.transactional | attributeBits.deleteHorizon),
    headerAt.attributes,
  );
  header.writeBigInt64BE(producer.producerId, headerAt.producerId);
  header.writeInt16BE(producer.producerEpoch, headerAt.producerEpoch);
  header.writeInt32BE(producer.baseSequence, headerAt.baseSequence);
  const changed = [headerAt.attributes, headerAt.count] as const;
  const crc = patchedCrc(
    batch.crc,
    batch.bytes.subarray(...changed),
    header.subarray(...changed),
    batch.bytes.length - headerAt.count,
  );
  header.writeUInt32BE(crc, headerAt.crc);
  return { header, payload: batch.payload };
}
