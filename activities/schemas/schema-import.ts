import { FerryError, isFerryError } from '../../src/migration/errors.js';
import { afterNeeds } from '../../src/parallel/after-needs.js';
import { compareSchemas } from '../../src/registry/canonical.js';
import { enterImport, leaveImport } from '../../src/registry/import-mode.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import { needs, predecessors } from '../../src/registry/order.js';
import { RegistryRefusal } from '../../src/registry/refusal.js';
import type { Registry } from '../../src/registry/registry.js';
import { versionKey, versionText, type SchemaVersion } from '../../src/registry/schema.js';
import { placeholder } from './schema-placeholder.js';

/** Said after each version that was registered. */
export type Progress = (done: number, all: number) => void;

/** Whether a registry keeps the ids and numbers that it is given. `why` goes on "..., because": `it has no import mode`. */
export type Keeping =
  /** `proved`: by an id that no registry that counts would have given. */
  { readonly keepsIds: true; readonly proved: boolean } | { readonly keepsIds: false; readonly why: string };

/**
 * Puts the subjects into import mode, the first alone: a registry that refuses it is asked nothing more. `live`: those of
 * which the target has live versions, which the plan has compared.
 */
export async function enterAll(
  target: Registry,
  [first, ...others]: readonly string[],
  live: ReadonlySet<string>,
): Promise<Keeping> {
  if (first === undefined) return { keepsIds: true, proved: false };
  const enter = (subject: string) => enterImport(target, subject, { force: live.has(subject) });
  try {
    await enter(first);
  } catch (error) {
    if (!isFerryError(error) || !['Refused', 'Unsupported'].includes(error.type)) throw error;
    const forbidden = error instanceof RegistryRefusal && error.code === 42205;
    return { keepsIds: false, why: forbidden ? 'it forbids changes of mode' : 'it has no import mode' };
  }
  await inParallel(others, enter);
  return { keepsIds: true, proved: false };
}

/**
 * Registers with ids and numbers kept, in import mode. Neither a mode that is echoed nor a 200 proves anything (Apicurio
 * 3.3.3 gives both, and another id), and an id that is used up to find out is bound for ever (Karapace). So it is learned
 * from versions that are copied anyway: one after the other until one has an id that no registry that counts would have
 * given, and is read back; then many at once. Each id that is answered is compared.
 *
 * @param there ids that the target has already, and its highest; `proved`: it was learned before.
 * @returns what the first wrong id says, when nothing else was registered; it was taken back.
 * @throws FerryError `Conflict` for a wrong id later on.
 */
export async function importVersions(
  target: Registry,
  order: readonly SchemaVersion[],
  there: { ids: ReadonlySet<number>; highest: number; proved: boolean },
  progress: Progress,
): Promise<Keeping> {
  const byKey = new Map(order.map((version) => [versionKey(version), version]));
  const before = predecessors(order);
  const left = new Set(order);
  const needed = (version: SchemaVersion) => needs(version, byKey, before).filter((one) => left.has(one));
  let { proved } = there;
  let { highest } = there;
  let done = 0;
  const register = async (version: SchemaVersion): Promise<number> => {
    const { subject, id, version: number } = version;
    try {
      return await target.register(subject, version, { id, version: number });
    } catch (error) {
      throw await taken(target, version, error);
    }
  };
  while (!proved && left.size > 0) {
    const proves = ({ id }: SchemaVersion) => id !== highest + 1 && !there.ids.has(id);
    const ready = [...left].filter((version) => needed(version).length === 0);
    const version = ready.find(proves) ?? ready[0]!;
    const sure = proves(version);
    let given: number;
    try {
      given = await register(version);
    } catch (error) {
      if (done > 0 || !(error instanceof RegistryRefusal) || error.code !== 42205) throw error;
      return { keepsIds: false, why: 'it refuses to register a schema with an id in import mode' };
    }
    if (given !== version.id) {
      await takeBack(target, version, given);
      if (done > 0) throw wrongId(target, version, given);
      return {
        keepsIds: false,
        why: `it was asked to keep id ${version.id} and gave ${given}, although it says it imports`,
      };
    }
    if (sure) {
      const [byId, byVersion] = [
        await target.byId(given),
        await target.version(version.subject, version.version),
      ];
      if (!byId || compareSchemas(byId, version).kind === 'other' || byVersion?.id !== given)
        return {
          keepsIds: false,
          why: `it said that it kept id ${given} as version ${version.version}, and shows something else there`,
        };
    }
    proved = sure;
    highest = Math.max(highest, given);
    left.delete(version);
    progress(++done, order.length);
  }
  const rest = order.filter((version) => left.has(version));
  await afterNeeds(rest, needed, async (version) => {
    const given = await register(version);
    if (given !== version.id) {
      await takeBack(target, version, given);
      throw wrongId(target, version, given);
    }
    progress(++done, order.length);
  });
  return { keepsIds: true, proved };
}

