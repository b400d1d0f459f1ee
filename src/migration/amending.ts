import { parseMigration, type Migration } from './file.js';
import { mistakeText } from './mistakes.js';
import { inFull } from './listed.js';
import { isClosed, isPassed, madeByPeople, partsOf, type MigrationState, type Step } from './state.js';
import { stepKind, type StepId } from './strategies.js';

/** One difference between the file as it is carried out and a new one. */
interface Change {
  /** For example `waits.soak` or `consumers.billing.isolation`. */
  path: string[];
  /** For example `24h → 7d`, `+ audit` or `- audit`. */
  what: string;
}

export type Amendment =
  | { migration: Migration; changes: string[]; refusal?: undefined }
  | { refusal: string; migration?: undefined; changes?: undefined };

const mostRefused = 10;

/**
 * What a new migration file changes in a migration that runs, one line for each difference; a sentence with the way on
 * when it changes anything that no longer can be. Changes nothing.
 *
 * @param since whether a rule that came later holds for this history (`claims.ts`)
 */
export function amendment(
  state: MigrationState,
  file: unknown,
  since: (rule: 'shares-until-prepared') => boolean = () => true,
): Amendment {
  const { migration: said, mistakes = [] } = parseMigration(file);
  const migration = said && state.facts.byPeople ? madeByPeople(said) : said;
  if (!migration) return { refusal: `not a migration file: ${mistakes.map(mistakeText).join('; ')}` };
  const changes = differences(state.migration, migration);
  const refused = changes.flatMap((change) => {
    const why = fixed(state, change, since);
    return why === undefined ? [] : [`${textOf(change)}: ${why}`];
  });
  if (refused.length > 0) return { refusal: `nothing was changed: ${inFull(refused, '; ', mostRefused)}` };
  return { migration: inOrderOf(state.migration, migration), changes: changes.map(textOf) };
}

/** Parts of human steps by the file as it is now: what was said for those that stay is kept. */
export function partsAnew(state: MigrationState): void {
  for (const step of state.steps) {
    const names = partsOf(step.id, state.migration);
    if (!names || isClosed(step)) continue;
    step.parts = names.map((name) => step.parts?.find((part) => part.name === name) ?? { name });
  }
}

/**
 * The topics in the order in which they run: places in that order divide the work of a mirror and stand for names in what
 * is remembered of commits and ACLs, and to a person the order says nothing.
 */
function inOrderOf(running: Migration, migration: Migration): Migration {
  const byName = new Map(migration.topics.map((topic) => [topic.name, topic]));
  return { ...migration, topics: running.topics.map((topic) => byName.get(topic.name) ?? topic) };
}

const textOf = ({ path, what }: Change): string => `${path.join('.')}: ${what}`;

/** Of what is a list in the file, each thing by its name. */
function differences(before: unknown, after: unknown, path: string[] = []): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const [from, to] = [fieldsOf(before), fieldsOf(after)];
  if (!from || !to) return [{ path, what: `${shown(before)} → ${shown(after)}` }];
  return [...new Set([...from.keys(), ...to.keys()])].flatMap((key) => {
    const isListed = Array.isArray(before ?? after);
    if (isListed && !to.has(key)) return [{ path, what: `- ${key}` }];
    if (isListed && !from.has(key)) return [{ path, what: `+ ${key}` }];
    return differences(from.get(key), to.get(key), [...path, key]);
  });
}

/** A list by names, so that its order means nothing; a `Map`, since a name may be that of a method. */
function fieldsOf(value: unknown): Map<string, unknown> | undefined {
  if (Array.isArray(value)) return new Map(value.map((item: unknown) => [nameOf(item), item]));
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
}

function nameOf(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item);
  const { name, group } = item as { name?: string; group?: string };
  return name ?? group ?? JSON.stringify(item);
}

const shown = (value: unknown): string =>
  value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);

/** Why this cannot change any more and what to do instead; undefined where it can. */
function fixed(
  state: MigrationState,
  change: Change,
  since: (rule: 'shares-until-prepared') => boolean,
): string | undefined {
  const [area = '', name = '', field = ''] = change.path;
  const { target } = state.migration;
  switch (area) {
    case 'description':
    case 'team':
    case 'labels':
    case 'waits':
    case 'leaveBehind':
    case 'messages':
    case 'notify':
      return undefined;
    case 'principals':
      return stepIs(state, 'copyAcls', isClosed)
        ? `the ACLs are copied already: grant on ${target} by hand what is missing`
        : undefined;
    case 'copying':
      return name === 'shares' && hasShares(state, since)
        ? 'the mirror has begun with its shares: copying.bytesPerSecond can be changed'
        : undefined;
    case 'topics':
      if (!['config', 'partitions', 'replicationFactor'].includes(field)) break;
      return stepIs(state, 'createTopics', isClosed)
        ? `the topic is there by now: change it on ${target} by hand`
        : undefined;
    case 'schemas':
      if (name !== 'subjects') break;
      return stepIs(state, stepIs(state, 'catchUp') ? 'catchUp' : 'copySchemas', isClosed)
        ? 'the schemas are copied already: copy what is missing by hand'
        : undefined;
    case 'producers':
    case 'consumers':
      return mover(state, area, name === '' ? change.what.slice(2) : name, change.what);
  }
  const restart =
    state.facts.deletingSince === undefined
      ? `abort this migration (ferry abort ${state.migration.name}) and start it anew with the new file`
      : 'the deletion of the source has begun, so let this migration end';
  return `this is fixed while a migration runs: ${restart}`;
}

/** Producers and groups may come and go as long as none of their steps is closed, and nothing was found out for all of them. */
function mover(
  state: MigrationState,
  area: 'producers' | 'consumers',
  name: string,
  what: string,
): string | undefined {
  const proved: StepId[] = area === 'consumers' ? ['drain', 'translateOffsets'] : [];
  const own = state.steps.filter(({ id }) => stepKind(id).claimedFor === area);
  const closed = state.steps.find(
    (step) => isClosed(step) && (proved.includes(step.id) || stepKind(step.id).claimedFor === area),
  );
  if (closed)
    return `${closed.id} is closed for those of the file; ${
      area === 'consumers' && what.startsWith('+')
        ? 'name the group in leaveBehind.groups, and move it by hand'
        : 'it stays as it is until this migration has ended'
    }`;
  const moved =
    own.some(({ parts }) => parts?.some((part) => part.name === name && isPassed(part))) ||
    (state.facts.translated ?? []).some(({ group }) => group === name);
  return moved ? 'it has moved already, and stays as it is until this migration has ended' : undefined;
}

/** One that could not be prepared has none yet: that they are too many is mended by fewer. */
const hasShares = (state: MigrationState, since: (rule: 'shares-until-prepared') => boolean): boolean =>
  stepIs(state, 'startMirror', isClosed) ||
  (stepIs(state, 'startMirror', ({ startedAt }) => startedAt !== undefined) &&
    (state.facts.mirror !== undefined || !since('shares-until-prepared')));

function stepIs(state: MigrationState, id: StepId, holds: (step: Step) => boolean = () => true): boolean {
  return state.steps.some((step) => step.id === id && holds(step));
}
