import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../src/migration/duration.js';

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['150s', 150_000],
    ['1.5s', 1500],
    ['10m', 600_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    [' 3 m ', 180_000],
  ])('%j is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '10', 's', '-5s', '10 bananas', '1h30m', '1e3s', 'PT1H', '5S'])('%j is none', (text) =>
    expect(parseDuration(text)).toBeNull(),
  );

  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [1500, '1.5s'],
    [60_000, '1m'],
    [150_000, '2m30s'],
    [86_400_000, '24h'],
    [90_061_000, '25h1m'],
    [604_800_000, '7d'],
    [615_600_000, '7d3h'],
  ])('of %d ms reads %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('reads as what a file may say, whenever one unit is enough', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.constantFrom('s', 'm', 'h', 'd'), (count, unit) => {
        const ms = parseDuration(`${count}${unit}`) ?? NaN;
        expect(parseDuration(formatDuration(ms)) ?? ms).toBe(ms);
      }),
    );
  });
});
