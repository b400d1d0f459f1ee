import { z } from 'zod';
import { FerryError } from '../../src/migration/errors.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { tryImport, type ImportCapability } from '../../src/registry/capability.js';
import { leaveAll } from '../../src/registry/import-mode.js';
import type { Registry } from '../../src/registry/registry.js';
import { versionKey, type SchemaVersion } from '../../src/registry/schema.js';
import { readSnapshot, type Known, type Snapshot } from '../../src/registry/snapshot.js';
import type { Attempt } from '../kit/attempt.js';
import { countingSlots, openSlots, type Slot } from './schema-counting.js';
import { orTranslate } from './schema-kept-ids.js';
import { isPlaceholder } from './schema-placeholder.js';
import { idKeys, planSchemas, type Ids, type SchemaPlan } from './schema-plan.js';
import { ownSubjects, type SubjectMoves } from './schema-subjects.js';
import { readTarget, type TargetView } from './schema-target.js';
import {
  appendVersions,
  enterAll,
  fillSlots,
  importVersions,
  Levels,
  reserveId,
  softDelete,
} from './schema-write.js';
import { blocking } from '../kit/weights.js';
import { listed } from '../kit/wording.js';

export interface CopyInput {
  source: Registry;
  target: Registry;
  moves: SubjectMoves;
  ids: Ids;
  /** Whoever copies the records can put other ids into them: where they cannot be kept, a person may have it so. */
  canTranslate?: boolean;
  /** The migration's name, for what the ferry calls its own. */
  migration: string;
  accepted: readonly string[];
}

/** How versions were registered. `none`: none had to be. */
export type Way = 'none' | 'import' | 'counted' | 'appended';

export interface Copied {
  findings: Finding[];
  /** Whether the target has now all that the source has. `false`: a finding stands, and nothing was written. Findings of what was written may still ask. */
  complete: boolean;
  changed: boolean;
  way: Way;
  registered: number;
  deleted: number;
  /** All versions that the target is to have. */
  versions: number;
  /** Target id by source id. */
  ids: ReadonlyMap<number, number>;
}

/** What is known from before, when registries are compared again and again. */
export interface Before {
  source?: Known;
  target?: Known;
  /** Import mode was tried already. */
  keepsIds?: boolean;
}

interface Compared {
  from: Snapshot;
  view: TargetView;
  plan: SchemaPlan;
}

/** Both registries, read and compared. Changes nothing. */
export async function compareRegistries(
  {
    source,
    target,
    moves,
    ids,
    canTranslate = false,
  }: Pick<CopyInput, 'source' | 'target' | 'moves' | 'ids' | 'canTranslate'>,
  before: Before = {},
): Promise<Compared> {
  const from = await readSnapshot(source, moves.subjects, { ...(before.source && { known: before.source }) });
  const view = await readTarget(target, {
    subjects: [...new Set(from.versions.map(({ subject }) => moves.rename(subject)))],
    ids: new Set([...from.versions.map(({ id }) => id), from.maxId]),
    keepIds: ids === 'keep',
    ...(before.target && { known: before.target }),
  });
  const plan = planSchemas({ source: from, sourceName: source.name, target: view, moves, ids });
  if (ids === 'keep' && plan.register.length > 0 && !view.hasModes && view.others.length > 0)
    plan.findings.push(idsNotKept(view, 'it has no import mode'));
  return {
    from,
    view,
    plan: canTranslate ? { ...plan, findings: orTranslate(plan.findings, target.name) } : plan,
  };
}

/**
 * Copies versions, soft-deletions and compatibility levels. What is there already is compared and left, so a second call
 * goes on where the first was lost, and a third finds nothing to do.
 *
 * Whatever it puts into import mode is noted before, and taken out again when it ends, however it ends; only a process
 * that is killed leaves that to `leaveImport`.
 *
 * @throws FerryError `Conflict` when the target gives another id than asked for; `Refused`; `Changed` when the target is
 * not as it was left; what the registries' calls throw.
 */
export async function copyRegistry(
  input: CopyInput,
  attempt: Pick<Attempt, 'noted' | 'note' | 'says' | 'signal'>,
  before: Before = {},
): Promise<Copied> {
  const source = input.source.until(attempt.signal);
  const target = input.target.until(attempt.signal);
  const bound = { ...input, source, target };
  const importing = new Set(noteShape.safeParse(attempt.noted).data?.importing);
  const noteImport = async (subjects: readonly string[]): Promise<void> => {
    for (const subject of subjects) importing.add(subject);
    await attempt.note({ importing: [...importing] } satisfies z.infer<typeof noteShape>);
  };
  // A cancellation ends the copy, and not what puts the registry back: that is asked of the registry itself.
  const leave = () => leaveAll(input.target, [...importing]);
  try {
    attempt.says(`Compares the schemas of ${source.name} and ${target.name}.`);
    const compared = await compareRegistries(bound, before);
    const written = await write(bound, input.target, compared, before, attempt.says, noteImport);
    await leave();
    if (!written.changed) return written;
    const asked = (await verify(bound, compared)).filter(
      ({ key }) => !written.findings.some((finding) => finding.key === key),
    );
    return { ...written, findings: [...written.findings, ...asked] };
  } catch (error) {
    // What went wrong is what a person has to know; who asked for the copy has `leaveImport` called in any case.
    await leave().catch(() => undefined);
    throw error;
  }
}

const noteShape = z.object({ importing: z.array(z.string()) });

