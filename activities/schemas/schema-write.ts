import { FerryError } from '../../src/migration/errors.js';
import { afterNeeds } from '../../src/parallel/after-needs.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import { needs, predecessors } from '../../src/registry/order.js';
import { RegistryRefusal } from '../../src/registry/refusal.js';
import type { Registry } from '../../src/registry/registry.js';
import { versionKey, versionText, type Schema, type SchemaVersion } from '../../src/registry/schema.js';
import type { Slot } from './schema-counting.js';
import { takeBack, wrongId, type Progress } from './schema-import.js';
import { placeholder } from './schema-placeholder.js';
import { mappedReferences } from './schema-comparison.js';
import { ownSubjects } from './schema-subjects.js';

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
      if (given !== id) {
        await takeBack(target, version, given);
        throw wrongId(target, version, given);
      }
    } else if (id > highest || slot.subject !== ownSubjects.reserve) {
      const { subject } = slot;
      const schema = slot.holds ?? placeholder(slot.type, id);
      highest = await levels.registering(subject, () => target.register(subject, schema));
      if (highest < id) {
        await takeBack(target, { ...schema, subject }, highest);
        throw wrongId(target, { subject, id, version: 0 }, highest);
      }
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

/**
 * Compatibility of the subjects that this copy alone has filled: an old history need not pass the level of today, so the
 * level is lifted where the registry refuses, and set as on the source at the end, however that comes. Subjects in which
 * others have versions keep theirs.
 */
export class Levels {
  private readonly lifted = new Set<string>();

  /**
   * @param wanted the level in force on the source; `undefined` for a subject that is the ferry's own
   */
  constructor(
    private readonly target: Registry,
    private readonly own: (subject: string) => boolean,
    private readonly wanted: (subject: string) => string | undefined,
  ) {}

  async registering<T>(subject: string, register: () => Promise<T>): Promise<T> {
    try {
      return await register();
    } catch (error) {
      if (!(error instanceof RegistryRefusal) || !error.incompatible || !this.own(subject)) throw error;
      this.lifted.add(subject);
      await this.target.setCompatibility(subject, 'NONE');
      return register();
    }
  }

  /** Sets what differs. */
  async settle(differing: readonly { subject: string; level: string }[]): Promise<void> {
    await inParallel(differing, ({ subject, level }) => this.target.setCompatibility(subject, level));
  }

  /** Puts back what was lifted, whatever becomes of one. @param target as it is to be asked then */
  async restore(target: Registry): Promise<void> {
    await restoreLevels(target, [...this.lifted], async (subject) => this.wanted(subject));
    this.lifted.clear();
  }
}

/** @throws the first error, when all have been tried. */
export async function restoreLevels(
  target: Registry,
  subjects: readonly string[],
  wanted: (subject: string) => Promise<string | undefined>,
): Promise<string[]> {
  const restored: string[] = [];
  const failures: unknown[] = [];
  await inParallel(subjects, async (subject) => {
    try {
      if ((await target.compatibility(subject)) !== 'NONE') return;
      const level = await wanted(subject);
      if (level === 'NONE') return;
      if (level === undefined) await target.clearCompatibility(subject);
      else await target.setCompatibility(subject, level);
      restored.push(subject);
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
  return restored;
}

/**
 * Soft-deletes many at once, in the order given: what refers to others is gone before them.
 *
 * @returns those that the registry keeps because others refer to them: at Karapace whoever is soft-deleted counts too.
 */
export async function softDelete(
  target: Registry,
  versions: readonly SchemaVersion[],
  numbers: ReadonlyMap<string, number>,
): Promise<SchemaVersion[]> {
  const referring = new Map<string, SchemaVersion[]>();
  for (const version of versions)
    for (const reference of version.references) {
      const key = versionKey(reference);
      referring.set(key, [...(referring.get(key) ?? []), version]);
    }
  const kept: SchemaVersion[] = [];
  await afterNeeds(
    versions,
    (version) => referring.get(versionKey(version)) ?? [],
    async (version) => {
      try {
        await target.deleteVersion(version.subject, numbers.get(versionKey(version)) ?? version.version);
      } catch (error) {
        if (!(error instanceof RegistryRefusal) || !error.referredTo) throw error;
        kept.push(version);
      }
    },
  );
  return kept;
}
