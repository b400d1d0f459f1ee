import { ApplicationFailure } from '@temporalio/workflow';
import type { Shown } from '../../src/migration/state.js';

/** How many refused messages are kept for a person to see. */
const kept = 5;

/** What a validator answers instead of taking a message. Without a stack, which the web UI would show below the sentence. */
export function refused(sentence: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(sentence, 'BadInput');
  failure.stack = '';
  return failure;
}

/** A message that counts for nothing is shown, with why: who sent a signal is not answered. */
export function keepRefused(state: Pick<Shown, 'refused'>, message: string, why: string): void {
  const told = { at: new Date().toISOString(), message: message.slice(0, 100), why: why.slice(0, 1_000) };
  state.refused = [...state.refused, told].slice(-kept);
}
