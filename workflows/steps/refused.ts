import { ApplicationFailure, metricMeter, workflowInfo } from '@temporalio/workflow';
import { isMessageName } from '../../src/migration/messages.js';
import { metrics } from '../../src/migration/metrics.js';
import type { Shown } from '../../src/migration/state.js';

/** How many refused messages are kept for a person to see. */
const kept = 5;

/** For the worker's metrics. What is no name of a message may be any text, so it is told as `unknown`. */
export function countRefused(message: string, sent: 'signal' | 'update'): void {
  const { name, means } = metrics.refused;
  metricMeter.createCounter(name, undefined, means).add(1, {
    message: isMessageName(message) ? message : 'unknown',
    sent,
    task_queue: workflowInfo().taskQueue,
  });
}

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
