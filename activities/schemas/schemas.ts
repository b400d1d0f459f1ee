import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { FerryError } from '../../src/migration/errors.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { RegistryActivities } from '../../src/migration/work/schemas.js';
import type { Work } from '../../src/migration/work/work.js';
import { mirrorKind, type Migration } from '../../src/migration/file.js';
import { isMirrored } from '../../src/migration/strategies.js';
import { mapTopic } from '../../src/mirror/map-topic.js';
import { leaveAll } from '../../src/registry/import-mode.js';
import { versionKey, type SchemaVersion } from '../../src/registry/schema.js';
import { readSnapshot, type Snapshot } from '../../src/registry/snapshot.js';
import { attempting, type Attempt } from '../kit/attempt.js';
import type { Dependencies } from '../kit/dependencies.js';
import { partitionsIn, plannedTopics } from '../topics/planned-topics.js';
import { Doubt } from './doubt.js';
import { compareRegistries, copyRegistry, readLog, type CopyInput } from './schema-copy.js';
import {
  checkIdsInRecords,
  checkTranslated,
  idsInHeaders,
  idsNotCopied,
  idsNotSeen,
  sampleIds,
} from './schema-ids.js';
import { ownSubjects, subjectMoves } from './schema-subjects.js';
import { canTranslate, idsOf, SchemaTranslation } from './schema-translation.js';
import { copyWhole, leaveWhole, wholeInput } from './whole-registry.js';
import { sayCopied, sayLeft } from './schema-wording.js';
import { restoreLevels } from './schema-write.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { asking } from '../kit/weights.js';
import { count } from '../kit/wording.js';
import { under } from '../../src/migration/by-name.js';

type Answer<Name extends keyof Activities> = Awaited<ReturnType<Activities[Name]>>;
type SchemaActivities = Pick<Activities, 'copySchemas' | 'leaveImport' | 'watchSchemas'> & RegistryActivities;

/** All that schemas need of what activities are given. */
type Registered = Pick<Dependencies, 'clusters' | 'registries'>;

export function schemaActivities(dependencies: Dependencies): SchemaActivities {
  return {
    copySchemas: (input) => attempting((attempt) => copySchemas(dependencies, input, attempt)),
    leaveImport: (input) => attempting((attempt) => leaveImport(dependencies, input, attempt)),
    copyRegistry: (input) => attempting((attempt) => copyWhole(wholeInput(dependencies, input), attempt)),
    leaveRegistry: (input) => attempting((attempt) => leaveWhole(wholeInput(dependencies, input), attempt)),
    watchSchemas: (input) => watchSchemas(dependencies, input),
  };
}

function copyInput({ registries }: Registered, { migration, accepted = [] }: Work): CopyInput | undefined {
  const { schemas } = migration;
  return (
    schemas && {
      source: registries(schemas.source),
      target: registries(schemas.target),
      moves: subjectMoves(migration),
      ids: idsOf({ migration, accepted }),
      canTranslate: canTranslate(migration),
      idDistance: schemas.idDistance,
      accepted,
    }
  );
}

/** What a plan can say of the schemas of a migration. Changes nothing, so it does not know yet whether import mode works. */
export async function checkSchemas(
  dependencies: Registered,
  work: Pick<Work, 'migration' | 'accepted'>,
): Promise<Finding[]> {
  const input = copyInput(dependencies, work);
  if (!input) return [];
  const { from, plan } = await compareRegistries(input);
  return [
    ...plan.findings,
    ...notHeldBack(work.migration),
    ...(input.ids === 'any' ? [] : await checkSampled(dependencies, work, input, from)),
  ];
}

/** What records carry of schemas that are not copied, or carry elsewhere than before their bytes. */
async function checkSampled(
  { clusters }: Registered,
  { migration }: Pick<Work, 'migration'>,
  { source, ids }: CopyInput,
  { versions }: Snapshot,
): Promise<Finding[]> {
  const cluster = clusters(migration.source);
  const names = migration.topics.map(({ name }) => name);
  // What is not there is told by others.
  const there = [...(await cluster.topics(names)).values()].flatMap(({ value }) => value ?? []);
  const { samples, unseen } = await sampleIds(cluster, partitionsIn(there));
  const found = [
    ...(await idsNotCopied(samples, source, new Set(versions.map(({ id }) => id)))),
    ...(await idsInHeaders(samples, ids === 'translate', undefined)),
    ...idsNotSeen(unseen, cluster.name),
  ];
  // Whoever was reading its own log meanwhile knew no id.
  await readLog(source);
  return found;
}

