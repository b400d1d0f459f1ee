import { formatDuration } from './duration.js';
import { oneLine } from './foreign-text.js';
import { firstOf } from './listed.js';
import { surveyId } from './messages.js';
import type { PackedSeen } from './packed-survey.js';
import type { Outcome, Said } from './state.js';
import type { Status } from './status.js';
import { everyMs, lengthMs, surveyType, type Survey } from './survey.js';
import type { Seen } from './survey-seen.js';
import type { Unseen } from './work/survey.js';

/** The whole state of a survey. Times are ISO 8601. */
export interface SurveyState {
  survey: Survey;
  startedAt: string;
  seen: Seen;
  missed: Missed;
  /** What single looks did not see of the cluster, the latest last. */
  unseen: (Unseen & { at: string })[];
  /** Messages that were refused: a signal cannot answer. */
  refused: Status['refused'];
  stop: Said | null;
  outcome: Outcome | null;
}

/** Looks that saw nothing. */
export interface Missed {
  count: number;
  /** The latest last. */
  latest: { at: string; why: string }[];
}

/** What the query `survey` answers. */
export interface SurveyAnswer extends Pick<
  SurveyState,
  'survey' | 'startedAt' | 'missed' | 'unseen' | 'outcome'
> {
  seen: PackedSeen;
}

/** What the next run begins with. */
export type CarriedSurvey = Omit<SurveyAnswer, 'survey' | 'outcome'> & Pick<SurveyState, 'refused'>;

/** How many looks of which something is not known are told. */
const kept = 20;
const mostWords = 500;

export function addMissed(state: SurveyState, at: string, why: string): void {
  state.missed.count += 1;
  state.missed.latest = [...state.missed.latest, { at, why: short(why) }].slice(-kept);
}

export function addUnseen(state: SurveyState, at: string, unseen: readonly Unseen[]): void {
  const told = unseen.map(({ why, times }) => ({ at, why: short(why), times }));
  state.unseen = [...state.unseen, ...told].slice(-kept);
}

const short = (text: string): string => oneLine(text).slice(0, mostWords);

export const endsAt = ({ survey, startedAt }: Pick<SurveyState, 'survey' | 'startedAt'>): number =>
  Date.parse(startedAt) + lengthMs(survey);

/** In the shape that every other workflow of the ferry has, so that `ferry status` shows it. */
export function surveyStatusOf(state: SurveyState): Status {
  const { survey, startedAt, outcome, missed, unseen, refused } = state;
  return {
    name: surveyId(survey.cluster),
    strategy: surveyType,
    state: outcome ? outcome.result : 'running',
    waitingFor: outcome ? outcome.sentence : now(state),
    openedAgain: null,
    contradicted: null,
    todo: null,
    next: [],
    startedAt,
    source: survey.cluster,
    target: '',
    steps: [],
    unverified: notSeen({ missed, unseen }),
    accepted: [],
    refused,
    untold: [],
    outcome,
  };
}

/** Whatever one look or another did not see, as sentences with their times. */
export function notSeen({ missed, unseen }: Pick<SurveyState, 'missed' | 'unseen'>): string[] {
  const more = missed.count - missed.latest.length;
  return [
    ...(more > 0 ? [`${more} earlier looks saw nothing.`] : []),
    ...missed.latest.map(({ at, why }) => `The look of ${clock(at)} UTC saw nothing: ${why}`),
    ...unseen.map(
      ({ at, why, times }) => `At ${clock(at)} UTC${times > 1 ? ` (${times} times)` : ''}: ${why}`,
    ),
  ];
}

function now(state: SurveyState): string {
  const { survey, seen } = state;
  const until = `until ${clock(new Date(endsAt(state)).toISOString())} UTC`;
  return seen.looks === 0
    ? `Looks at ${survey.cluster} for the first time, then every ${formatDuration(everyMs(survey))} ${until}.`
    : `${soFar(state)} Looks every ${formatDuration(everyMs(survey))} ${until}.`;
}

/** For example `3 looks at onprem: 12 topics, 4 of them written to; 3 groups, 1 of them moving.` */
export function soFar({ survey, seen, missed }: Pick<SurveyState, 'survey' | 'seen' | 'missed'>): string {
  const { topics, groups } = countsOf(seen);
  const failed = missed.count > 0 ? `, and ${counted(missed.count, 'look')} that saw nothing` : '';
  return `${counted(seen.looks, 'look')} at ${survey.cluster}${failed}: ${counted(topics.seen, 'topic')}, ${topics.moving} of them written to; ${counted(groups.seen, 'group')}, ${groups.moving} of them moving.`;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

interface Counts {
  seen: number;
  moving: number;
  /** After the first look. */
  came: number;
  /** By the last look. */
  left: number;
}

export function countsOf({
  topics,
  groups,
  lastLook,
  lastGroups,
}: Seen): Record<'topics' | 'groups', Counts> {
  const count = <T extends { firstSeen: number; lastSeen: number }>(
    all: Iterable<T>,
    last: number,
    moves: (one: T) => boolean,
  ): Counts => {
    const list = [...all];
    const first = list.reduce((least, { firstSeen }) => Math.min(least, firstSeen), Infinity);
    return {
      seen: list.length,
      moving: list.filter(moves).length,
      came: list.filter(({ firstSeen }) => firstSeen > first).length,
      left: list.filter(({ lastSeen }) => lastSeen < last).length,
    };
  };
  return {
    topics: count(topics.values(), lastLook, ({ lastWritten }) => lastWritten !== undefined),
    groups: count(groups.values(), lastGroups, ({ lastMoved }) => lastMoved !== undefined),
  };
}

/** Of a list that may be long, in the web UI, whose frame carries the whole text in its address. */
const shown = 10;

/** The text of Temporal's Current Details, in Markdown as the web UI reads it; a table comes last, as in `detailsOf`. */
export function surveyDetailsOf(state: SurveyState): string {
  const { topics, groups } = countsOf(state.seen);
  const not = notSeen(state);
  const row = (what: string, { seen, moving, came, left }: Counts) =>
    `| ${what} | ${seen} | ${moving} | ${came} | ${left} |`;
  return [
    `**${text(state.outcome?.sentence ?? now(state))}**`,
    state.outcome
      ? ''
      : '`stop` with `{"by":"you"}` (an update or a signal: More Actions) ends it now and keeps what it has seen.',
    titled('Not seen:', firstOf([...not].reverse(), shown)),
    titled(
      'Not counted:',
      state.refused.map(({ at, message, why }) => `${clock(at)} UTC: \`${message}\` was ignored: ${why}`),
    ),
    `### ${text(surveyId(state.survey.cluster))}`,
    [
      '| | Seen | Moving | Came since | Left |',
      '|---|---|---|---|---|',
      row('Topics', topics),
      row('Groups', groups),
    ].join('\n'),
    // The web UI makes the frame a little too low.
    '\u00a0',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const titled = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `${title}\n\n${lines.map((one) => `- ${text(one)}`).join('\n')}`;

const text = (sentence: string): string => oneLine(sentence).slice(0, mostWords);
const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
