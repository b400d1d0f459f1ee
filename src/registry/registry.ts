import type { Schema, SchemaVersion } from './schema.js';

/**
 * Everything that is said to a schema registry: Confluent's REST interface, which Karapace and Apicurio speak too,
 * each a part of it. What is not there is answered with `undefined` or nothing; a refusal is thrown.
 *
 * Every call throws FerryError `Unreachable` (after a few tries), `Unauthenticated`, `Unauthorized`, `Unsupported`, or
 * `Unexpected` for an answer that no registry gives; those that change something also `RegistryRefusal`.
 */
export interface Registry {
  /** The name that the migration file and `ferry.yaml` use. */
  readonly name: string;

  /** The same registry, whose calls end with the signal's reason when it is aborted. */
  until(signal: AbortSignal): Registry;

  /** Names of contexts beside the usual one (`.legacy`), each with ids of its own; `undefined` from registries without any. */
  contexts(): Promise<string[] | undefined>;
  /** The same registry, of which nothing but this context is seen; subjects are called as in it. */
  inContext(context: string): Registry;

  /** With contexts those of all of them, called in full (`:.legacy:orders-value`) where it is not the usual one. */
  subjects(options?: { deleted?: boolean }): Promise<string[]>;
  /** In ascending order; with `deleted` the soft-deleted ones among them. */
  versions(subject: string, options?: { deleted?: boolean }): Promise<number[]>;
  /** Soft-deleted versions are found too; whether it is one, only `versions` tells. */
  version(subject: string, version: number): Promise<Omit<SchemaVersion, 'deleted'> | undefined>;
  byId(id: number): Promise<Schema | undefined>;
  /** By the 16 bytes that some registries give it beside the id; not there, or not known to the registry: `undefined`. */
  byGuid(guid: string): Promise<Schema | undefined>;
  /** Subjects that hold the schema of an id; none where the registry does not tell. */
  subjectsOf(id: number): Promise<string[]>;
  /** The highest id that was ever given; `undefined` from registries that do not tell. `known`: an id that is there. */
  maxId(known: number): Promise<number | undefined>;
  /** Where a subject has exactly this schema; soft-deleted versions do not count. */
  find(subject: string, schema: Schema): Promise<{ id: number; version: number } | undefined>;

  /**
   * Answers the id that the registry says it has given. `as` is only honoured in import mode, and by some registries not
   * even there: compare.
   */
  register(subject: string, schema: Schema, as?: { id: number; version: number }): Promise<number>;
  /** Not there: done already. */
  deleteVersion(subject: string, version: number, options?: { permanent?: boolean }): Promise<void>;
  /** All its versions. Not there: done already. */
  deleteSubject(subject: string, options?: { permanent?: boolean }): Promise<void>;

  globalCompatibility(): Promise<string>;
  /** The level of the subject's own; some registries answer the global one where it has none. */
  compatibility(subject: string): Promise<string | undefined>;
  setCompatibility(subject: string, level: string): Promise<void>;
  /** The subject follows the registry's level again. Had none of its own: done already. */
  clearCompatibility(subject: string): Promise<void>;

  /** The mode of the subject's own; some registries answer the global one where it has none. */
  mode(subject: string): Promise<string | undefined>;
  /** The mode of all subjects that have none of their own; `undefined` from registries without modes. */
  globalMode(): Promise<string | undefined>;
  /** `force` takes a subject into import mode although it has versions. */
  setMode(subject: string, mode: 'IMPORT' | 'READWRITE', options?: { force?: boolean }): Promise<void>;
  /** The subject follows the registry's mode again. Had none of its own: done already. */
  clearMode(subject: string): Promise<void>;

  /**
   * Whether it has read its own log to the end: until then Karapace answers with what it has so far, which may be nothing.
   * `undefined` from registries that do not tell; none but Karapace does.
   */
  ready(): Promise<boolean | undefined>;

  /** Requests sent so far, by method: what a benchmark counts. */
  requests(): Record<string, number>;
  close(): void;
}
