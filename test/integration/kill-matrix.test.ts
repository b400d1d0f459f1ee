import { afterAll, beforeAll } from '@jest/globals';
import type { Lab } from '../../lab/lab.js';
import { WorkerProcess } from '../../lab/rehearsal/worker-process.js';
import { sharedLab } from '../lab/shared.js';
import { firstRotation, killMatrix, kindsOnOne, onOneBroker } from './matrix.js';

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

killMatrix({
  name: 'matrix',
  kinds: kindsOnOne,
  cases: firstRotation(onOneBroker),
  ground: () => ({ lab, worker }),
});
