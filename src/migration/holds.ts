import { z } from 'zod';
import { few } from './foreign-text.js';

/**
 * Which migration has which topics and groups of one cluster. Each is held by one migration at most, from before anything is
 * made until the migration has ended.
 */
export interface HoldsState {
  /** As `ferry.yaml` of the first who asked calls the cluster: for people. */
  cluster: string;
  holders: Holder[];
  /** What people have freed, newest last. */
  freed: { at: string; by: string; reason: string; what: string }[];
}

export interface Holder {
  /** The workflow id of the migration. */
  migration: string;
  /** The first run of that execution: another one with the same id is another holder. */
  run: string;
  /** ISO 8601. */
  since: string;
  topics: string[];
  groups: string[];
}

/** All that a migration holds on one cluster, at once. */
export type Want = Omit<Holder, 'since'>;

/** Something that is wanted, and who has it. */
export interface Taken {
  kind: 'topic' | 'group';
  name: string;
  migration: string;
  run: string;
  since: string;
}

/** The workflow type, one execution for each cluster. */
export const holdsType = 'holds';
/**
 * One for each cluster and task queue: the workers of another queue may be gone, and could not answer.
 * @param clusterId as the brokers say it: two names for one cluster are one.
 */
export const holdsId = (taskQueue: string, clusterId: string): string => `holds/${taskQueue}/${clusterId}`;
export const takeUpdate = 'take';
export const releaseUpdate = 'release';
export const freeUpdate = 'free';
export const heldQuery = 'held';

/** How many characters of names one cluster may hold: with them the state is still carried into a new run. */
const mostCharacters = 1_000_000;
const freedKept = 20;

/**
 * Takes all that is wanted, or nothing. Who asks again gets what it wants now instead of what it had.
 * @returns what others have of it; empty: taken.
 */
export function take(state: HoldsState, want: Want, at: string): Taken[] {
  const others = state.holders.filter((holder) => !isOf(holder, want));
  const taken = heldBy(others, want);
  if (taken.length > 0) return taken;
  const before = state.holders.find((holder) => isOf(holder, want));
  state.holders = [...others, { ...want, since: before?.since ?? at }];
  return [];
}

/** What these have of what is wanted. */
export function heldBy(holders: readonly Holder[], want: Want): Taken[] {
  return holders.flatMap((holder) => [
    ...common('topic', holder.topics, want.topics, holder),
    ...common('group', holder.groups, want.groups, holder),
  ]);
}

/** Whether a cluster's holds would still have room for it. */
export function hasRoomFor(state: HoldsState, want: Want): boolean {
  const characters = ({ topics, groups }: Want) => [...topics, ...groups].join('  ').length;
  return state.holders.reduce((sum, holder) => sum + characters(holder), characters(want)) <= mostCharacters;
}

export function release(state: HoldsState, who: Pick<Holder, 'migration' | 'run'>): void {
  state.holders = state.holders.filter((holder) => !isOf(holder, who));
}

function isOf(holder: Holder, { migration, run }: Pick<Holder, 'migration' | 'run'>): boolean {
  return holder.migration === migration && holder.run === run;
}

function common(
  kind: Taken['kind'],
  held: string[],
  wanted: string[],
  { migration, run, since }: Holder,
): Taken[] {
  const has = new Set(held);
  return wanted.filter((name) => has.has(name)).map((name) => ({ kind, name, migration, run, since }));
}

const want = z.strictObject({
  migration: z.string().min(1),
  run: z.string(),
  topics: z.array(z.string()),
  groups: z.array(z.string()),
});

/** Anybody may send an update; what is no want is no reason to fail. */
export const readWant = (input: unknown): Want | undefined => want.safeParse(input).data;

const who = z.strictObject({ migration: z.string().min(1), run: z.string() });
export const readWho = (input: unknown): Pick<Holder, 'migration' | 'run'> | undefined =>
  who.safeParse(input).data;

/** What a person says to free what a migration holds that will never end by itself. */
export interface Freeing {
  by: string;
  reason: string;
  /** All that this migration holds (its workflow id), or one topic or group by its name. */
  migration?: string | undefined;
  name?: string | undefined;
}

const freeing = z
  .strictObject({
    by: z.string().min(1),
    reason: z.string().min(1).max(2000),
    migration: z.string().min(1).optional(),
    name: z.string().min(1).optional(),
  })
  .refine(({ migration, name }) => (migration === undefined) !== (name === undefined));

export function readFreeing(
  input: unknown,
): { value: Freeing; mistake?: undefined } | { mistake: string; value?: undefined } {
  const { data } = freeing.safeParse(input);
  return data
    ? { value: data }
    : {
        mistake:
          'free takes by, reason, and either migration or name: {"by":"ann","reason":"it was terminated","migration":"migrate/orders"}',
      };
}

/** @returns how many topics and groups were freed. */
export function free(state: HoldsState, { by, reason, migration, name }: Freeing, at: string): number {
  const count = () =>
    state.holders.reduce((sum, { topics, groups }) => sum + topics.length + groups.length, 0);
  const before = count();
  state.holders = state.holders
    .filter((holder) => holder.migration !== migration)
    .map((holder) => ({
      ...holder,
      topics: holder.topics.filter((topic) => topic !== name),
      groups: holder.groups.filter((group) => group !== name),
    }))
    .filter(({ topics, groups }) => topics.length + groups.length > 0);
  const freed = before - count();
  if (freed > 0)
    state.freed = [...state.freed, { at, by, reason, what: migration ?? name ?? '' }].slice(-freedKept);
  return freed;
}

/** Markdown for Temporal's web UI. */
export function holdsDetails({ cluster, holders, freed }: HoldsState): string {
  const rows = holders
    .slice(0, 100)
    .map(
      ({ migration, since, topics, groups }) =>
        `- \`${migration}\` since ${since.slice(0, 16)}: ${counted(topics, 'topic')}; ${counted(groups, 'group')}`,
    );
  const past = freed.map(({ at, by, reason, what }) => `- ${at.slice(0, 16)}: ${what} by ${by}: ${reason}`);
  return [
    `**${holders.length} migrations hold topics and groups of ${cluster}.**`,
    rows.join('\n'),
    ...(past.length > 0 ? ['Freed by people:', past.join('\n')] : []),
  ].join('\n\n');
}

const shownNames = 5;

function counted(names: readonly string[], noun: string): string {
  if (names.length === 0) return `no ${noun}`;
  return names.length > shownNames ? `${few(names, shownNames)} ${noun}s` : few(names, shownNames);
}
