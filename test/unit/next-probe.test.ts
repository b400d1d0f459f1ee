import { describe, expect, test } from '@jest/globals';
import { nextProbe } from '../../activities/kit/next-probe.js';

describe('the next probe', () => {
  const now = 1_700_000_000_400;
  const seconds = Math.floor(now / 1000) * 1000;

  test('is on a whole multiple of the interval, so that what many ask travels together', () => {
    expect(nextProbe(now, 1000, { confirming: false, unchangedMs: 0 })).toBe(seconds + 1000);
    expect(nextProbe(now, 5000, { confirming: false, unchangedMs: 0 })).toBe(1_700_000_005_000);
    expect(nextProbe(seconds, 1000, { confirming: false, unchangedMs: 0 })).toBe(seconds + 1000);
  });

  test('comes sooner when it confirms, however long nothing had changed', () => {
    expect(nextProbe(now, 1000, { confirming: true, unchangedMs: 0 })).toBe(seconds + 500);
    expect(nextProbe(now, 1000, { confirming: true, unchangedMs: 3_600_000 })).toBe(seconds + 500);
    expect(nextProbe(now, 100, { confirming: true, unchangedMs: 0 })).toBe(seconds + 500);
  });

  test('comes half as often where nothing has changed for a minute', () => {
    expect(nextProbe(now, 1000, { confirming: false, unchangedMs: 59_999 })).toBe(seconds + 1000);
    expect(nextProbe(now, 1000, { confirming: false, unchangedMs: 60_000 })).toBe(seconds + 2000);
    expect(nextProbe(seconds + 1100, 1000, { confirming: false, unchangedMs: 60_000 })).toBe(seconds + 2000);
  });
});
