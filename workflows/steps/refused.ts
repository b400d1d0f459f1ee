import { ApplicationFailure } from '@temporalio/workflow';

/** What a validator answers instead of taking a message. Without a stack, which the web UI would show below the sentence. */
export function refused(sentence: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(sentence, 'BadInput');
  failure.stack = '';
  return failure;
}
