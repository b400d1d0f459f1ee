import type { Finding } from '../../src/migration/findings.js';
import type { Said } from '../../src/migration/state.js';

/** A pause stopped the work of a step: it begins again when the migration goes on. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A person has aborted the migration. */
export class Aborted extends Error {
  override readonly name = 'Aborted';
}

/** A person leaves the present step out. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
  constructor(readonly said: Said) {
    super('skipped');
  }
}

/** A step that was closed is open again: the runbook is read from the top, where closed steps pass at once. */
export class Reopened extends Error {
  override readonly name = 'Reopened';
}

/** What is watched need not be waited for any more. */
export class Moot extends Error {
  override readonly name = 'Moot';
}

/** A step cannot go on without a person. */
export class Blocked extends Error {
  override readonly name = 'Blocked';
  constructor(
    sentence: string,
    readonly findings: Finding[] = [],
    readonly type = 'Findings',
  ) {
    super(sentence);
  }
}
