/** What one schema is, wherever it is registered. */
export interface Schema {
  /** `AVRO`, `JSON`, `PROTOBUF`, or whatever else a registry supports. */
  readonly type: string;
  /** As the registry keeps it, which need not be as it was registered: compare with `sameSchema`. */
  readonly text: string;
  readonly references: readonly Reference[];
  /** Data contracts (`metadata`, `ruleSet`) of registries that have them: handed on as they are. */
  readonly extras?: Readonly<Record<string, unknown>>;
}

/** Another schema that a schema builds on. */
export interface Reference {
  /** What the schema calls it: an import path, a type's full name, a URL. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** One version of a subject. The same id may be in many subjects. */
export interface SchemaVersion extends Schema {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  /** Soft-deleted: no longer listed, and still found by its id. */
  readonly deleted: boolean;
}

/** The key of a version in maps; no subject holds a line break. */
export function versionKey({ subject, version }: { subject: string; version: number }): string {
  return `${subject}\n${version}`;
}

/** For sentences: `orders-value version 3`. */
export function versionText({ subject, version }: { subject: string; version: number }): string {
  return `${subject} version ${version}`;
}
