import { isCancel, select } from '@clack/prompts';
import type { Advice } from '../../src/advice/advise.js';
import { questionIds, questions, type Answers } from '../../src/advice/answers.js';
import type { TopicSet } from '../../src/advice/sets.js';
import { few } from '../../src/migration/foreign-text.js';

export type Answer = 'yes' | 'no' | "don't know";

/** Puts one question to a person; `undefined` when they have had enough. */
export type Ask = (question: string) => Promise<Answer | undefined>;

export interface Asked {
  set: TopicSet;
  answers: Answers;
  advice: Advice;
}

/**
 * Asks what nobody has answered and nothing has measured, set by set. Whoever stops early keeps what was answered, and the
 * rest stays unknown.
 */
export async function interview<T extends Asked>(all: readonly T[], ask: Ask): Promise<T[]> {
  const answered: T[] = [];
  let enough = false;
  for (const one of all) {
    const answers = { ...one.answers };
    const measured = new Set(
      one.advice.strategies.flatMap(({ rules }) =>
        rules.flatMap(({ facts }) => facts.flatMap(({ fact, how }) => (how === 'measured' ? [fact] : []))),
      ),
    );
    const topics = few(
      one.set.topics.map(({ name }) => name),
      5,
    );
    for (const id of questionIds) {
      if (enough || answers[id] !== undefined || measured.has(id)) continue;
      const said = await ask(`${one.set.name} (${topics}): ${questions[id]}`);
      if (said === undefined) enough = true;
      else if (said !== "don't know") answers[id] = said === 'yes';
    }
    answered.push({ ...one, answers });
  }
  return answered;
}

/** The arrows and Enter; Ctrl-C is enough. */
export const askAtTerminal: Ask = async (message) => {
  const said = await select<Answer>({
    message,
    initialValue: "don't know",
    options: [{ value: 'yes' }, { value: 'no' }, { value: "don't know" }],
  });
  return isCancel(said) ? undefined : said;
};
