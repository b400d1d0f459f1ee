import { z } from 'zod';
import { FerryError } from '../../src/migration/errors.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import { compareSchemas } from '../../src/registry/canonical.js';
import { leaveAll } from '../../src/registry/import-mode.js';
import type { Registry } from '../../src/registry/registry.js';
import { versionKey, versionText, type SchemaVersion } from '../../src/registry/schema.js';
import { readSnapshot, type Known, type Snapshot } from '../../src/registry/snapshot.js';
import type { Attempt } from '../kit/attempt.js';
import { asOnSource, countingSlots, openSlots, type Slot } from './schema-counting.js';
import { enterAll, importVersions, reserveId, type Keeping } from './schema-import.js';
import { orTranslate } from './schema-kept-ids.js';
import { idKeys, nextIdKey, planSchemas, type Ids, type SchemaPlan } from './schema-plan.js';
import { ownSubjects, type SubjectMoves } from './schema-subjects.js';
import { readTarget, type TargetView } from './schema-target.js';
import { appendVersions, fillSlots, Levels, softDelete } from './schema-write.js';
import { asking, blocking } from '../kit/weights.js';
import { listed } from '../kit/wording.js';

export interface CopyInput {
  source: Registry;
  target: Registry;
  moves: SubjectMoves;
  ids: Ids;
  /** Whoever copies the records can put other ids into them: where they cannot be kept, a person may have it so. */
  canTranslate?: boolean;
  /** How far beyond the source's ids the target goes on to give its own. */
  idDistance?: number;
  /** Have every id of the plan looked for on the target, of which some are enough where it has no subject. */
  everyId?: boolean;
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
  /** That the target keeps ids. */
  proved: boolean;
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
  /** That the target keeps ids was learned already. */
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
    idDistance,
    everyId = false,
    accepted = [],
  }: Omit<CopyInput, 'accepted'> & Partial<Pick<CopyInput, 'accepted'>>,
  before: Before = {},
): Promise<Compared> {
  await readLog(source);
  const isKarapace = await readLog(target);
  const from = await readSnapshot(source, moves.subjects, { ...(before.source && { known: before.source }) });
  const seen = await readTarget(target, {
    subjects: [...new Set(from.versions.map(({ subject }) => moves.rename(subject)))],
    ids: new Set(from.versions.map(({ id }) => id)),
    keepIds: ids === 'keep',
    source: source.name,
    isKarapace,
    everyId,
    ...(before.target && { known: before.target }),
  });
  const view = ids === 'keep' ? await withoutFillers(seen, from, source, moves) : seen;
  const planned = planSchemas({
    source: from,
    sourceName: source.name,
    target: view,
    moves,
    ids,
    ...(idDistance !== undefined && { idDistance }),
  });
  const plan = {
    ...planned,
    softDelete: planned.softDelete.filter((version) => !accepted.includes(staysKey(version))),
  };
  if (ids === 'keep' && plan.register.length > 0 && !view.hasModes && view.others.length > 0)
    plan.findings.push(idsNotKept(view, 'it has no import mode'));
  return {
    from,
    view,
    plan: canTranslate ? { ...plan, findings: orTranslate(plan.findings, target.name) } : plan,
  };
}

/**
 * What a copy that was killed has left where it counts: a version that is gone on the source, held for a while by what the
 * source has under its id.
 */
async function withoutFillers(
  view: TargetView,
  from: Snapshot,
  source: Registry,
  { rename }: SubjectMoves,
): Promise<TargetView> {
  if (view.others.length > 0) return view;
  const wanted = new Set(
    from.versions.map((version) => versionKey({ ...version, subject: rename(version.subject) })),
  );
  const ids = new Set(from.versions.map(({ id }) => id));
  const extra = view.versions.filter((version) => !wanted.has(versionKey(version)) && !ids.has(version.id));
  const fillers = await inParallel(extra, async (version) => {
    const held = await source.byId(version.id);
    return held && compareSchemas(version, held).kind === 'none' ? version : undefined;
  });
  return { ...view, versions: view.versions.filter((version) => !fillers.includes(version)) };
}

/** Whether it is a registry that tells so: Karapace. @throws FerryError `Unreachable` while it has not read its log. */
export async function readLog(registry: Registry): Promise<boolean> {
  const ready = await registry.ready();
  if (ready === false)
    throw new FerryError(
      'Unreachable',
      `Registry "${registry.name}" is still reading its own log, and answers with what it has so far: wait until it is ready.`,
    );
  return ready !== undefined;
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
  let levels: Levels | undefined;
  try {
    attempt.says(`Compares the schemas of ${source.name} and ${target.name}.`);
    const compared = await compareRegistries(bound, before);
    const { from, plan } = compared;
    const wanted = new Map(
      Object.entries(from.compatibility).map(([subject, level]) => [input.moves.rename(subject), level]),
    );
    levels = new Levels(
      target,
      (subject) => !plan.foreign.has(subject),
      (subject) => wanted.get(subject),
    );
    const written = await write(bound, compared, { before, levels, says: attempt.says, noteImport });
    await levels.restore(input.target);
    await leave();
    if (!written.changed) return written;
    const asked = (await verify(bound, compared)).filter(
      ({ key }) => !written.findings.some((finding) => finding.key === key),
    );
    return { ...written, findings: [...written.findings, ...asked] };
  } catch (error) {
    // What went wrong is what a person has to know; who asked for the copy has `leaveImport` called in any case.
    await levels?.restore(input.target).catch(() => undefined);
    await leave().catch(() => undefined);
    throw error;
  }
}

const noteShape = z.object({ importing: z.array(z.string()) });

