import { describe, expect, it } from '@jest/globals';
import { LagClock } from '../../activities/mirror/lag-clock.js';

const at = (next: number, end: number, key = 'orders/0') => ({ key, next: BigInt(next), end: BigInt(end) });

describe('how long what is not copied has been there', () => {
  it('counts from when the end was first seen that is not reached yet', () => {
    const clock = new LagClock();
    expect(clock.saw([at(0, 0)], 0)).toBe(0);
    expect(clock.saw([at(0, 10)], 1_000)).toBe(0);
    expect(clock.saw([at(0, 20)], 5_000)).toBe(4_000);
    // The first ten are copied: the rest has been known for two seconds.
    expect(clock.saw([at(10, 20)], 7_000)).toBe(2_000);
    expect(clock.saw([at(20, 20)], 8_000)).toBe(0);
  });

  it('is that of the partition that has waited longest, however fast the others are', () => {
    const clock = new LagClock();
    clock.saw([at(0, 5), at(0, 5, 'orders/1')], 0);
    for (let second = 1; second <= 60; second += 1)
      expect(clock.saw([at(0, 5), at(second * 100, second * 100 + 1, 'orders/1')], second * 1_000)).toBe(
        second * 1_000,
      );
  });

  it('stays right to an eighth, however long the source runs ahead', () => {
    const clock = new LagClock();
    const behind = 100;
    let seen = 0;
    for (let second = 0; second <= 1_000; second += 1)
      seen = clock.saw([at(Math.max(0, second - behind), second)], second * 1_000);
    expect(seen).toBeGreaterThanOrEqual((behind - 1) * 1_000);
    expect(seen).toBeLessThanOrEqual(behind * 1_000 * 1.25);
  });
});
