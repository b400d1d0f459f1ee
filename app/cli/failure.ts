import type { ErrorType } from '../../src/migration/error-types.js';
import { isFerryError } from '../../src/migration/errors.js';
import { mistakeText, type Mistake } from '../../src/migration/mistakes.js';

/** What every verb ends with. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, waiting: 3, notProved: 4 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The end of a verb that could not do what it was asked: one sentence per thing that is wrong. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';

  constructor(
    readonly type: ErrorType,
    readonly sentences: readonly string[],
    readonly exitCode: ExitCode = exitCodes.badInput,
  ) {
    super(sentences.join('\n'));
  }
}

export const badInput = (...sentences: string[]) => new CommandFailure('BadInput', sentences);

/** @param file as the person named it. */
export function badFile(file: string, mistakes: readonly Mistake[]): CommandFailure {
  return badInput(...mistakes.map((mistake) => `${file}: ${mistakeText(mistake)}`));
}

/** Failures that a person mends by writing something else, in a file or on the clusters; nothing was touched. */
const mendedByInput: readonly ErrorType[] = [
  'BadInput',
  'Unreachable',
  'Unauthenticated',
  'Unauthorized',
  'NotFound',
  'Conflict',
  'Unsupported',
];

/** Any error as one that can be shown; text that is not the ferry's own is left out, as it may quote anything. */
export function asCommandFailure(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (isFerryError(error))
    return new CommandFailure(
      error.type,
      [error.message],
      mendedByInput.includes(error.type) ? exitCodes.badInput : exitCodes.failed,
    );
  const where =
    error instanceof Error
      ? (error.stack
          ?.split('\n')
          .find((line) => /^\s+at /.test(line))
          ?.trim() ?? '')
      : '';
  const kind = error instanceof Error ? error.name : typeof error;
  return new CommandFailure(
    'Unexpected',
    [`A defect that no rule covers (${kind} ${where}): report it.`],
    exitCodes.failed,
  );
}
