import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Lab } from '../../lab/lab.js';
import { interfere, interferences, type Interference } from '../../lab/rehearsal/interference.js';
import { rehearse } from '../../lab/rehearsal/rehearse.js';
import { WorkerProcess } from '../../lab/rehearsal/worker-process.js';
import {
  isHumanStep,
  isMirrored,
  strategies,
  strategyNames,
  type StepId,
  type Strategy,
} from '../../src/migration/strategies.js';
import { sharedLab } from '../lab/shared.js';

/*
 * The promises hold whatever is killed at whatever step. Each rehearsal meets another interference at each step of its
 * strategy, and the rotation differs from strategy to strategy; FERRY_KILL_MATRIX=full rehearses every strategy with
 * every rotation, so that every interference meets every step.
 */
const rotations =
  process.env.FERRY_KILL_MATRIX === 'full' ? interferences.map((_, rotation) => rotation) : [0];

function interferenceAt(strategy: Strategy, rotation: number, step: StepId): Interference {
  const index = (strategies[strategy].steps as readonly StepId[]).indexOf(step);
  const turn = index + strategyNames.indexOf(strategy) * 2 + rotation;
  const all: readonly Interference[] =
    strategy === 'advancedMirroring' ? [...interferences, 'connect'] : interferences;
  return all[turn % all.length] ?? 'worker';
}

let lab: Lab;
let worker: WorkerProcess;

beforeAll(async () => {
  lab = await sharedLab();
  await lab.startConnect();
  worker = await WorkerProcess.built(lab);
  worker.start();
});

afterAll(async () => {
  await worker.stop();
  await lab.connect?.stop();
});

test.each(strategyNames.flatMap((strategy) => rotations.map((rotation) => ({ strategy, rotation }))))(
  '$strategy keeps its promise through kills and errors at every step (rotation $rotation)',
  async ({ strategy, rotation }) => {
    const met: StepId[] = [];
    const { status, verdict } = await rehearse({
      lab,
      worker,
      strategy,
      name: `matrix-${rotation}-${strategy.toLowerCase()}`,
      messages: 5_000,
      rate: 300,
      ...(isMirrored(strategy) && {
        history: 20_000,
        // Slow enough that what is killed at a step is killed while the mirror copies.
        changes: { copying: { shares: 3, bytesPerSecond: 500_000 } },
      }),
      meanwhile: async (step, _applications, stage) => {
        const what = interferenceAt(strategy, rotation, step);
        await interfere(what, stage);
        met.push(step);
      },
    });

    expect(verdict.faults).toEqual([]);
    expect(verdict.promiseHeld).toBe(true);
    expect(status.outcome?.result).toBe('done');
    // No schemas here: what they need is not of the clusters.
    const left = status.steps.filter(({ status: is }) => is !== 'done').map(({ id }) => id);
    expect(left).toEqual(strategy === 'advancedMirroring' ? ['copySchemas'] : []);
    // A quick step may be over before it is seen; those that wait for people or consumers are always met.
    const waits = status.steps.filter(({ id }) => isHumanStep(id) || id === 'drain' || id === 'soak');
    expect(met).toEqual(expect.arrayContaining(waits.map(({ id }) => id)));
  },
  600_000,
);
