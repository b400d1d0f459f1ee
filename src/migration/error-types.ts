/**
 * Every failure the ferry reports is one of these. The type decides who mends it; the message is one sentence
 * that names what was wrong and what to do, and never holds a secret, a payload or a vendor's error body.
 */
export const errorTypes = {
  BadInput: 'what a person wrote is wrong; nothing was touched',
  Unreachable: 'a cluster or server did not answer; tried again by itself for a while',
  Unauthenticated: 'a cluster refused the credentials of the worker',
  Unauthorized: 'an ACL is missing for the principal of the worker',
  NotFound: 'a topic, group or connector that should be there is not',
  Changed: 'something changed under the migration: a topic re-created, a partition added, a group rewound',
  Conflict: 'what is there already differs from what the migration needs',
  Refused: 'the broker understood and said no: a policy, a limit, a group that is not empty',
  Unsupported: 'this broker version cannot do what is asked',
  Unexpected: 'a defect, or an answer that no rule covers',
} as const;

export type ErrorType = keyof typeof errorTypes;

export const isErrorType = (text: string): text is ErrorType => Object.hasOwn(errorTypes, text);

/** Types that may go away without a person: an activity retries them before the step blocks. */
export const transientTypes: readonly ErrorType[] = ['Unreachable'];
