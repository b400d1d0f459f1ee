import { FerryError } from '../../migration/errors.js';

/** Which batch a sentence is about. */
export interface Whereabouts {
  /** As the batch says it; `undefined` where not even that can be read. */
  readonly offset?: bigint | undefined;
  /** Where it was read: `orders/3 on cluster "main"`. */
  readonly place?: string | undefined;
}

/**
 * For bytes of a log that cannot be what Kafka writes: nothing is concluded from them, and reading ends there.
 *
 * @param what what is wrong with them, to go on "is damaged (...)": `its length says -12`
 */
export function damaged(where: Whereabouts, what: string, cause?: unknown): FerryError {
  return new FerryError(
    'Unexpected',
    `${nameOf(where)} is damaged (${what}): check the log of that partition with kafka-dump-log, and what lies between it and the ferry if the log is whole.`,
    { cause },
  );
}

/**
 * Bytes that get a new checksum have to be the ones that were written: else what a disk or a wire has changed would look whole.
 *
 * @throws FerryError `Unexpected`
 */
export function insistOnCrc(batch: { crcMatches(): boolean; readonly whereabouts: Whereabouts }): void {
  if (!batch.crcMatches()) throw damaged(batch.whereabouts, 'its CRC does not fit its bytes');
}

/** At the beginning of a sentence. */
export function nameOf({ offset, place = 'a partition' }: Whereabouts): string {
  return offset === undefined ? `A batch of ${place}` : `The batch at offset ${offset} of ${place}`;
}
