import { z } from 'zod';
import { standing, type Acceptance, type Finding } from '../migration/findings.js';
import { currentStep } from '../migration/state.js';
import type { StepId } from '../migration/strategies.js';
import type { Saying } from './account.js';
import { findingShape } from './finding-shape.js';
import { answerOf } from './found.js';
import type { InStep } from './in-steps.js';
import type { State } from './state-carried.js';
import { beside } from './steps.js';

const details = z.array(z.array(findingShape));

/** What the answer of an activity, or its failure, has found. */
export function foundBy({ one }: InStep): Finding[] {
  if (one.what === 'answered') return answerOf(one.answer).findings ?? [];
  return one.what === 'failed' ? (details.safeParse(one.details).data?.flat() ?? []) : [];
}

/**
 * Who has accepted what since the state was handed on, as the migration judges it: a `retry` is about the problem that
 * stands, and about nothing that was mended before or is found later.
 *
 * @param happened in the run that began with the state
 * @param said in that run
 */
export function acceptedSince(
  state: State | undefined,
  happened: readonly InStep[],
  said: readonly Saying[],
): Acceptance[] {
  const before = state?.accepted ?? [];
  const accepted: Acceptance[] = [];
  let [own, besides] = [problemIn(state), [] as Finding[]];
  const sayings = said.values();
  for (const one of happened) {
    if (one.one.what === 'said') {
      const saying = sayings.next().value;
      if (saying?.message !== 'retry' || saying.refused !== null) continue;
      const keys = [...before, ...accepted].map(({ key }) => key);
      const ofStep = asks(own.step === saying.step ? own.findings : [], keys);
      const ofBeside = asks(besides, keys);
      const now = acceptedBy(saying, ofStep.length > 0 ? ofStep : ofBeside);
      accepted.push(...now);
      if (now.length > 0 && ofStep.length === 0) besides = [];
      own = { step: null, findings: [] };
    } else if (one.asked && one.step !== null) {
      const findings = foundBy(one);
      if (!beside.includes(one.asked.activity)) own = { step: one.step, findings };
      else if (findings.length > 0) besides = findings;
    }
  }
  return accepted;
}

/** The problem that stood when the run began. */
function problemIn(state: State | undefined): { step: StepId | null; findings: Finding[] } {
  const step = state && currentStep(state);
  const findings = z.array(z.unknown()).safeParse(step?.problem?.findings).data ?? [];
  return {
    step: step?.id ?? null,
    findings: findings.flatMap((one) => findingShape.safeParse(one).data ?? []),
  };
}

const asks = (findings: readonly Finding[], accepted: readonly string[]): string[] =>
  standing(findings, accepted).flatMap(({ weight, key }) => (weight === 'asks' ? [key] : []));

/** Who names a finding that does not stand is refused, whole. */
function acceptedBy({ by, note, override, accept, at }: Saying, asked: readonly string[]): Acceptance[] {
  const reason = override ?? note ?? '';
  if (by === null || reason.trim() === '') return [];
  const all = override !== null || accept.includes('*');
  const keys = all ? asked : accept;
  return keys.every((key) => asked.includes(key)) ? keys.map((key) => ({ key, by, reason, at })) : [];
}
