import type { ErrorType } from './error-types.js';

/**
 * What a check found, in a sentence a person can act on.
 * - `blocks`: the migration cannot go on until it is mended.
 * - `asks`: it can go on if a person accepts it, by name and with a reason.
 * - `notes`: worth knowing; nothing to do.
 */
export interface Finding {
  /** The error type, when a check could not be made. */
  type?: ErrorType;
  weight: 'blocks' | 'asks' | 'notes';
  /** What an acceptance refers to: the rule and what it is about, for example `group-not-in-file:audit`. */
  key: string;
  sentence: string;
}

/** Something a person accepted although a check asked. */
export interface Acceptance {
  key: string;
  by: string;
  reason: string;
  /** ISO 8601. */
  at: string;
}

/**
 * Findings that still stop a step: all that block, and those that ask and nobody has accepted.
 * @param accepted keys
 */
export function standing(findings: readonly Finding[], accepted: readonly string[]): Finding[] {
  return findings.filter(
    ({ weight, key }) => weight === 'blocks' || (weight === 'asks' && !accepted.includes(key)),
  );
}
