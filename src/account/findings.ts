import { z } from 'zod';
import type { Acceptance, Finding } from '../migration/findings.js';
import { foundBy } from './acceptances.js';
import type { AccountFinding } from './account.js';
import { findingShape } from './finding-shape.js';
import type { InStep } from './in-steps.js';
import type { State } from './state-carried.js';

/**
 * What checks have found, each once, when it was first found, and who has accepted what of it. What was accepted in a run
 * that is gone has left its key alone.
 */
export function findingsOf(
  happened: readonly InStep[],
  state: State | undefined,
  accepted: readonly Acceptance[],
): AccountFinding[] {
  const found = new Map<string, AccountFinding>();
  const see = (all: readonly Finding[], at: string, step: AccountFinding['step']): void => {
    for (const one of all) if (!found.has(one.key)) found.set(one.key, { ...one, at, step, accepted: null });
  };
  for (const one of happened) see(foundBy(one), one.one.at, one.step);
  for (const { id, evidence } of state?.steps ?? [])
    for (const { at, data } of evidence) {
      const kept = z.looseObject({ findings: z.array(z.unknown()) }).safeParse(data).data?.findings ?? [];
      see(
        kept.flatMap((one) => findingShape.safeParse(one).data ?? []),
        at,
        id,
      );
    }
  for (const { key, by, reason, at } of accepted) {
    const one = found.get(key) ?? {
      ...{ weight: 'asks' as const, key, at, step: null, accepted: null },
      sentence: 'What it asked is in a run that Temporal does not have any more.',
    };
    found.set(key, { ...one, accepted: { by, reason, at } });
  }
  return [...found.values()];
}
