import { afterAll, beforeAll } from '@jest/globals';
import type { Lab } from '../../lab/lab.js';
import { WorkerProcess } from '../../lab/rehearsal/worker-process.js';
import { sharedLab } from '../lab/shared.js';
import { firstRotation, inEveryRun, killMatrix, kindsOnOne } from './matrix.js';

let lab: Lab;
let worker: WorkerProcess;

beforeAll(async () => {
  lab = await sharedLab();
  worker = await WorkerProcess.built(lab);
  worker.start();
});

afterAll(() => worker.stop());

killMatrix({
  name: 'matrix',
  kinds: kindsOnOne,
  cases: firstRotation(inEveryRun),
  ground: () => ({ lab, worker }),
});
