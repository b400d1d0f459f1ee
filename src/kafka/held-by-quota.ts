import { FerryError } from '../migration/errors.js';

/** A quota has not let it through, and nothing was done: it may be asked for again after `afterMs` (KIP-599). */
export class HeldByQuota extends FerryError {
  constructor(
    sentence: string,
    readonly afterMs: number,
  ) {
    super('Unreachable', sentence);
  }
}
