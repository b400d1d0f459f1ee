import { z } from 'zod';
import type { Acceptance, Finding } from '../migration/findings.js';
import type { AccountFinding, Saying } from './account.js';
import { findingShape } from './finding-shape.js';
import { answerOf } from './found.js';
import type { InStep } from './in-steps.js';
import type { State } from './state-carried.js';

const findings = z.array(z.array(findingShape));

/**
 * What checks have found, each once, when it was first found, and who has accepted what of it. What was accepted in a run
 * that is gone has left its key alone.
 */
export function findingsOf(
  happened: readonly InStep[],
  state: State | undefined,
  said: readonly Saying[],
): AccountFinding[] {
  const found = new Map<string, AccountFinding>();
  const see = (all: readonly Finding[], at: string, step: AccountFinding['step']): void => {
    for (const one of all) if (!found.has(one.key)) found.set(one.key, { ...one, at, step, accepted: null });
  };
  for (const { one, step } of happened) {
    if (one.what === 'answered') see(answerOf(one.answer).findings ?? [], one.at, step);
    if (one.what === 'failed') see(findings.safeParse(one.details).data?.flat() ?? [], one.at, step);
  }
  for (const { id, evidence } of state?.steps ?? [])
    for (const { at, data } of evidence) {
      const kept = z.looseObject({ findings: z.array(z.unknown()) }).safeParse(data).data?.findings ?? [];
      see(
        kept.flatMap((one) => findingShape.safeParse(one).data ?? []),
        at,
        id,
      );
    }
  for (const { key, by, reason, at } of acceptances(state?.accepted ?? [], said, [...found.values()])) {
    const one = found.get(key) ?? {
      ...{ weight: 'asks' as const, key, at, step: null, accepted: null },
      sentence: 'What it asked is in a run that Temporal does not have any more.',
    };
    found.set(key, { ...one, accepted: { by, reason, at } });
  }
  return [...found.values()];
}

/** Those that the state has, and those that were said after it. */
function acceptances(
  kept: readonly Acceptance[],
  said: readonly Saying[],
  found: readonly AccountFinding[],
): Acceptance[] {
  const known = new Set(kept.map(({ key }) => key));
  const later = said.flatMap(({ message, by, note, override, accept, at, refused }) => {
    if (message !== 'retry' || by === null || refused !== null) return [];
    const all = override !== null || accept.includes('*');
    const asked = found.flatMap(({ weight, key, at: when }) =>
      weight === 'asks' && when <= at ? [key] : [],
    );
    const keys = all ? asked : accept;
    return keys.flatMap((key) => (known.has(key) ? [] : [{ key, by, reason: override ?? note ?? '', at }]));
  });
  return [...kept, ...later];
}