/** The engine holds records back until their schemas are there; nobody can have MirrorMaker do so. */
function notHeldBack(migration: Migration): Finding[] {
  const { strategy, source, target } = migration;
  return isMirrored(strategy) && mirrorKind(migration) === 'mirrormaker'
    ? [
        asking(
          'schemas-not-held-back',
          `MirrorMaker does not wait for schemas: where a producer on ${source} registers one and uses it at once, a reader on ${target} may meet its id some seconds before it is there. Accept it if readers then try again, or if schemas are registered well before they are used; else take mirror: engine.`,
        ),
      ]
    : [];
}

/** Copies the schemas of the migration; for mirrored strategies the ids in the records are then looked for too. */
export async function copySchemas(
  dependencies: Dependencies,
  work: Work,
  attempt: Attempt,
): Promise<Answer<'copySchemas'>> {
  const input = copyInput(dependencies, work);
  if (!input) return { findings: [], sentence: 'No schema was copied: the migration names no registry.' };
  // What is copied already was copied as it is: it is too late to decide otherwise.
  const canTranslate = input.canTranslate === true && !(await mirrorBegan(dependencies, work));
  const copied = await copyRegistry({ ...input, canTranslate }, attempt);
  const findings = [...copied.findings, ...notHeldBack(work.migration)];
  if (!copied.complete) {
    const stand = standing(findings, input.accepted);
    return {
      findings,
      sentence: `Nothing was registered on ${input.target.name}: ${count(stand.length, 'finding')} to be mended or accepted first.`,
    };
  }
  if (input.ids !== 'any') {
    attempt.says(`Looks for the ids in the records of the source on ${input.target.name}.`);
    findings.push(...(await checkRecords(dependencies, work, input, attempt.signal)));
  }
  const { way, registered, deleted, versions } = copied;
  return { findings, sentence: sayCopied(copied, input), data: { way, registered, deleted, versions } };
}

async function mirrorBegan({ clusters }: Registered, { migration }: Work): Promise<boolean> {
  const name = mapTopic(migration.name);
  const row = (await clusters(migration.target).topics([name])).get(name);
  if (row?.error && row.error.type !== 'NotFound') throw row.error;
  return row?.value !== undefined;
}

async function checkRecords(
  { clusters, registries }: Registered,
  { migration, topicIds, accepted }: Work,
  { source, target }: CopyInput,
  signal: AbortSignal,
): Promise<Finding[]> {
  const cluster = clusters(migration.source);
  const topics = await plannedTopics(
    cluster,
    migration.topics.map(({ name }) => name),
    { topicIds },
  );
  const { samples, unseen } = await sampleIds(cluster, partitionsIn(topics), signal);
  const translation = await SchemaTranslation.of({ registries }, { migration, accepted }, signal);
  const found = await (translation
    ? checkTranslated(samples, translation, source.until(signal))
    : checkIdsInRecords(samples, source.until(signal), target.until(signal)));
  const inHeaders = await idsInHeaders(samples, translation !== undefined, target.until(signal));
  await readLog(source);
  await readLog(target);
  return [...found, ...inHeaders, ...idsNotSeen(unseen, cluster.name)];
}

/**
 * Takes whatever the migration may have put into import mode out of it, and puts back levels that were lifted. Every
 * subject of the copy counts, those that others refer to too; done already: the same.
 */
export async function leaveImport(
  dependencies: Dependencies,
  work: Work,
  attempt: Attempt,
): Promise<Answer<'leaveImport'>> {
  const input = copyInput(dependencies, work);
  if (!input) return { sentence: 'No registry was in import mode: the migration names none.' };
  const { moves } = input;
  const source = input.source.until(attempt.signal);
  const target = input.target.until(attempt.signal);
  attempt.says(`Takes ${target.name} out of import mode.`);
  const hasModes = (await target.globalMode()) !== undefined;
  // What needs the source comes last: it may be away, and this should get as far as it can.
  const left = hasModes
    ? await leaveAll(target, [ownSubjects.beyond(source.name), ...moves.subjects.map(moves.rename)])
    : [];
  const { versions, compatibility } = await readSnapshot(source, moves.subjects);
  const subjects = [...new Set(versions.map(({ subject }) => moves.rename(subject)))];
  if (hasModes) left.push(...(await leaveAll(target, subjects)));
  const levels = new Map(
    Object.entries(compatibility).map(([subject, level]) => [moves.rename(subject), level]),
  );
  const restored = await restoreLevels(target, [...subjects, ownSubjects.reserve], async (subject) =>
    levels.get(subject),
  );
  return { sentence: sayLeft(target, { left, hasModes, restored }) };
}