async function write(
  { target, moves, ids, canTranslate = false, migration, accepted }: CopyInput,
  unbound: Registry,
  { from, view, plan }: Compared,
  before: Before,
  says: Attempt['says'],
  noteImport: (subjects: readonly string[]) => Promise<void>,
): Promise<Copied> {
  const idMap = new Map(plan.ids);
  const numbers = new Map(plan.numbers);
  const unwritten = (findings: Finding[]): Copied => ({
    findings,
    complete: false,
    changed: false,
    way: 'none',
    registered: 0,
    deleted: 0,
    versions: plan.wanted.length,
    ids: idMap,
  });
  if (standing(plan.findings, accepted).length > 0) return unwritten(plan.findings);

  const progress = (done: number, all: number): void =>
    says(`Registered ${done} of ${all} schema versions on ${target.name}.`);
  const levels = new Levels(target, (subject) => !plan.foreign.has(subject));
  let way: Way = 'none';

  if (ids !== 'keep' && plan.register.length > 0) {
    way = 'appended';
    await appendVersions(target, plan.register, { ids: idMap, numbers }, levels, progress);
  } else if (plan.register.length > 0 || plan.reserve !== undefined) {
    const capability = await importCapability(unbound, { from, view }, before, migration, noteImport);
    if (capability.keepsIds) {
      way = 'import';
      const entering = [
        ...new Set(plan.register.map(({ subject }) => subject)),
        ...(plan.reserve === undefined ? [] : [ownSubjects.reserve]),
      ];
      await noteImport(entering);
      await enterAll(target, entering, liveSubjects(view.versions));
      await importVersions(target, plan.register, progress);
      if (plan.reserve !== undefined) await reserveId(target, plan.reserve);
    } else {
      way = 'counted';
      const { slots, findings: inTheWay } =
        view.others.length > 0
          ? { slots: [], findings: [idsNotKept(view, capability.why)] }
          : countingSlots(plan.wanted, from.maxId, target.name);
      const findings = canTranslate ? orTranslate(inTheWay, target.name) : inTheWay;
      if (standing(findings, accepted).length > 0) return unwritten([...plan.findings, ...findings]);
      await fillSlots(target, openSlots(slots, plan.register, view.maxId), levels, progress);
      await deleteFillers(target, slots);
    }
    for (const { id } of plan.register) idMap.set(id, id);
  }
  await softDelete(target, plan.softDelete, numbers);
  const wanted = new Map(
    Object.entries(from.compatibility).map(([subject, level]) => [moves.rename(subject), level]),
  );
  await levels.settle(plan.levels, (subject) => wanted.get(subject));
  return {
    findings: plan.findings,
    complete: true,
    changed: way !== 'none' || plan.softDelete.length > 0 || plan.levels.length > 0,
    way,
    registered: plan.register.length,
    deleted: plan.softDelete.length,
    versions: plan.wanted.length,
    ids: idMap,
  };
}

async function importCapability(
  target: Registry,
  { from, view }: Pick<Compared, 'from' | 'view'>,
  before: Before,
  migration: string,
  noteImport: (subjects: readonly string[]) => Promise<void>,
): Promise<ImportCapability> {
  if (before.keepsIds) return { keepsIds: true };
  const subject = ownSubjects.probe(migration);
  await noteImport([subject]);
  return tryImport(target, { subject, above: Math.max(from.maxId, view.maxId) });
}

const byKey = (versions: readonly SchemaVersion[]): Known =>
  new Map(versions.map((version) => [versionKey(version), version]));

/** Looks again at both registries, and reads back each version that was written. What the target has made of it may ask. */
async function verify(input: CopyInput, { from, view }: Compared): Promise<Finding[]> {
  const { plan } = await compareRegistries(input, {
    source: byKey(from.versions),
    target: byKey(view.versions),
  });
  const blocks = plan.findings.filter(({ weight }) => weight === 'blocks');
  if (blocks.length + plan.register.length + plan.softDelete.length + plan.levels.length > 0)
    throw new FerryError(
      'Changed',
      blocks[0]?.sentence ??
        `Registry "${input.target.name}" or "${input.source.name}" has changed while schemas were copied: copy them again.`,
    );
  return plan.findings.filter(({ weight }) => weight === 'asks');
}

/**
 * What stood in for versions that are gone is deleted for good, and what stood in for ids is deleted softly, to hold them.
 * The last of these stays: Apicurio shows no version of a subject that is deleted whole, and a later copy looks for it.
 */
async function deleteFillers(target: Registry, slots: readonly Slot[]): Promise<void> {
  const filled = new Set(slots.flatMap((slot) => (slot.kind === 'placeholder' ? [slot.subject] : [])));
  for (const subject of filled) {
    if (subject === ownSubjects.reserve) {
      for (const number of (await target.versions(subject)).slice(0, -1))
        await target.deleteVersion(subject, number);
      continue;
    }
    for (const number of await target.versions(subject, { deleted: true })) {
      const version = await target.version(subject, number);
      if (!version || !isPlaceholder(version)) continue;
      await target.deleteVersion(subject, number);
      await target.deleteVersion(subject, number, { permanent: true });
    }
  }
}

function liveSubjects(versions: readonly SchemaVersion[]): Set<string> {
  return new Set(versions.filter(({ deleted }) => !deleted).map(({ subject }) => subject));
}

function idsNotKept({ name, others }: TargetView, why: string): Finding {
  return blocking(
    idKeys.notKept,
    `${name} cannot keep the ids of the source, because ${why}, and it is not empty (${listed(others, 3)}): use a registry with import mode (Karapace 6.2.4 or later), or an empty one.`,
  );
}
