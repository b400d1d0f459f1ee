import { leftOutKey, standing, type Finding } from '../../src/migration/findings.js';
import type { Work } from '../../src/migration/work/work.js';
import { Blocked } from './turns.js';

/** Stops the step when findings stand that block it or that nobody has accepted. */
export function insist({ accepted = [] }: Pick<Work, 'accepted'>, findings: readonly Finding[]): void {
  const left = standing(findings, accepted);
  const more = findings.find(({ key }) => key === leftOutKey);
  if (left.length > 0)
    throw new Blocked(more ? `${sentenceOf(left)} ${more.sentence}` : sentenceOf(left), left);
}

function sentenceOf(findings: readonly Finding[]): string {
  const [first, ...others] = findings;
  return others.length === 0
    ? (first?.sentence ?? '')
    : `${first?.sentence ?? ''} (and ${others.length} more)`;
}