const followCarry = z.object({
  registered: z.number(),
  /** Import mode was tried and keeps ids. */
  keepsIds: z.boolean(),
  /** Versions that both registries showed last. */
  shown: z.object({ source: z.number(), target: z.number() }).optional(),
});
type FollowCarry = z.infer<typeof followCarry>;
type FollowAnswer = Exclude<Answer<'watchSchemas'>, { state: 'watching' }>;

/** Two registries are compared at most this often, ms: lists of every subject are read each time. */
const lookEveryMs = 2_000;
/** Versions do not change, unless they are deleted for good and made anew: all are read again after so many looks. */
const looksUntilAnew = 30;

function watchSchemas(dependencies: Dependencies, input: Parameters<Activities['watchSchemas']>[0]) {
  const follower = new Follower(dependencies, input);
  return watch<FollowAnswer, FollowCarry>(input, followCarry, (moment) => follower.look(moment));
}

/** Lets new versions follow. Import mode that an attempt which was killed has left on is left at the first look. */
class Follower {
  private readonly input: CopyInput;
  private readonly signal: AbortSignal;
  private source = new Map<string, SchemaVersion>();
  private target = new Map<string, SchemaVersion>();
  private looks = 0;
  private readonly doubt = new Doubt();
  private lookedAt = 0;
  private says = '';

  constructor(dependencies: Dependencies, work: Work) {
    const input = copyInput(dependencies, work);
    if (!input)
      throw new FerryError('BadInput', 'The migration names no schema registry: there is nothing to follow.');
    this.input = { ...input, canTranslate: false };
    this.signal = Context.current().cancellationSignal;
  }

  async look({
    carry = { registered: 0, keepsIds: false },
  }: Moment<FollowCarry>): Promise<Seen<FollowAnswer, FollowCarry>> {
    if (Date.now() - this.lookedAt < lookEveryMs) return { says: this.says, carry };
    const { input, signal } = this;
    const bound = { ...input, source: input.source.until(signal), target: input.target.until(signal) };
    if (this.looks++ % looksUntilAnew === 0) this.forget();
    const { from, view, plan } = await compareRegistries(bound, { source: this.source, target: this.target });
    this.lookedAt = Date.now();
    const shown = { source: from.versions.length, target: view.versions.length };
    const doubted = this.doubt.of({ before: carry.shown, now: shown, at: Date.now() });
    if (doubted !== undefined) {
      this.forget();
      this.says = `${input[doubted].name} shows fewer schema versions than before (${shown[doubted]} of ${carry.shown?.[doubted] ?? 0}), and is asked again before that is believed`;
      return { says: this.says, carry };
    }
    this.source = byKey(from.versions);
    this.target = byKey(view.versions);
    const importing = Object.keys(view.modes).filter((subject) => under(view.modes, subject) === 'IMPORT');
    if (importing.length > 0) await leaveAll(input.target, importing);

    if (this.standing(plan.findings).length > 0)
      return { answer: { state: 'asks', findings: plan.findings } };
    let { registered, keepsIds } = carry;
    let copiedNow = 0;
    if (plan.register.length > 0 || plan.softDelete.length > 0 || plan.reserve !== undefined) {
      const copied = await copyRegistry(
        input,
        { noted: undefined, note: async () => undefined, says: () => undefined, signal },
        { source: this.source, target: this.target, keepsIds },
      );
      if (!copied.complete || this.standing(copied.findings).length > 0)
        return { answer: { state: 'asks', findings: copied.findings } };
      copiedNow = copied.registered;
      registered += copied.registered;
      keepsIds ||= copied.proved;
    }
    this.says = `${count(plan.wanted.length, 'schema version')} of ${input.source.name} ${plan.wanted.length === 1 ? 'is' : 'are'} on ${input.target.name}${registered > 0 ? `, ${registered} of them followed` : ''}`;
    shown.target += copiedNow;
    return { says: this.says, carry: { registered, keepsIds, shown } };
  }

  private standing(findings: readonly Finding[]): Finding[] {
    return standing(findings, this.input.accepted);
  }

  private forget(): void {
    this.source = new Map();
    this.target = new Map();
  }
}

const byKey = (versions: readonly SchemaVersion[]): Map<string, SchemaVersion> =>
  new Map(versions.map((version) => [versionKey(version), version]));
