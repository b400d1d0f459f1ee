import { expect, test } from '@jest/globals';
import type { Lab } from '../../lab/lab.js';
import { disorders, heal } from '../../lab/rehearsal/disorders.js';
import { interfere, interferences, type Interference } from '../../lab/rehearsal/interference.js';
import { rehearse } from '../../lab/rehearsal/rehearse.js';
import type { WorkerProcess } from '../../lab/rehearsal/worker-process.js';
import {
  isHumanStep,
  isMirrored,
  strategies,
  strategyNames,
  type StepId,
  type Strategy,
} from '../../src/migration/strategies.js';
import { tell } from './table.js';

interface Ground {
  lab: Lab;
  worker: WorkerProcess;
}

interface Matrix {
  /** Begins the names of its migrations. */
  name: string;
  /** What meets the steps, in turn. */
  kinds: (strategy: Strategy) => readonly Interference[];
  cases: readonly { strategy: Strategy; rotation: number }[];
  ground: () => Ground;
}

export const kindsOnOne: Matrix['kinds'] = (strategy) =>
  strategy === 'advancedMirroring' ? [...interferences, 'connect'] : interferences;
export const kindsOnThree: Matrix['kinds'] = (strategy) =>
  strategy === 'advancedMirroring' ? [...disorders, 'worker', 'connect'] : [...disorders, 'worker'];

/** Every case of these strategies: after as many rotations as there are kinds, every kind has met every step. */
export function everyRotation(chosen: readonly Strategy[], kinds: Matrix['kinds']): Matrix['cases'] {
  return chosen.flatMap((strategy) => kinds(strategy).map((_, rotation) => ({ strategy, rotation })));
}

/**
 * The promises hold whatever happens at whatever step. Each rehearsal meets another interference at each step of its
 * strategy, and the rotation differs from strategy to strategy.
 */
export function killMatrix({ name, kinds, cases, ground }: Matrix): void {
  const interferenceAt = (strategy: Strategy, rotation: number, step: StepId): Interference => {
    const index = (strategies[strategy].steps as readonly StepId[]).indexOf(step);
    const all = kinds(strategy);
    return all[(index + strategyNames.indexOf(strategy) * 2 + rotation) % all.length] ?? 'worker';
  };

  test.each(cases)(
    `$strategy keeps its promise through kills and errors at every step (rotation $rotation, ${name})`,
    async ({ strategy, rotation }) => {
      const { lab, worker } = ground();
      const met: StepId[] = [];
      let kills = 0;
      const { status, verdict, seconds } = await rehearse({
        lab,
        worker,
        strategy,
        name: `${name}-${rotation}-${strategy.toLowerCase()}`,
        messages: 5_000,
        rate: 300,
        ...(isMirrored(strategy) && {
          history: 20_000,
          // Slow enough that what is killed at a step is killed while the mirror copies.
          changes: { copying: { shares: 3, bytesPerSecond: 500_000 } },
        }),
        // Kafka makes no topic with more copies than there are brokers at that moment.
        mend: async ({ sentence }) => {
          if (!/^There are fewer brokers| has \d+ brokers?, so /.test(sentence)) return false;
          await Promise.all([heal(lab.source), heal(lab.target)]);
          return true;
        },
        meanwhile: async (step, _applications, stage) => {
          kills += await interfere(interferenceAt(strategy, rotation, step), stage);
          met.push(step);
        },
      });
      if (lab.source.brokers.length > 1) await Promise.all([heal(lab.source), heal(lab.target)]);
      const { lost, duplicates, reordered, produced } = verdict;
      const messages = produced.acknowledged;
      tell({
        test: `${name}: ${strategy}, rotation ${rotation}`,
        ...{ seconds, kills, messages, lost, duplicates, reordered },
      });

      expect(verdict.faults).toEqual([]);
      expect(verdict.promiseHeld).toBe(true);
      expect(status.outcome?.result).toBe('done');
      // No schemas here: what they need is not of the clusters.
      const left = status.steps.filter(({ status: is }) => is !== 'done').map(({ id }) => id);
      expect(left).toEqual(strategy === 'advancedMirroring' ? ['copySchemas'] : []);
      // A quick step may be over before it is seen; those that wait for people or consumers are always met.
      const waits = status.steps.filter(({ id }) => isHumanStep(id) || id === 'drain');
      expect(met).toEqual(expect.arrayContaining(waits.map(({ id }) => id)));
    },
    900_000,
  );
}
