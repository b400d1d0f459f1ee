import { expect, test } from '@jest/globals';
import { judgeThrottle } from '../../src/migration/throttling.js';
import { at, stateAt } from './migration-states.js';

/** What is answered to a person about a mirror that its file and its fleet limit so. */
function answer(rate: number | null, limits: { file?: number; fleet?: number }): string | undefined {
  const state = stateAt('mirrorSteady', 'active', {
    ...{ strategy: 'advancedMirroring', mirror: 'engine' },
    ...(limits.file !== undefined && { copying: { bytesPerSecond: limits.file } }),
  });
  state.fleet = { id: 'fleet/shop', wave: 'one' };
  state.throttle = { own: 5_000_000, ...(limits.fleet !== undefined && { fleet: limits.fleet }) };
  return judgeThrottle(state, { by: 'ann', rate }, at).answer;
}

test('who throttles a mirror is told which limit counts, where that is another', () => {
  expect(answer(1_000_000, { fleet: 2_000_000 })).toBe('copies at most 1.0 MB/s within seconds');
  expect(answer(null, {})).toBe('copies as fast as the file says within seconds');
  expect(answer(null, { file: 3_000_000 })).toBe('copies as fast as the file says within seconds');
  expect(answer(null, { fleet: 2_000_000 })).toBe(
    'copies as fast as the file says within seconds, and no faster than fleet/shop lets it: 2.0 MB/s',
  );
  expect(answer(20_000_000, { file: 3_000_000 })).toBe(
    'copies at most 20 MB/s within seconds, and no faster than the file says: 3.0 MB/s',
  );
});
