import type { StepId } from '../migration/strategies.js';
import type { Happening, Run } from './happenings.js';
import { shownBy } from './phases.js';

/** Something that happened, in which step, and for an answer what had been asked. */
export interface InStep {
  one: Happening;
  step: StepId | null;
  asked: { activity: string; input: unknown } | undefined;
}

/** All that happened, by the order of events: a clock of milliseconds has many of them at one time. */
export function inSteps(runs: readonly Run[]): InStep[] {
  let step: StepId | null = null;
  return runs.flatMap(({ happenings }) => {
    const asked = new Map<string, { activity: string; input: unknown }>();
    return happenings.map((one): InStep => {
      if (one.what === 'shown') step = (shownBy(one) ?? { step }).step;
      if (one.what === 'asked') asked.set(one.id, one);
      const by = one.what === 'answered' || one.what === 'failed' ? asked.get(one.id) : undefined;
      return { one, step, asked: by };
    });
  });
}
