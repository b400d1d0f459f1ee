import { asKarapace, Unreadable } from './karapace-protobuf.js';

/**
 * What Karapace 6.2 does, without a server, as it was measured, reduced to what a copy of schemas meets.
 */
export interface RegistryTraits {
  /**
   * `kept`: ids and versions given in import mode are kept, as from 6.2.4 on. `read`: the mode can be asked for and not
   * changed, as before. `echoed`: the mode is remembered and changes nothing, as in Apicurio 3.3.3. `none`: no modes.
   */
  importMode: 'kept' | 'read' | 'echoed' | 'none';
  /** Whether modes may be changed (`mode_mutability`). */
  mutableModes: boolean;
  /** Whether the same schema may be imported under a second id (`allow_duplicate_schema_ids`). */
  duplicateIds: boolean;
  /** Whether `fetchMaxId` is honoured. */
  tellsMaxId: boolean;
  /** Whether Protobuf is written down anew, and JSON with its keys sorted. */
  writesAnew: boolean;
  compatibility: string;
  /** Whether there are contexts, as Confluent's registry has them. */
  contexts: boolean;
}

export interface Body {
  schema?: string;
  schemaType?: string;
  references?: Reference[];
  id?: number;
  version?: number;
}

interface Reference {
  name: string;
  subject: string;
  version: number;
}

interface Content {
  schema: string;
  schemaType: string;
  references: Reference[];
}

interface Version {
  id: number;
  deleted: boolean;
}

