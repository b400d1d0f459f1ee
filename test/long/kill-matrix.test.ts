import { afterAll, beforeAll } from '@jest/globals';
import { type Lab, startLab } from '../../lab/lab.js';
import { WorkerProcess } from '../../lab/rehearsal/worker-process.js';
import { everyRotation, killMatrix, kindsOnOne } from './matrix.js';
import { inSlice, strategyNames } from './slice.js';

let lab: Lab;
let worker: WorkerProcess;

beforeAll(async () => {
  lab = await startLab({ name: 'test-long', connect: true });
  worker = await WorkerProcess.built(lab);
  worker.start();
}, 600_000);
afterAll(async () => {
  await worker?.stop();
  await lab?.down();
});

killMatrix({
  name: 'one-broker',
  kinds: kindsOnOne,
  cases: everyRotation(strategyNames, kindsOnOne).filter(inSlice),
  ground: () => ({ lab, worker }),
});
