import { expect, test } from '@jest/globals';
import { copyPace, restWhileFar } from '../../activities/mirror/copy-pace.js';

const left = (offsets: number, atMs: number) => ({ offsets, atMs });

test('the pace of a copy is known after a second in which some was copied', () => {
  expect(copyPace(null, left(100, 5_000))).toBeUndefined();
  expect(copyPace(left(110, 4_500), left(100, 5_000))).toBeUndefined();
  expect(copyPace(left(100, 1_000), left(120, 5_000))).toBeUndefined();
  expect(copyPace(left(140, 1_000), left(100, 5_000))).toBe(10);
});

test('a mirror is looked at again when a tenth of the rest has gone by, and never much later', () => {
  // Ten a second.
  const after = (offsets: number) => restWhileFar(left(offsets + 10, 0), left(offsets, 1_000));
  expect([after(0), after(10), after(500), after(1_000_000)]).toEqual([0, 100, 5_000, 10_000]);
  expect(restWhileFar(left(10, 0), left(10, 60_000))).toBe(0);
});
