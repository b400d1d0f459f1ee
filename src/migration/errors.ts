import type { ErrorType } from './error-types.js';
import type { Finding } from './findings.js';
import { oneLine } from './foreign-text.js';

export class FerryError extends Error {
  override readonly name = 'FerryError';

  /** What a person may accept, so that it is no failure any more. */
  readonly findings: readonly Finding[];

  /** It was tried for so long that only a person can help, whatever its type. */
  readonly lasting: boolean;

  /** @param sentence one sentence: what was wrong, and what to do about it. */
  constructor(
    readonly type: ErrorType,
    sentence: string,
    {
      lasting = false,
      findings = [],
      ...options
    }: { cause?: unknown; lasting?: boolean; findings?: readonly Finding[] } = {},
  ) {
    super(oneLine(sentence), options);
    this.lasting = lasting;
    this.findings = findings;
  }
}

export function isFerryError(error: unknown): error is FerryError {
  return error instanceof Error && error.name === 'FerryError' && 'type' in error;
}
