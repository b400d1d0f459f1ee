import { inParallel } from '../../src/parallel/in-parallel.js';
import type { Registry } from '../../src/registry/registry.js';
import type { Schema, SchemaVersion } from '../../src/registry/schema.js';
import { readSnapshot, type Known } from '../../src/registry/snapshot.js';
import { isOwnSubject, ownSubjects } from './schema-subjects.js';
import { tableWith } from '../../src/migration/by-name.js';

/** What the target registry holds already of what a copy is about. */
export interface TargetView {
  readonly name: string;
  /** Of the subjects of the copy, soft-deleted ones too, by their names there. */
  readonly versions: readonly SchemaVersion[];
  /** Schemas that it has under ids of the source, wherever. */
  readonly ids: ReadonlyMap<number, Schema>;
  /** The level in force for each subject of the copy. */
  readonly compatibility: Readonly<Record<string, string>>;
  /** Modes of subjects of the copy that have one of their own. */
  readonly modes: Readonly<Record<string, string>>;
  /** Whether it knows modes at all; without, nothing can be imported. */
  readonly hasModes: boolean;
  /** Subjects that are no part of the copy, and not the ferry's own: some of them, or none. */
  readonly others: readonly string[];
  /** The highest id known: what it tells, else what was seen here. */
  readonly maxId: number;
  /** The id beyond those of this source, above which the target gives its own; 0: none was reserved. */
  readonly reserved: number;
  /** The mode of the registry as a whole. */
  readonly globalMode: string | undefined;
  /** Whether it is a Karapace, as far as it can be told: what it will refuse is known beforehand. */
  readonly isKarapace: boolean;
}

/** Reads what a plan needs to know of the target. Changes nothing. */
export async function readTarget(
  target: Registry,
  {
    subjects,
    ids,
    keepIds,
    source,
    known,
    isKarapace = false,
    everyId = false,
  }: {
    subjects: readonly string[];
    ids: ReadonlySet<number>;
    keepIds: boolean;
    source: string;
    known?: Known;
    isKarapace?: boolean;
    everyId?: boolean;
  },
): Promise<TargetView> {
  const listed = new Set(await target.subjects({ deleted: true }));
  const there = subjects.filter((subject) => listed.has(subject));
  const others = [...listed].filter((subject) => !isOwnSubject(subject) && !subjects.includes(subject));
  const snapshot = await readSnapshot(target, there, { follow: false, ...(known && { known }) });
  const global = await target.globalCompatibility();
  const missing = subjects.filter((subject) => !listed.has(subject));
  // A level may be set before there is a version.
  const levels = await inParallel(missing, (subject) => target.compatibility(subject));
  const compatibility = tableWith(snapshot.compatibility);
  missing.forEach((subject, index) => (compatibility[subject] = levels[index] ?? global));

  const globalMode = await target.globalMode();
  const modes = tableWith<string>();
  if (globalMode !== undefined)
    await inParallel(subjects, async (subject) => {
      const mode = await target.mode(subject);
      if (mode !== undefined) modes[subject] = mode;
    });

  const held = new Map<number, Schema>(snapshot.versions.map((version) => [version.id, version]));
  // An id that no subject of the copy has may still be bound: by another subject, or by one that is gone for good.
  const unknown = keepIds ? [...ids].filter((id) => !held.has(id)) : [];
  const hold = (some: readonly number[]) =>
    inParallel(some, async (id) => {
      const schema = await target.byId(id);
      if (schema) held.set(id, schema);
    });
  // Of a registry without subjects some are enough to see that it was not always without; each is refused if need be.
  const some = listed.size > 0 || everyId ? unknown : spread(unknown, mostSampled);
  await hold(some);
  if (some.length < unknown.length && some.some((id) => held.has(id)))
    await hold(unknown.filter((id) => !some.includes(id)));

  const beyond = ownSubjects.beyond(source);
  const reserved = listed.has(beyond) ? await highestOf(target, beyond) : 0;
  const counted = listed.has(ownSubjects.reserve) ? await highestOf(target, ownSubjects.reserve) : 0;
  const own = Math.max(reserved, counted);
  const anyId = held.keys().next().value ?? (own > 0 ? own : await anyIdOf(target, others));
  const told = anyId === undefined ? undefined : await target.maxId(anyId);
  return {
    name: target.name,
    versions: snapshot.versions,
    ids: held,
    compatibility,
    modes,
    hasModes: globalMode !== undefined,
    others,
    maxId: Math.max(told ?? 0, snapshot.maxId, own),
    reserved,
    globalMode,
    isKarapace,
  };
}

const mostSampled = 50;

/** So many of them at most, from all over. */
function spread(ids: readonly number[], most: number): number[] {
  const step = Math.max(1, ids.length / most);
  return ids.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

/** Placeholders hold ids in ascending order. */
async function highestOf(target: Registry, subject: string): Promise<number> {
  const latest = (await target.versions(subject, { deleted: true })).at(-1);
  const version = latest === undefined ? undefined : await target.version(subject, latest);
  return version?.id ?? 0;
}

/** What a registry tells of its highest id, it tells together with a schema. */
async function anyIdOf(target: Registry, [subject]: readonly string[]): Promise<number | undefined> {
  const [version] = subject === undefined ? [] : await target.versions(subject, { deleted: true });
  if (subject === undefined || version === undefined) return undefined;
  return (await target.version(subject, version))?.id;
}
