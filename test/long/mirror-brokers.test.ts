import { afterAll, beforeAll, test } from '@jest/globals';
import { type Lab, startLab } from '../../lab/lab.js';
import { disorders } from '../../lab/rehearsal/disorders.js';
import { mirrorThrough } from '../integration/disordered-mirror.js';

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ name: 'test-long', brokers: 3 });
}, 600_000);
afterAll(() => lab?.down());

test.each(['source', 'target'] as const)(
  'a mirror copies each record once and in order through every disorder of the %s',
  async (side) => {
    const rounds = disorders.map((what) => ({ side, what }));
    await mirrorThrough(lab, `every-disorder-${side}`, [...rounds, ...rounds]);
  },
  1_800_000,
);

test('a mirror waits while its target wants more copies than it has brokers, and goes on', async () => {
  await mirrorThrough(lab, 'scarce', [
    { side: 'target', what: 'scarce' },
    { side: 'target', what: 'scarce' },
  ]);
}, 600_000);