/** `409/40901` says that something is taken, and not what. */
async function taken(target: Registry, version: SchemaVersion, error: unknown): Promise<unknown> {
  if (!(error instanceof RegistryRefusal) || !error.taken) return error;
  const { id, subject, version: number } = version;
  const says = (sentence: string) => new RegistryRefusal('Conflict', sentence, error.status, error.code);
  const holder = await target.byId(id);
  if (holder && compareSchemas(holder, version).kind === 'other')
    return says(
      `Registry "${target.name}" has bound id ${id}, that of ${versionText(version)}, to another schema, and Karapace never gives an id free: use a registry in which it is free.`,
    );
  const live = (await target.versions(subject)).includes(number);
  return says(
    live
      ? `${versionText(version)} is on registry "${target.name}" already, as another schema: find out who registered it, and copy again.`
      : `${versionText(version)} is deleted on registry "${target.name}", which takes nothing in its place: delete it there for good, and copy again.`,
  );
}

/**
 * Takes back what a registry has registered under another id than it was to. The mode goes first: a subject whose last
 * version is deleted for good would be in import mode again when Karapace is started anew.
 */
export async function takeBack(
  target: Registry,
  version: Pick<SchemaVersion, 'subject'> & Parameters<Registry['find']>[1],
  given: number,
): Promise<void> {
  const found = await target.find(version.subject, version);
  if (found?.id !== given) return;
  await target.deleteVersion(version.subject, found.version);
  await leaveImport(target, version.subject);
  await target.deleteVersion(version.subject, found.version, { permanent: true });
}

export function wrongId(
  { name }: Registry,
  version: Pick<SchemaVersion, 'id' | 'version' | 'subject'>,
  given: number,
): FerryError {
  const what = version.version > 0 ? versionText(version) : `a version of ${version.subject}`;
  return new FerryError(
    'Conflict',
    `Registry "${name}" gave id ${given} to ${what}, which has id ${version.id} on the source; it was taken back: use a registry with import mode, or a new and empty one that nobody else writes to.`,
  );
}

/** The ids next to it are tried when somebody else holds it. */
const triesForReserve = 16;

/**
 * Has the target give ids above this one from now on, so that what applications register there never meets what the source
 * gives later. A placeholder holds it, which the source is far from giving; soft-deleted, it is in nobody's way.
 *
 * @returns whether the target has kept that id, which no registry that counts would have given.
 */
export async function reserveId(target: Registry, subject: string, from: number): Promise<boolean> {
  for (let id = from; ; id++) {
    const version = ((await target.versions(subject, { deleted: true })).at(-1) ?? 0) + 1;
    try {
      const given = await target.register(subject, placeholder('AVRO', id), { id, version });
      if (given === id) {
        await target.deleteVersion(subject, version);
        return true;
      }
      await takeBack(target, { subject, ...placeholder('AVRO', id) }, given);
      return false;
    } catch (error) {
      if (!(error instanceof RegistryRefusal) || !error.taken || id - from >= triesForReserve) throw error;
    }
  }
}
