import { FerryError } from '../migration/errors.js';

/** Offsets of a group are part of a transaction that is open (`UNSTABLE_OFFSET_COMMIT`, KIP-447): known once it ends. */
export class CommitPending extends FerryError {
  constructor(sentence: string) {
    super('Unreachable', sentence);
  }
}
