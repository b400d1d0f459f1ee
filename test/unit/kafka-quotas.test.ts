import { describe, expect, test } from '@jest/globals';
import { sayHeldBack, withHeld } from '../../activities/kit/held-back.js';
import { Portion } from '../../src/kafka/link/portion.js';
import { Restraint } from '../../src/kafka/link/restraint.js';

describe('what is known of quotas', () => {
  test('is nothing as long as they cost less than a tenth of the time', () => {
    const restraint = new Restraint();
    for (let at = 0; at < 30_000; at += 1_000) restraint.throttled('Fetch', 50, at);
    expect(restraint.held(30_000)).toBeUndefined();
  });

  test('is who was held back, since when, and what came through meanwhile', () => {
    const restraint = new Restraint();
    restraint.through('Fetch', 50_000_000, 99_000);
    for (let at = 100_000; at < 120_000; at += 2_000) {
      restraint.throttled('Fetch', 1_500, at);
      restraint.through('Fetch', 1_000_000, at + 1_600);
    }
    restraint.throttled('Metadata', 300, 119_700);
    expect(restraint.held(120_000)).toEqual({
      requests: ['Fetch', 'Metadata'],
      ...{ since: 100_000, until: 120_000, heldMs: 7_800, bytesPerSecond: 500_000 },
    });
  });

  test('counts waits of several connections once', () => {
    const restraint = new Restraint();
    for (let lane = 0; lane < 10; lane++) restraint.throttled('Fetch', 2_000, 1_000);
    expect(restraint.held(3_000)).toMatchObject({ heldMs: 2_000, until: 3_000 });
  });

  test('is said while a long wait lasts, and is over ten seconds after it', () => {
    const restraint = new Restraint();
    restraint.throttled('CreateTopics', 60_000, 0);
    expect(restraint.held(1)).toMatchObject({ requests: ['CreateTopics'], until: 60_000 });
    expect(restraint.held(59_000)).toBeDefined();
    expect(restraint.held(70_000)).toBeUndefined();
  });
});

describe('a portion', () => {
  /** A broker of that quota, as it throttles a Fetch: nothing comes until all of it may. Answers take 10 ms. */
  function through(portion: Portion, wanted: number, bytesPerSecond: number, from: number, seconds: number) {
    const sizes: number[] = [];
    const waits: number[] = [];
    let credit = 10 * bytesPerSecond;
    for (let at = from; at < from + 1000 * seconds;) {
      const asked = portion.of(wanted);
      const ms = Math.ceil(((asked - credit) / bytesPerSecond) * 1000);
      const passed = Math.max(10, ms);
      portion.answered(asked, Math.max(0, ms), at);
      if (ms > 0) waits.push(ms);
      else {
        credit -= asked;
        sizes.push(asked);
      }
      at += passed;
      credit = Math.min(10 * bytesPerSecond, credit + (passed / 1000) * bytesPerSecond);
    }
    return { bytes: sizes.reduce((sum, size) => sum + size, 0), waits };
  }
  const whole = 4 * 1024 * 1024;

  test('is what a quota lets through in a second, and all of that quota is used', () => {
    const { bytes, waits } = through(new Portion(), whole, 500_000, 0, 120);
    expect(waits.length).toBeGreaterThan(50);
    expect(waits.filter((ms) => ms > 1_000).length).toBeLessThan(5);
    expect(bytes).toBeGreaterThan(0.98 * 500_000 * 120);
  });

  test('grows again when the quota does', () => {
    const portion = new Portion();
    through(portion, whole, 420_000, 0, 60);
    expect(portion.of(whole)).toBeLessThan(500_000);
    through(portion, whole, 1_000_000_000, 60_000, 60);
    expect(portion.of(whole)).toBe(whole);
  });

  test('is not made smaller by a quota of request time, whose waits do not depend on it', () => {
    const portion = new Portion();
    for (let i = 0; i < 100; i++) portion.answered(1_000_000, 1_000);
    expect(portion.of(8_000_000)).toBe(8_000_000);
  });
});

describe('a live line', () => {
  const cluster = (bytesPerSecond?: number) => ({
    heldBack: () => ({
      ...{ requests: ['Fetch'], since: 0, until: 1, heldMs: 1 },
      ...(bytesPerSecond !== undefined && { bytesPerSecond }),
    }),
  });
  const free = { heldBack: () => undefined };

  test('says which side holds it back, and what comes through', () => {
    expect(sayHeldBack({ source: cluster(500_000), target: free })).toBe(
      'held back by a quota of the source, 500 kB/s',
    );
    expect(sayHeldBack({ source: cluster(1_200_000), target: cluster() })).toBe(
      'held back by a quota of the source, 1.2 MB/s and by a quota of the target',
    );
    expect(sayHeldBack({ source: free, target: free })).toBeUndefined();
  });

  test('is one sentence', () => {
    const why = () => 'held back by a quota of the target';
    expect(withHeld('copied 5 records', why)).toBe('copied 5 records, held back by a quota of the target');
    expect(withHeld('Creates 3 topics on b.', why)).toBe(
      'Creates 3 topics on b. It is held back by a quota of the target.',
    );
    expect(withHeld('copied 5 records', () => undefined)).toBe('copied 5 records');
  });
});
