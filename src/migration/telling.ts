import { parseDuration } from './duration.js';
import { heldBackFor } from './membership.js';
import { currentStep, type MigrationState, type Step } from './state.js';
import { asked, statusOf, type NextMessage } from './status.js';
import type { StepId } from './strategies.js';
import type { Told, TellingEvent } from './told.js';

/** One thing that people are told, so that they need nothing else to act on it. */
export interface Telling {
  event: TellingEvent;
  step: StepId | null;
  /** Of the step, or of the end. */
  title: string;
  /** Which time this is, of all times that the event has come to the step: the same for each try to tell it. */
  occurrence: string;
  /** 0: it is new; else the number of the reminder. */
  reminder: number;
  /** Since when, ISO 8601. */
  since: string;
  /** What is waited for or has happened. */
  sentence: string;
  /** What a person is to do. */
  todo: string | null;
  /** What to send, where there is one thing that is most likely. */
  next: NextMessage | null;
}

const mostTold = 40;
const mostCharacters = 500;

/** A problem that comes back so soon after it was told is the one that people look at. */
const sameProblemMs = 60 * 60_000;

/** A rule that came while migrations ran: people are reminded within the hours of their fleet alone. */
export type TellingRule = 'reminds-in-hours';

/**
 * What stands to be told now and has not been; what is told stays quiet until `remind` has passed. Changes nothing.
 * @param since whether a rule holds for this history; asked only where it makes a difference
 */
export function toTell(
  state: MigrationState,
  now: string,
  since: (rule: TellingRule) => boolean = () => true,
): Telling[] {
  return standing(state).flatMap((telling) => {
    const before = toldBefore(state, telling, now);
    if (!before) return [telling];
    const due = reminderDue(state, telling, before, since);
    return due !== undefined && due <= Date.parse(now)
      ? [{ ...telling, reminder: before.reminders + 1 }]
      : [];
  });
}

/** When something is to be told although nothing changes, ms since the epoch: the next reminder. */
export function nextReminder(
  state: MigrationState,
  now: string,
  since: (rule: TellingRule) => boolean = () => true,
): number | undefined {
  const due = standing(state).flatMap((telling) => {
    const before = toldBefore(state, telling, now);
    return (before && reminderDue(state, telling, before, since)) ?? [];
  });
  return due.length > 0 ? Math.min(...due) : undefined;
}

/** Takes down that it is told, so that no later run tells it again. */
export function isTold(state: MigrationState, telling: Telling, now: string): void {
  const { event, step, occurrence, reminder } = telling;
  const others = (state.told ?? []).filter((one) => !isSame(one, telling));
  state.told = [...others, { event, step, occurrence, at: now, reminders: reminder }].slice(-mostTold);
}

/** Takes that back: nobody has heard of it. */
export function isUntold(state: MigrationState, telling: Telling): void {
  state.told = (state.told ?? []).filter((one) => !isSame(one, telling));
}

const isSame = (one: Pick<Told, 'event' | 'step' | 'occurrence'>, other: typeof one): boolean =>
  one.event === other.event && one.step === other.step && one.occurrence === other.occurrence;

function toldBefore({ told = [] }: MigrationState, telling: Telling, now: string): Told | undefined {
  const before = told.find((one) => isSame(one, telling));
  if (before || telling.event !== 'blocked') return before;
  // Said in other words, the occurrence is another; in the same words it is when it has been told long ago.
  const [words] = telling.occurrence.split('@');
  return told.findLast(
    (one) =>
      one.event === 'blocked' &&
      one.step === telling.step &&
      one.occurrence.split('@')[0] === words &&
      Date.parse(now) - Date.parse(one.at) < sameProblemMs,
  );
}

/**
 * What waits for a person is reminded of, where the file says after how long. What is blocked is told at any time, and
 * reminded of at any time.
 */
function reminderDue(
  { migration, fleet }: MigrationState,
  { event }: Telling,
  before: Told,
  since: (rule: TellingRule) => boolean,
): number | undefined {
  const remind = parseDuration(migration.notify?.remind ?? '');
  const asks = event === 'waits-for-you' || event === 'deletion-asks';
  if (remind === null || (!asks && event !== 'blocked')) return undefined;
  const due = Date.parse(before.at) + remind;
  const held = asks ? heldBackFor(fleet, 'people', due) : 0;
  return held > 0 && since('reminds-in-hours') ? due + held : due;
}

/** Everything that is so now and that people are told of, told or not. */
function standing(state: MigrationState): Telling[] {
  const { outcome } = state;
  const status = statusOf(state);
  const telling = (
    event: TellingEvent,
    step: Step | undefined,
    occurrence: string,
    since: string,
    sentence: string,
  ): Telling => ({
    ...{ event, occurrence, since, reminder: 0 },
    step: step?.id ?? null,
    title: step?.title ?? '',
    sentence: short(sentence),
    todo: status.todo,
    next: status.next[0] ?? null,
  });
  if (outcome)
    return [telling('done', undefined, `${outcome.result}@${outcome.at}`, outcome.at, outcome.sentence)];
  const step = currentStep(state);
  if (!step) return [];
  const since = step.startedAt ?? state.startedAt;
  const { openedAgain, contradicted, problem } = step;
  const asks = step.status === 'waiting' && (state.paused === null || state.abort !== null);
  return [
    ...(openedAgain ? [telling('opened-again', step, openedAgain.at, openedAgain.at, openedAgain.why)] : []),
    ...(contradicted
      ? [telling('contradicted', step, contradicted.at, contradicted.at, contradicted.why)]
      : []),
    ...(step.status === 'blocked' && problem
      ? [
          telling(
            'blocked',
            step,
            `${digest(problem.sentence)}@${problem.since ?? since}`,
            problem.since ?? since,
            problem.sentence,
          ),
        ]
      : []),
    ...(asks
      ? [
          telling(
            step.id === 'deletionApproved' ? 'deletion-asks' : 'waits-for-you',
            ...([step, since, since, asked(status)] as const),
          ),
        ]
      : []),
  ];
}

/** FNV-1a of 32 bits: what has other words is another problem. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash ^= text.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0).toString(36);
}

const short = (text: string): string =>
  text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters - 1)}…`;
