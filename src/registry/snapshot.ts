import { inParallel } from '../parallel/in-parallel.js';
import type { Registry } from './registry.js';
import { versionKey, type SchemaVersion } from './schema.js';
import { tableWith } from '../migration/by-name.js';

/** Everything that a registry holds of some subjects, and of those that their schemas refer to. */
export interface Snapshot {
  /** Soft-deleted ones too, by subject and version in ascending order. */
  readonly versions: readonly SchemaVersion[];
  /** The level in force for each subject: its own, else the registry's. */
  readonly compatibility: Readonly<Record<string, string>>;
  /** Subjects that were asked for and are not there. */
  readonly absent: readonly string[];
  /** Versions that are listed and not shown: Apicurio does so with those of a subject that was soft-deleted whole. */
  readonly unreadable: readonly { subject: string; version: number }[];
  /** References that lead to nothing: the version was deleted for good. */
  readonly broken: readonly { from: SchemaVersion; subject: string; version: number }[];
  /** The highest id the registry ever gave, or where it does not tell, the highest that was seen. */
  readonly maxId: number;
  readonly maxIdTold: boolean;
}

/** Reads versions that were read before no second time: a version never changes, except that it may be deleted. */
export type Known = ReadonlyMap<string, SchemaVersion>;

/** Two lists for each subject, one request for each version, one for each level. References are followed to their ends. */
export async function readSnapshot(
  registry: Registry,
  subjects: readonly string[],
  { known = new Map(), follow = true }: { known?: Known; follow?: boolean } = {},
): Promise<Snapshot> {
  const global = await registry.globalCompatibility();
  const versions = new Map<string, SchemaVersion>();
  const compatibility = tableWith<string>();
  const absent: string[] = [];
  const unreadable: { subject: string; version: number }[] = [];
  const asked = new Set<string>();
  let next = [...new Set(subjects)];
  while (next.length > 0) {
    for (const subject of next) asked.add(subject);
    const lists = await inParallel(next, (subject) => listSubject(registry, subject));
    const there = lists.filter(({ all }) => all.length > 0);
    absent.push(...lists.filter(({ all }) => all.length === 0).map(({ subject }) => subject));
    const levels = await inParallel(there, ({ subject }) => registry.compatibility(subject));
    there.forEach(({ subject }, index) => (compatibility[subject] = levels[index] ?? global));
    const read = await inParallel(
      there.flatMap(({ subject, all, live }) =>
        all.map((version) => ({ subject, version, deleted: !live.has(version) })),
      ),
      async (at) => {
        const seen = known.get(versionKey(at));
        if (seen) return { ...seen, deleted: at.deleted };
        const shown = await registry.version(at.subject, at.version);
        if (!shown) unreadable.push({ subject: at.subject, version: at.version });
        return shown && { ...shown, deleted: at.deleted };
      },
    );
    for (const version of read) if (version) versions.set(versionKey(version), version);
    next = follow
      ? [
          ...new Set(read.flatMap((version) => version?.references.map(({ subject }) => subject) ?? [])),
        ].filter((subject) => !asked.has(subject))
      : [];
  }
  const all = [...versions.values()].sort(
    (one, other) =>
      (one.subject < other.subject ? -1 : one.subject > other.subject ? 1 : 0) || one.version - other.version,
  );
  const broken = follow
    ? all.flatMap((from) =>
        from.references
          .filter((reference) => !versions.has(versionKey(reference)))
          .map(({ subject, version }) => ({ from, subject, version })),
      )
    : [];
  const seen = all.reduce((most, { id }) => Math.max(most, id), 0);
  const told = all[0] && (await registry.maxId(all[0].id));
  const asksFor = new Set(subjects);
  return {
    versions: all,
    compatibility,
    absent: absent.filter((subject) => asksFor.has(subject)),
    unreadable,
    broken,
    maxId: Math.max(seen, told ?? 0),
    maxIdTold: told !== undefined,
  };
}

async function listSubject(
  registry: Registry,
  subject: string,
): Promise<{ subject: string; all: number[]; live: Set<number> }> {
  const all = await registry.versions(subject, { deleted: true });
  const live = all.length > 0 ? await registry.versions(subject) : [];
  return { subject, all, live: new Set(live) };
}
