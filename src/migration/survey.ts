import { z } from 'zod';
import { formatDuration, parseDuration } from './duration.js';

/** The type of the workflow that looks at a cluster again and again. */
export const surveyType = 'survey';
/** The query that answers what a survey has seen, as `PackedSurvey`. */
export const surveyQuery = 'survey';

const second = 1_000;
const day = 86_400 * second;
/** Of looks: a cluster has better things to do than to be looked at. */
const leastEveryMs = second;
const mostEveryMs = 7 * day;
const mostForMs = 366 * day;

const duration = (least: number, most: number) =>
  z
    .string({ error: 'expected a duration such as 1h or 7d' })
    .refine((text) => within(parseDuration(text), least, most), {
      error: `expected a duration such as 1h or 7d, from ${formatDuration(least)} to ${formatDuration(most)}`,
    });
const within = (ms: number | null, least: number, most: number): boolean =>
  ms !== null && ms >= least && ms <= most;

const survey = z
  .strictObject(
    {
      /** The name of a cluster in `ferry.yaml`. */
      cluster: z
        .string({ error: 'expected the name of a cluster in ferry.yaml' })
        .min(1, { error: 'expected the name of a cluster in ferry.yaml' })
        .max(200, { error: 'expected the name of a cluster in ferry.yaml' }),
      /** How long it goes on. */
      for: duration(leastEveryMs, mostForMs),
      /** Between two looks; without it 24 in all, and one an hour at least. */
      every: duration(leastEveryMs, mostEveryMs).optional(),
      /** Which topics, `*` for any characters; all without it. */
      topics: z
        .string({ error: 'expected a text' })
        .min(1, { error: 'expected a text' })
        .max(1_000, { error: 'expected a shorter text' })
        .optional(),
    },
    { error: 'expected an object such as {"cluster":"onprem","for":"7d"}' },
  )
  .refine(
    ({ for: whole, every }) =>
      every === undefined || (parseDuration(every) ?? 0) <= (parseDuration(whole) ?? 0),
    { error: 'expected no more than the time of the whole survey', path: ['every'] },
  );

export type Survey = z.output<typeof survey>;

/** What is wrong with it, each with its place, or the survey. */
export function readSurvey(input: unknown): { survey?: Survey; mistakes: string[] } {
  const read = survey.safeParse(input);
  if (read.success) return { survey: read.data, mistakes: [] };
  return {
    mistakes: read.error.issues.map(({ path, message, code, ...issue }) =>
      code === 'unrecognized_keys' && 'keys' in issue
        ? `${issue.keys.join(', ')}: not a key of a survey`
        : [path.join('.'), message].filter((part) => part !== '').join(': '),
    ),
  };
}

const usualMostMs = 3_600 * second;
const usualLooks = 24;

export const lengthMs = ({ for: whole }: Survey): number => parseDuration(whole) ?? 0;
export const everyMs = ({ every, ...one }: Survey): number =>
  every === undefined
    ? Math.max(leastEveryMs, Math.min(usualMostMs, Math.floor(lengthMs(one) / usualLooks)))
    : (parseDuration(every) ?? 0);

/** What a person may say to a survey: either ends it and keeps what it has seen. */
export const surveyMessages = {
  stop: 'End the survey now, and keep what it has seen. Example: {"by":"ann"}',
  abort: 'The same as stop: a survey has made nothing that could be taken back.',
} as const;
