import { firstOf } from './listed.js';
import type { Step } from './state.js';

/** The outcome is an answer of Temporal, which bounds it. */
const shown = { steps: 20, names: 10, sentence: 300 };

/** What closed steps have not shown, one sentence for each: overridden by whom and why, skipped, or not to be measured. */
export function unverifiedOf(steps: readonly Step[]): string[] {
  const all = steps.flatMap((step) =>
    step.unverified ? [`${step.title}: ${short(sentenceOf(step), shown.sentence)}`] : [],
  );
  return firstOf(all, shown.steps, (more) => `and ${more} more steps`);
}

function sentenceOf(step: Step): string {
  if (step.unverified !== 'overridden') return step.says ?? 'not all of it could be measured.';
  const overridden = (step.parts ?? []).flatMap(({ name, claim }) =>
    claim?.override ? [`${name} by ${claim.by ?? 'somebody'} (${claim.override.reason})`] : [],
  );
  return `overridden for ${firstOf(overridden, shown.names, (more) => `and ${more} more others`).join('; ')}.`;
}

const short = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;
