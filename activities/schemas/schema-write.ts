import { FerryError } from '../../src/migration/errors.js';
import { afterNeeds } from '../../src/parallel/after-needs.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import { enterImport } from '../../src/registry/import-mode.js';
import { needs, predecessors } from '../../src/registry/order.js';
import { RegistryRefusal } from '../../src/registry/refusal.js';
import type { Registry } from '../../src/registry/registry.js';
import { versionKey, versionText, type Schema, type SchemaVersion } from '../../src/registry/schema.js';
import type { Slot } from './schema-counting.js';
import { placeholder } from './schema-placeholder.js';
import { mappedReferences } from './schema-plan.js';
import { ownSubjects } from './schema-subjects.js';

/** Said after each version that was registered. */
export type Progress = (done: number, all: number) => void;

/** Puts the subjects into import mode; `live`: those of which the target has live versions, which the plan has compared. */
export async function enterAll(
  target: Registry,
  subjects: readonly string[],
  live: ReadonlySet<string>,
): Promise<void> {
  await inParallel(subjects, (subject) => enterImport(target, subject, { force: live.has(subject) }));
}

/** Registers with ids and numbers kept, in import mode, many at once. Each id that is answered is compared. */
export async function importVersions(
  target: Registry,
  order: readonly SchemaVersion[],
  progress: Progress,
): Promise<void> {
  let done = 0;
  await throughNeeds(order, async (version) => {
    const { subject, id, version: number } = version;
    const given = await target.register(subject, version, { id, version: number });
    if (given !== id) throw await wrongId(target, version, given);
    progress(++done, order.length);
  });
}

/**
 * Registers at a registry that counts, one after the other. Each id that is answered is compared. An id that the registry
 * has used up by itself (Apicurio does, for a schema that it knows from another subject) needs no placeholder.
 */
export async function fillSlots(
  target: Registry,
  slots: readonly Slot[],
  levels: Levels,
  progress: Progress,
): Promise<void> {
  let highest = 0;
  for (const [index, slot] of slots.entries()) {
    const { id } = slot;
    if (slot.kind === 'version') {
      const { version } = slot;
      const given = await levels.registering(version.subject, () =>
        target.register(version.subject, version),
      );
      if (given !== id) throw await wrongId(target, version, given);
    } else if (id > highest || slot.subject !== ownSubjects.reserve) {
      const { subject } = slot;
      const schema = placeholder(slot.type, id);
      highest = await levels.registering(subject, () => target.register(subject, schema));
      if (highest < id)
        throw await wrongId(target, { ...schema, subject, id, version: 0, deleted: false }, highest);
    }
    progress(index + 1, slots.length);
  }
}

/**
 * Registers under ids and numbers that the target chooses, many at once, and adds them to the maps. What a version refers
 * to is named by the numbers of the target.
 */
export async function appendVersions(
  target: Registry,
  order: readonly SchemaVersion[],
  { ids, numbers }: { ids: Map<number, number>; numbers: Map<string, number> },
  levels: Levels,
  progress: Progress,
): Promise<void> {
  let done = 0;
  await throughNeeds(order, async (version) => {
    const references = mappedReferences(version, numbers);
    if (!references)
      throw new FerryError(
        'Changed',
        `What ${versionText(version)} refers to is not on registry "${target.name}": copy the schemas again.`,
      );
    const schema: Schema = { ...version, references };
    const id = await levels.registering(version.subject, () => target.register(version.subject, schema));
    const found = await target.find(version.subject, schema);
    if (found?.id !== id)
      throw new FerryError(
        'Unexpected',
        `Registry "${target.name}" said that it registered ${versionText(version)} with id ${id}, and does not show it: see its log.`,
      );
    ids.set(version.id, id);
    numbers.set(versionKey(version), found.version);
    progress(++done, order.length);
  });
}

function throughNeeds(
  order: readonly SchemaVersion[],
  work: (version: SchemaVersion) => Promise<void>,
): Promise<void> {
  const byKey = new Map(order.map((version) => [versionKey(version), version]));
  const before = predecessors(order);
  return afterNeeds(order, (version) => needs(version, byKey, before), work);
}

/** Takes back what a registry has registered under another id than it was to, so that a later attempt finds it as it was. */
async function wrongId(target: Registry, version: SchemaVersion, given: number): Promise<FerryError> {
  const { subject, id } = version;
  const found = await target.find(subject, version);
  if (found?.id === given) {
    await target.deleteVersion(subject, found.version);
    await target.deleteVersion(subject, found.version, { permanent: true });
  }
  return new FerryError(
    'Conflict',
    `Registry "${target.name}" gave id ${given} to ${version.version > 0 ? versionText(version) : `a version of ${subject}`}, which has id ${id} on the source; it was taken back: use a registry with import mode, or a new and empty one that nobody else writes to.`,
  );
}

/**
 * Compatibility of the subjects that this copy alone has filled: an old history need not pass the level of today, so the
 * level is lifted where the registry refuses, and set as on the source at the end. Subjects in which others have
 * versions keep theirs.
 */
export class Levels {
  private readonly lifted = new Set<string>();

  constructor(
    private readonly target: Registry,
    private readonly own: (subject: string) => boolean,
  ) {}

  async registering<T>(subject: string, register: () => Promise<T>): Promise<T> {
    try {
      return await register();
    } catch (error) {
      if (!(error instanceof RegistryRefusal) || !error.incompatible || !this.own(subject)) throw error;
      await this.target.setCompatibility(subject, 'NONE');
      this.lifted.add(subject);
      return register();
    }
  }

  /** Sets what differs, and what was lifted. */
  async settle(
    differing: readonly { subject: string; level: string }[],
    wanted: (subject: string) => string | undefined,
  ): Promise<void> {
    const levels = new Map(differing.map(({ subject, level }) => [subject, level]));
    for (const subject of this.lifted) {
      const level = wanted(subject);
      if (level !== undefined) levels.set(subject, level);
    }
    await inParallel([...levels], ([subject, level]) => this.target.setCompatibility(subject, level));
  }
}

/** Soft-deletes many at once, in the order given: what refers to others is gone before them. */
export async function softDelete(
  target: Registry,
  versions: readonly SchemaVersion[],
  numbers: ReadonlyMap<string, number>,
): Promise<void> {
  const referring = new Map<string, SchemaVersion[]>();
  for (const version of versions)
    for (const reference of version.references) {
      const key = versionKey(reference);
      referring.set(key, [...(referring.get(key) ?? []), version]);
    }
  await afterNeeds(
    versions,
    (version) => referring.get(versionKey(version)) ?? [],
    (version) => target.deleteVersion(version.subject, numbers.get(versionKey(version)) ?? version.version),
  );
}

/** Holds the id in import mode, so that the target never gives it to anything; soft-deleted, it is in nobody's way. */
export async function reserveId(target: Registry, id: number): Promise<void> {
  const subject = ownSubjects.reserve;
  const version = ((await target.versions(subject, { deleted: true })).at(-1) ?? 0) + 1;
  const given = await target.register(subject, placeholder('AVRO', id), { id, version });
  if (given !== id)
    throw new FerryError(
      'Conflict',
      `Registry "${target.name}" gave id ${given} where ${id} was to be reserved: somebody else registers schemas there; copy again.`,
    );
  await target.deleteVersion(subject, version);
}