/** A refusal as the interface has it. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

const levels = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
];
const modes = ['READWRITE', 'IMPORT'];
const maxInt = 0x7fff_ffff;

export class RegistryRules {
  readonly traits: RegistryTraits;
  private readonly contents = new Map<number, Content>();
  private readonly subjects = new Map<string, Map<number, Version>>();
  private readonly ownModes = new Map<string, string>();
  /** Modes as `_schemas` has them: what was in memory alone is gone after a restart. */
  private readonly modesInLog = new Map<string, string>();
  private replaying = false;
  private readonly ownLevels = new Map<string, string>();
  private globalMode = 'READWRITE';
  private globalLevel: string;
  private maxId = 0;

  constructor(traits: Partial<RegistryTraits> = {}) {
    this.traits = {
      importMode: 'kept',
      mutableModes: true,
      duplicateIds: true,
      tellsMaxId: true,
      writesAnew: true,
      compatibility: 'BACKWARD',
      contexts: false,
      ...traits,
    };
    this.globalLevel = this.traits.compatibility;
  }

  /** What is read from here on is what it has so far: nothing, until `replayed`. */
  restart(): void {
    this.replaying = true;
    this.ownModes.clear();
    for (const [subject, mode] of this.modesInLog) this.ownModes.set(subject, mode);
  }

  replayed(): void {
    this.replaying = false;
  }

  health(): { schema_registry_ready: boolean } {
    return { schema_registry_ready: !this.replaying };
  }

  /** Deleted ones: also those that have a mode or a level and nothing else. */
  listSubjects(deleted: boolean): string[] {
    if (this.replaying) return [];
    const subjects = [...this.subjects].flatMap(([subject, versions]) =>
      [...versions.values()].some((version) => deleted || !version.deleted) ? [subject] : [],
    );
    const bare = deleted ? [...this.ownModes.keys(), ...this.ownLevels.keys()] : [];
    return [...new Set([...subjects, ...bare])];
  }

  listVersions(subject: string, deleted: boolean): number[] {
    const versions = [...this.versionsOf(subject)].flatMap(([number, version]) =>
      deleted || !version.deleted ? [number] : [],
    );
    if (versions.length === 0) throw noSubject(subject);
    return versions.sort((one, other) => one - other);
  }

  show(subject: string, number: number | 'latest', deleted: boolean) {
    const versions = this.versionsOf(subject);
    const wanted = number === 'latest' ? this.listVersions(subject, false).at(-1) : number;
    const version = wanted === undefined ? undefined : versions.get(wanted);
    if (!version || wanted === undefined || (version.deleted && !deleted))
      throw new Refused(404, 40402, `Version ${String(number)} not found.`);
    return { subject, version: wanted, id: version.id, ...this.content(version.id) };
  }

  byId(id: number, withMax: boolean) {
    return { ...this.content(id), ...(withMax && this.traits.tellsMaxId && { maxId: this.maxId }) };
  }

  usesOf(id: number): { subject: string; version: number }[] {
    this.content(id);
    return this.all().flatMap(({ subject, version, id: has, deleted }) =>
      has === id && !deleted ? [{ subject, version }] : [],
    );
  }

  find(subject: string, body: Body) {
    const versions = this.versionsOf(subject);
    const content = this.read(body, subject);
    for (const [version, { id, deleted }] of versions)
      if (!deleted && equal(this.content(id), content)) return { subject, version, id, ...this.content(id) };
    throw new Refused(404, 40403, 'Schema not found');
  }

  register(subject: string, body: Body): number {
    const content = this.read(body, subject);
    const mode = this.modeInForce(subject);
    const imports = this.traits.importMode === 'kept';
    if (imports && body.id !== undefined && mode !== 'IMPORT')
      throw new Refused(422, 42205, `Subject ${subject} is not in import mode`);
    if (imports && body.id === undefined && mode === 'IMPORT')
      throw new Refused(422, 42205, `Subject ${subject} is in import mode`);
    return imports && body.id !== undefined
      ? this.import(subject, content, body.id, body.version)
      : this.append(subject, content);
  }

  private import(subject: string, content: Content, id: number, number?: number): number {
    const versions = this.subjects.get(subject) ?? new Map<number, Version>();
    const version = number ?? this.nextVersion(versions);
    if (!Number.isInteger(id) || id < 1 || id > maxInt) throw new Refused(422, 42207, 'Invalid schema id');
    if (!Number.isInteger(version) || version < 1 || version > maxInt)
      throw new Refused(422, 42202, 'Invalid version');
    const known = this.contents.get(id);
    if (known && !equal(known, content))
      throw new Refused(409, 40901, `Overwrite new schema with id ${id} is not permitted.`);
    const there = versions.get(version);
    if (there && (there.id !== id || there.deleted))
      throw new Refused(409, 40901, `Overwrite ${subject} version ${version} is not permitted.`);
    const others = [...this.contents].some(([other, has]) => other !== id && equal(has, content));
    if (!known && others && !this.traits.duplicateIds)
      throw new Refused(422, 42207, 'The same schema exists under another id.');
    this.contents.set(id, content);
    versions.set(version, { id, deleted: false });
    this.subjects.set(subject, versions);
    this.maxId = Math.max(this.maxId, id);
    return id;
  }

  private append(subject: string, content: Content): number {
    const versions = this.subjects.get(subject) ?? new Map<number, Version>();
    for (const { id, deleted } of versions.values())
      if (!deleted && equal(this.content(id), content)) return id;
    this.checkCompatible(subject, versions, content);
    const known = [...this.contents].find(([, has]) => equal(has, content));
    const id = known?.[0] ?? ++this.maxId;
    this.contents.set(id, content);
    versions.set(this.nextVersion(versions), { id, deleted: false });
    this.subjects.set(subject, versions);
    return id;
  }

  deleteVersion(subject: string, number: number, permanent: boolean): number {
    const versions = this.versionsOf(subject);
    const version = versions.get(number);
    if (!version) throw new Refused(404, 40402, `Version ${number} not found.`);
    if (!permanent && version.deleted) throw new Refused(404, 40406, `Version ${number} was soft deleted.`);
    if (permanent && !version.deleted)
      throw new Refused(
        404,
        40407,
        `Version ${number} was not deleted first before being permanently deleted`,
      );
    this.checkUnused(subject, number);
    if (permanent) versions.delete(number);
    else version.deleted = true;
    this.forget(subject);
    return number;
  }

  deleteSubject(subject: string, permanent: boolean): number[] {
    const versions = this.versionsOf(subject);
    const gone = permanent ? [...versions.keys()] : this.listVersions(subject, false);
    if (permanent && [...versions.values()].some(({ deleted }) => !deleted))
      throw new Refused(
        404,
        40405,
        `Subject ${subject} was not deleted first before being permanently deleted`,
      );
    for (const number of gone) this.checkUnused(subject, number);
    for (const number of gone) {
      if (permanent) versions.delete(number);
      else versions.get(number)!.deleted = true;
    }
    this.forget(subject);
    return gone;
  }

  level(subject: string | undefined, defaultToGlobal: boolean): string {
    if (subject === undefined) return this.globalLevel;
    if (!this.subjects.has(subject)) throw noSubject(subject);
    const own = this.ownLevels.get(subject) ?? (defaultToGlobal ? this.globalLevel : undefined);
    if (own === undefined)
      throw new Refused(
        404,
        40408,
        `Subject '${subject}' does not have subject-level compatibility configured`,
      );
    return own;
  }

  setLevel(subject: string | undefined, level: string): void {
    if (!levels.includes(level)) throw new Refused(422, 42203, 'Invalid compatibility level.');
    if (subject === undefined) this.globalLevel = level;
    else this.ownLevels.set(subject, level);
  }

  clearLevel(subject: string): string {
    const level = this.level(subject, false);
    this.ownLevels.delete(subject);
    return level;
  }

  /** A subject without a mode of its own has the registry's. */
  mode(subject: string | undefined): string {
    this.mustHaveModes();
    if (subject !== undefined && !this.subjects.has(subject) && !this.ownModes.has(subject))
      throw noSubject(subject);
    return this.modeInForce(subject);
  }

  setMode(subject: string | undefined, mode: string, force: boolean): void {
    this.mustHaveModes();
    if (this.traits.importMode === 'read') throw new Refused(405, 405, 'Method Not Allowed');
    if (!modes.includes(mode)) throw new Refused(422, 42204, 'Invalid mode.');
    if (!this.traits.mutableModes) throw new Refused(422, 42205, 'Changes of mode are not allowed');
    const live = subject === undefined ? this.listSubjects(false) : this.hasLive(subject) ? [subject] : [];
    if (mode === 'IMPORT' && this.modeInForce(subject) !== 'IMPORT' && live.length > 0 && !force)
      throw new Refused(409, 40901, 'Cannot import since found existing subjects');
    if (subject === undefined) this.globalMode = mode;
    else {
      this.ownModes.set(subject, mode);
      this.modesInLog.set(subject, mode);
    }
  }

  /** Answers the mode that is in force then. */
  clearMode(subject: string): string {
    this.mustHaveModes();
    if (!this.ownModes.delete(subject)) throw noSubject(subject);
    this.modesInLog.delete(subject);
    return this.globalMode;
  }

  private mustHaveModes(): void {
    if (this.traits.importMode === 'none') throw new Refused(404, 0, 'Operation not supported.');
  }

  private modeInForce(subject: string | undefined): string {
    return (subject === undefined ? undefined : this.ownModes.get(subject)) ?? this.globalMode;
  }

  private versionsOf(subject: string): Map<number, Version> {
    const versions = this.subjects.get(subject);
    if (!versions) throw noSubject(subject);
    return versions;
  }

  private hasLive(subject: string): boolean {
    return [...(this.subjects.get(subject)?.values() ?? [])].some(({ deleted }) => !deleted);
  }

  private nextVersion(versions: ReadonlyMap<number, Version>): number {
    return Math.max(0, ...versions.keys()) + 1;
  }

  private content(id: number): Content {
    const content = this.contents.get(id);
    if (!content) throw new Refused(404, 40403, `Schema ${id} not found`);
    return content;
  }

  private all(): ({ subject: string; version: number } & Version)[] {
    return [...this.subjects].flatMap(([subject, versions]) =>
      [...versions].map(([version, is]) => ({ subject, version, ...is })),
    );
  }

  /** Whoever refers to a version counts until it is deleted for good. */
  private checkUnused(subject: string, version: number): void {
    const used = this.all().some((one) =>
      this.content(one.id).references.some((to) => to.subject === subject && to.version === version),
    );
    if (used) throw new Refused(422, 42206, `One or more references exist to ${subject} version ${version}`);
  }

  /** Ids stay bound to what they were given for, for ever. The mode of a subject is forgotten, and not in the log. */
  private forget(subject: string): void {
    if (this.subjects.get(subject)?.size !== 0) return;
    this.subjects.delete(subject);
    this.ownModes.delete(subject);
  }

  private read({ schema, schemaType, references = [] }: Body, subject: string): Content {
    if (typeof schema !== 'string') throw new Refused(422, 42201, 'Empty schema');
    const type = schemaType ?? 'AVRO';
    for (const to of references)
      if (this.subjects.get(to.subject)?.get(to.version)?.deleted !== false)
        throw new Refused(422, 42201, `No schema reference found for subject "${to.subject}" of ${subject}`);
    if (type === 'PROTOBUF')
      return { schema: this.traits.writesAnew ? readable(schema) : schema, schemaType: type, references };
    if (type !== 'AVRO' && type !== 'JSON') throw new Refused(422, 42201, `Invalid schema type ${type}`);
    if (type === 'JSON' && references.length > 0)
      throw new Refused(422, 44302, 'Schema references are not supported for JSON');
    const json = parsed(schema);
    if (json === undefined) throw new Refused(422, 42201, 'Invalid schema');
    const text = this.traits.writesAnew ? JSON.stringify(sorted(json)) : schema;
    return { schema: text, schemaType: type, references };
  }

  /** Of the rules of Avro those that are met most: a field that has another type, or is new and has no default. */
  private checkCompatible(subject: string, versions: ReadonlyMap<number, Version>, content: Content): void {
    const level = this.ownLevels.get(subject) ?? this.globalLevel;
    if (level === 'NONE' || content.schemaType !== 'AVRO') return;
    const live = [...versions].filter(([, { deleted }]) => !deleted).map(([number]) => number);
    const compared = level.endsWith('_TRANSITIVE') ? live : live.slice(-1);
    const next = fieldsOf(content.schema);
    for (const number of compared) {
      const before = fieldsOf(this.content(versions.get(number)!.id).schema);
      const readable = (reader: Fields, writer: Fields) =>
        Object.entries(reader).every(([name, { type, hasDefault }]) =>
          writer[name] ? writer[name].type === type : hasDefault,
        );
      const backward = level.startsWith('FORWARD') || readable(next, before);
      const forward = level.startsWith('BACKWARD') || readable(before, next);
      if (!backward || !forward)
        throw new Refused(409, 409, 'Schema being registered is incompatible with an earlier schema');
    }
  }
}

type Fields = Record<string, { type: string; hasDefault: boolean }>;

function fieldsOf(schema: string): Fields {
  const { fields = [] } = (parsed(schema) ?? {}) as { fields?: { name: string; type: unknown }[] };
  return Object.fromEntries(
    fields.map((field) => [field.name, { type: JSON.stringify(field.type), hasDefault: 'default' in field }]),
  );
}

function equal(one: Content, other: Content): boolean {
  return (
    one.schemaType === other.schemaType &&
    one.schema === other.schema &&
    JSON.stringify(one.references) === JSON.stringify(other.references)
  );
}

function readable(schema: string): string {
  try {
    return asKarapace(schema);
  } catch (error) {
    if (error instanceof Unreadable) throw new Refused(422, 42201, 'Invalid PROTOBUF schema');
    throw error;
  }
}

function noSubject(subject: string): Refused {
  return new Refused(404, 40401, `Subject '${subject}' not found.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]): [string, unknown] => [key, sorted(item)])
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}
