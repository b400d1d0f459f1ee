import { z } from 'zod';
import { few } from '../migration/foreign-text.js';

/** What only people know of a set. `don't know` is an answer. */
export const questions = {
  historyNeeded: 'Is what the topics hold now needed on the target?',
  producersOurs: 'Are all producers ours to change?',
  consumersOurs: 'Are all consumers ours to change?',
  mayPause: 'May producers pause for some minutes?',
  idempotent: 'Does it do no harm to process a message twice?',
  consumersEasier: 'Are the consumers easier to change than the producers?',
} as const;

export type Question = keyof typeof questions;
export const questionIds = Object.keys(questions) as Question[];
export type Answers = Partial<Record<Question, boolean>>;

const answer = z
  .union([z.boolean(), z.enum(['yes', 'no', "don't know"])], { error: "expected yes, no or don't know" })
  .transform((said) => (said === "don't know" ? undefined : said === true || said === 'yes'));

const answersShape = z.strictObject({
  sets: z.record(
    z.string(),
    z.strictObject({
      topics: z.array(z.string()),
      team: z.string().min(1).optional(),
      ...(Object.fromEntries(questionIds.map((id) => [id, answer.optional()])) as Record<
        Question,
        z.ZodOptional<typeof answer>
      >),
    }),
  ),
});

export interface AnswersFile {
  sets: Record<
    string,
    { topics: string[]; team?: string | undefined } & { [Id in Question]?: boolean | undefined }
  >;
}

/** Reads an answers file; every mistake with its path. */
export function parseAnswers(
  input: unknown,
):
  | { answers: AnswersFile; mistakes?: undefined }
  | { mistakes: { path: string; expected: string }[]; answers?: undefined } {
  const parsed = answersShape.safeParse(input);
  return parsed.success
    ? { answers: parsed.data }
    : {
        mistakes: parsed.error.issues.map(({ path, message }) => ({
          path: path.map(String).join('.'),
          expected: message,
        })),
      };
}

/** The answers for a set, which count only when they were given for all of its topics. */
export function answersFor(
  set: { name: string; topics: readonly { name: string }[] },
  file: AnswersFile,
): { answers: Answers; team?: string; note?: string } {
  const given = Object.hasOwn(file.sets, set.name) ? file.sets[set.name] : undefined;
  if (!given) return { answers: {} };
  const meant = new Set(given.topics);
  const more = set.topics.filter(({ name }) => !meant.has(name)).map(({ name }) => name);
  if (more.length > 0)
    return {
      answers: {},
      note: `the answers for ${set.name} were given without ${few(more)}, which moves with it now: answer anew`,
    };
  return {
    ...(given.team !== undefined && { team: given.team }),
    answers: Object.fromEntries(
      questionIds.flatMap((id) => (given[id] === undefined ? [] : [[id, given[id]]])),
    ),
  };
}
