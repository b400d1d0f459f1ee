import type { Facts } from './facts.js';

/** A file that was read, before its names are looked up in those that it imports. */
export interface ProtobufFile {
  /** Full names of the package, messages and enums that it declares. */
  readonly declares: readonly string[];
  /** Paths. */
  readonly imports: readonly string[];
  facts(imported: readonly Pick<ProtobufFile, 'declares'>[]): Facts;
}
