import { isMirrored, type Strategy } from '../migration/strategies.js';
import { judgeAll, type Judged } from './advise.js';
import { questionIds, type Answers, type Question } from './answers.js';
import type { Measured, Registries } from './facts.js';
import { rules } from './rules.js';

/**
 * What whoever has chosen a strategy has said by that. Whether history is needed is left out, since that can be measured:
 * a choice that forgot it is what this is for.
 */
export function impliedBy(strategy: Strategy): Answers {
  const implied: Answers = {};
  for (const { needs, of } of rules[strategy])
    // Of several conditions of which one is enough, the choice does not tell which.
    if (of === 'all')
      for (const [fact, value] of Object.entries(needs)) {
        const question = questionIds.find((id) => id === fact);
        if (question !== undefined && question !== ('historyNeeded' satisfies Question))
          implied[question] = value;
      }
  return implied;
}

/**
 * Says in a sentence that another strategy fits better than the chosen one by what was measured; `undefined` where nothing
 * that was measured is against it. What is unknown is not against it.
 *
 * @param said beyond what the choice implies, for example by the migration file
 */
export function betterThan(
  chosen: Strategy,
  set: Measured,
  said: Answers = {},
  registries?: Registries,
): string | undefined {
  if (set.topics.length === 0) return undefined;
  const answers = { ...impliedBy(chosen), ...said };
  const own = judgeAll(set, answers, registries).strategies.find(({ strategy }) => strategy === chosen);
  const against =
    own?.rules.filter(({ holds, facts }) => holds === 'no' && facts.some(({ how }) => how === 'measured')) ??
    [];
  if (against.length === 0) return undefined;
  const broken = against.some(({ weight }) => weight === 'must');
  // Whoever mirrors wants the history, unless it was measured that there is none.
  const wanted: Answers = broken && isMirrored(chosen) ? { ...answers, historyNeeded: true } : answers;
  const others = judgeAll(set, wanted, registries)
    .strategies.filter(
      ({ strategy, verdict, beyondNeed }) =>
        strategy !== chosen && verdict !== 'does-not-fit' && (broken || beyondNeed.length === 0),
    )
    .sort((a, b) => a.conditions.length - b.conditions.length);
  const [other] = others;
  const why = against.map(reasonOf).join('; ');
  if (!other) return broken ? `By what was measured ${chosen} does not fit: ${why}.` : undefined;
  const better =
    other.verdict === 'fits'
      ? `${other.strategy} fits`
      : `${other.strategy} fits if it is so ${other.conditions.join(', and ')}`;
  return broken
    ? `By what was measured ${chosen} does not fit: ${why}. ${better}.`
    : `By what was measured ${chosen} does more than is needed: ${why}. ${better} too, and does less.`;
}

const reasonOf = ({ sentence, facts }: Judged): string =>
  `"${sentence}" is not so (${facts.flatMap(({ how, from }) => (how === 'measured' ? from : [])).join('; ')})`;
