import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { type Lab, startLab } from '../../lab/lab.js';
import { WorkerProcess } from '../../lab/rehearsal/worker-process.js';
import { everyRotation, killMatrix, kindsOnThree } from './matrix.js';
import { silentAddress, type SilentAddress } from '../integration/silent-address.js';
import { inSlice, strategyNames } from './slice.js';

let lab: Lab;
let worker: WorkerProcess;
let silent: SilentAddress;

beforeAll(async () => {
  silent = await silentAddress();
  lab = await startLab({ name: 'test-long', brokers: 3, connect: true });
  reachAlsoBy(lab, silent);
  worker = await WorkerProcess.built(lab);
  worker.start();
}, 600_000);
afterAll(async () => {
  await worker?.stop();
  await lab?.down();
  silent.close();
});

/** The worker is told of an address that never answers, before all others. */
function reachAlsoBy({ ferryYaml }: Lab, { address }: SilentAddress): void {
  const config = parse(readFileSync(ferryYaml, 'utf8')) as {
    clusters: Record<string, { bootstrap: string[] }>;
  };
  for (const cluster of Object.values(config.clusters)) cluster.bootstrap.unshift(address);
  writeFileSync(ferryYaml, stringify(config), { mode: 0o600 });
}

killMatrix({
  name: 'three-brokers',
  kinds: kindsOnThree,
  cases: everyRotation(strategyNames, kindsOnThree).filter(inSlice),
  ground: () => ({ lab, worker }),
});
