import type { Finding } from '../../src/migration/findings.js';
import { asking } from '../kit/weights.js';
import { idKeys } from './schema-plan.js';

/** What stands in the way of ids that are kept, and of nothing else. */
const ofIds = /^schema-(ids-not-kept|id-taken|id-differs|version-differs|id-order|id-gap|version-gap)(:|$)/;

/**
 * Findings for a migration whose mirror can write other ids into records: what keeps ids from being kept does not block,
 * and a person decides. One acceptance is for all of it, since ids are either kept or not.
 */
export function orTranslate(findings: readonly Finding[], target: string): Finding[] {
  const isOfIds = ({ weight, key }: Finding) => weight === 'blocks' && ofIds.test(key);
  const [first, ...others] = findings.filter(isOfIds);
  if (!first) return [...findings];
  return [
    ...findings.filter((finding) => !isOfIds(finding)),
    asking(
      idKeys.notKept,
      `${first.sentence.replace(/\.$/, '')}, or accept that the mirror writes the ids of ${target} into the records.`,
    ),
    ...others.map((finding): Finding => ({ ...finding, weight: 'notes' })),
  ];
}