async function write(
  { source, target, ids, canTranslate = false, accepted }: CopyInput,
  { from, view, plan }: Compared,
  {
    before,
    levels,
    says,
    noteImport,
  }: {
    before: Before;
    levels: Levels;
    says: Attempt['says'];
    noteImport: (subjects: readonly string[]) => Promise<void>;
  },
): Promise<Copied> {
  const idMap = new Map(plan.ids);
  const numbers = new Map(plan.numbers);
  const unwritten = (findings: Finding[]): Copied => ({
    findings,
    complete: false,
    proved: false,
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
  let way: Way = 'none';
  let proved = false;

  if (ids !== 'keep' && plan.register.length > 0) {
    way = 'appended';
    await appendVersions(target, plan.register, { ids: idMap, numbers }, levels, progress);
  } else if (plan.register.length > 0 || plan.reserve !== undefined) {
    const keeping = await byImport(
      target,
      { view, plan },
      { proved: before.keepsIds === true, progress, noteImport },
    );
    if (keeping.keepsIds) {
      way = 'import';
      proved = keeping.proved;
    } else {
      const others = view.others.length > 0;
      const counted = others
        ? { slots: [], findings: [idsNotKept(view, keeping.why)] }
        : countingSlots(plan.wanted, from.maxId, target.name);
      const open = await asOnSource(openSlots(counted.slots, plan.register, view.maxId), source, target.name);
      const inTheWay = [...counted.findings, ...open.findings];
      const findings = canTranslate ? orTranslate(inTheWay, target.name) : inTheWay;
      if (standing(findings, accepted).length > 0) return unwritten([...plan.findings, ...findings]);
      way = 'counted';
      await fillSlots(target, open.slots, levels, progress);
      await deleteFillers(target, counted.slots, plan.wanted);
    }
    for (const { id } of plan.register) idMap.set(id, id);
  }
  const kept = await softDelete(target, plan.softDelete, numbers);
  await levels.settle(plan.levels);
  return {
    findings: [
      ...plan.findings.filter(({ key }) => key !== nextIdKey || proved),
      ...kept.map((version) => stays(version, target.name)),
    ],
    proved,
    complete: true,
    changed: way !== 'none' || plan.softDelete.length > 0 || plan.levels.length > 0,
    way,
    registered: plan.register.length,
    deleted: plan.softDelete.length - kept.length,
    versions: plan.wanted.length,
    ids: idMap,
  };
}

/** Registers in import mode, and reserves ids; what a registry that keeps none says of itself. */
async function byImport(
  target: Registry,
  { view, plan }: Omit<Compared, 'from'>,
  {
    proved,
    progress,
    noteImport,
  }: {
    proved: boolean;
    progress: (done: number, all: number) => void;
    noteImport: (subjects: readonly string[]) => Promise<void>;
  },
): Promise<Keeping> {
  if (!view.hasModes) return { keepsIds: false, why: 'it has no import mode' };
  const reserving = plan.reserve === undefined ? [] : [ownSubjects.beyond(plan.source)];
  const entering = [...new Set(plan.register.map(({ subject }) => subject)), ...reserving];
  await noteImport(entering);
  const entered = await enterAll(target, entering, liveSubjects(view.versions));
  if (!entered.keepsIds) return entered;
  const there = { ids: new Set(view.ids.keys()), highest: view.maxId, proved };
  const keeping = await importVersions(target, plan.register, there, progress);
  if (!keeping.keepsIds || plan.reserve === undefined) return keeping;
  return {
    keepsIds: true,
    proved: await reserveId(target, ownSubjects.beyond(plan.source), plan.reserve),
  };
}

const staysKey = (version: SchemaVersion): string => `schema-stays:${versionText(version)}`;

/** A registry keeps a version as long as any other refers to it, deleted ones too. */
function stays(version: SchemaVersion, target: string): Finding {
  return asking(
    staysKey(version),
    `${versionText(version)} is deleted on the source, and ${target} does not delete it because others refer to it, which may be deleted themselves: accept that it stays there.`,
  );
}

const byKey = (versions: readonly SchemaVersion[]): Known =>
  new Map(versions.map((version) => [versionKey(version), version]));

/** Looks again at both registries, and reads back each version that was written. What the target has made of it may ask. */
async function verify(input: CopyInput, { from, view }: Compared): Promise<Finding[]> {
  const again = await compareRegistries(input, {
    source: byKey(from.versions),
    target: byKey(view.versions),
  });
  const { plan } = again;
  for (const [registry, before, now] of [
    [input.source, from.versions, again.from.versions],
    [input.target, view.versions, again.view.versions],
  ] as const)
    if (now.length < before.length)
      throw new FerryError(
        'Unreachable',
        `Registry "${registry.name}" shows fewer versions than a moment ago, as one does that reads its own log again: it is asked again.`,
      );
  const blocks = plan.findings.filter(({ weight }) => weight === 'blocks');
  if (blocks.length + plan.register.length + plan.levels.length > 0)
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
async function deleteFillers(
  target: Registry,
  slots: readonly Slot[],
  wanted: readonly SchemaVersion[],
): Promise<void> {
  const stay = new Set(wanted.map(versionKey));
  const fillers = slots.flatMap((slot) => (slot.kind === 'placeholder' ? [slot] : []));
  const ids = new Set(fillers.map(({ id }) => id));
  for (const subject of new Set(fillers.map((slot) => slot.subject))) {
    if (subject === ownSubjects.reserve) {
      for (const number of (await target.versions(subject)).slice(0, -1))
        await target.deleteVersion(subject, number);
      continue;
    }
    for (const version of await target.versions(subject, { deleted: true })) {
      if (stay.has(versionKey({ subject, version }))) continue;
      const there = await target.version(subject, version);
      if (!there || !ids.has(there.id)) continue;
      await target.deleteVersion(subject, version);
      await target.deleteVersion(subject, version, { permanent: true });
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
