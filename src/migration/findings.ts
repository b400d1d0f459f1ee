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

/**
 * A cluster that does not answer fails every check that needs it, and each says the same: it is told once. What asks is
 * accepted by its key, and stays.
 */
export function toldOnce(findings: readonly Finding[]): Finding[] {
  const told = new Set<string>();
  return findings.filter(({ weight, sentence }) => {
    if (weight === 'asks') return true;
    const fresh = !told.has(`${weight} ${sentence}`);
    told.add(`${weight} ${sentence}`);
    return fresh;
  });
}

/** How many findings one answer may hold: with thousands of topics each may have one. */
const mostShown = 300;

/** Key of the note about findings that one answer had no room for. */
export const leftOutKey = 'findings-left-out';

/**
 * Those that stop a step come first, so that none is passed over: what has no room is asked about when these are mended
 * or accepted.
 */
export function withinRoom(findings: readonly Finding[], accepted: readonly string[]): Finding[] {
  if (findings.length <= mostShown) return [...findings];
  const stands = standing(findings, accepted);
  const stopping = new Set(stands);
  const ranked = [
    ...stands.filter(({ weight }) => weight === 'blocks'),
    ...stands.filter(({ weight }) => weight !== 'blocks'),
    ...findings.filter((finding) => !stopping.has(finding)),
  ];
  const later = Math.max(0, stands.length - mostShown);
  return [
    ...ranked.slice(0, mostShown),
    {
      weight: 'notes',
      key: leftOutKey,
      sentence: `${(findings.length - mostShown).toLocaleString('en-US')} findings more are not shown${later > 0 ? `; ${later.toLocaleString('en-US')} of them stop the step and are asked about next` : ''}.`,
    },
  ];
}
