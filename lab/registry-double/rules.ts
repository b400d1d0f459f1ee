/**
 * What a schema registry with import mode does, without a server: the rules of Confluent's registry as Karapace 6.2.4
 * has them too (its `sr_migrate.py` is tested against such rules), reduced to what a copy of schemas meets.
 */
export interface RegistryTraits {
  /** `kept`: ids and versions given in import mode are kept. `echoed`: the mode is remembered and changes nothing, as in Apicurio 3.3.3. `none`: no modes. */
  importMode: 'kept' | 'echoed' | 'none';
  /** Whether modes may be changed (`mode_mutability`). */
  mutableModes: boolean;
  /** Whether the same schema may be imported under a second id (`allow_duplicate_schema_ids`). */
  duplicateIds: boolean;
  /** Whether `fetchMaxId` is honoured. */
  tellsMaxId: boolean;
  /** Whether JSON is kept with its keys sorted, as Karapace does. */
  sortsKeys: boolean;
  compatibility: string;
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
const modes = ['READWRITE', 'READONLY', 'IMPORT'];
const maxInt = 0x7fff_ffff;

export class RegistryRules {
  readonly traits: RegistryTraits;
  private readonly contents = new Map<number, Content>();
  private readonly subjects = new Map<string, Map<number, Version>>();
  private readonly ownModes = new Map<string, string>();
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
      sortsKeys: false,
      compatibility: 'BACKWARD',
      ...traits,
    };
    this.globalLevel = this.traits.compatibility;
  }

  listSubjects(deleted: boolean): string[] {
    return [...this.subjects].flatMap(([subject, versions]) =>
      [...versions.values()].some((version) => deleted || !version.deleted) ? [subject] : [],
    );
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
    if (mode === 'READONLY') throw new Refused(422, 42205, `Subject ${subject} is in read-only mode`);
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
    for (const value of [id, version])
      if (!Number.isInteger(value) || value < 1 || value > maxInt)
        throw new Refused(422, 42201, 'Ids and versions are from 1 to 2147483647');
    const known = this.contents.get(id);
    if (known && !equal(known, content))
      throw new Refused(422, 42205, `Overwrite new schema with id ${id} is not permitted.`);
    const there = versions.get(version);
    if (there && there.id !== id)
      throw new Refused(422, 42205, `Overwrite ${subject} version ${version} is not permitted.`);
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

  mode(subject: string | undefined, defaultToGlobal: boolean): string {
    this.mustHaveModes();
    if (subject === undefined) return this.globalMode;
    const own = this.ownModes.get(subject) ?? (defaultToGlobal ? this.globalMode : undefined);
    if (own === undefined)
      throw new Refused(404, 40409, `Subject '${subject}' does not have subject-level mode configured`);
    return own;
  }

  setMode(subject: string | undefined, mode: string, force: boolean): void {
    this.mustHaveModes();
    if (!modes.includes(mode)) throw new Refused(422, 42204, 'Invalid mode.');
    if (!this.traits.mutableModes) throw new Refused(422, 42205, 'Changes of mode are not allowed');
    const live = subject === undefined ? this.listSubjects(false) : this.hasLive(subject) ? [subject] : [];
    if (mode === 'IMPORT' && this.modeInForce(subject) !== 'IMPORT' && live.length > 0 && !force)
      throw new Refused(409, 40901, 'Cannot import since found existing subjects');
    if (subject === undefined) this.globalMode = mode;
    else this.ownModes.set(subject, mode);
  }

  clearMode(subject: string): string {
    const mode = this.mode(subject, false);
    this.ownModes.delete(subject);
    return mode;
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

  private checkUnused(subject: string, version: number): void {
    const used = this.all().some(
      (one) =>
        !one.deleted &&
        this.content(one.id).references.some((to) => to.subject === subject && to.version === version),
    );
    if (used) throw new Refused(422, 42206, `One or more references exist to ${subject} version ${version}`);
  }

  /** What no subject has any more is found by its id no longer; the id is never given again. */
  private forget(subject: string): void {
    if (this.subjects.get(subject)?.size === 0) this.subjects.delete(subject);
    const used = new Set(this.all().map(({ id }) => id));
    for (const id of this.contents.keys()) if (!used.has(id)) this.contents.delete(id);
  }

  private read({ schema, schemaType, references = [] }: Body, subject: string): Content {
    if (typeof schema !== 'string') throw new Refused(422, 42201, 'Empty schema');
    const type = schemaType ?? 'AVRO';
    for (const to of references)
      if (!this.subjects.get(to.subject)?.has(to.version))
        throw new Refused(422, 42201, `No schema reference found for subject "${to.subject}" of ${subject}`);
    if (type === 'PROTOBUF') {
      if (!/\b(message|enum)\b/.test(schema)) throw new Refused(422, 42201, 'Invalid schema');
      return { schema, schemaType: type, references };
    }
    if (type !== 'AVRO' && type !== 'JSON') throw new Refused(422, 42201, `Invalid schema type ${type}`);
    const json = parsed(schema);
    if (json === undefined) throw new Refused(422, 42201, 'Invalid schema');
    const text = this.traits.sortsKeys ? JSON.stringify(sorted(json)) : schema;
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
