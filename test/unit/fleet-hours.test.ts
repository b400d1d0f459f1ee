import { describe, expect, it } from '@jest/globals';
import { openings, opensIn, readHours, type Hours } from '../../src/migration/hours.js';
import { heldBackFor } from '../../src/migration/membership.js';
import { formatRate, parseRate } from '../../src/migration/rate.js';

const hours = (text: string): Hours => {
  const read = readHours(text);
  if (typeof read === 'string') throw new Error(read);
  return read;
};
const shown = (texts: string[], from: string, until: string): string[] =>
  openings(texts.map(hours), Date.parse(from), Date.parse(until)).map(([begin, end]) =>
    [begin, end].map((at) => new Date(at).toISOString().slice(0, 16)).join(' '),
  );

describe('hours', () => {
  it('are those of the zone, in winter and in summer, and move with its clock', () => {
    expect(shown(['mon-thu 09:00-15:00 Europe/Oslo'], '2026-03-26T00:00Z', '2026-03-31T00:00Z')).toEqual([
      '2026-03-26T08:00 2026-03-26T14:00',
      // Clocks went forward on Sunday.
      '2026-03-30T07:00 2026-03-30T13:00',
    ]);
  });

  it('that a clock change cuts or doubles are as long as the clock says', () => {
    expect(shown(['sun 01:00-04:00 Europe/Oslo'], '2026-03-29T00:00Z', '2026-03-30T00:00Z')).toEqual([
      '2026-03-29T00:00 2026-03-29T02:00',
    ]);
    expect(shown(['sun 01:00-04:00 Europe/Oslo'], '2026-10-24T12:00Z', '2026-10-26T00:00Z')).toEqual([
      '2026-10-24T23:00 2026-10-25T03:00',
    ]);
    // 02:30 does not exist on that day.
    expect(shown(['sun 02:30-02:45 Europe/Oslo'], '2026-03-29T00:00Z', '2026-03-30T00:00Z')).toHaveLength(1);
  });

  it('may pass midnight, be daily, and be joined where they overlap', () => {
    expect(shown(['fri 22:00-02:00 UTC'], '2026-11-27T00:00Z', '2026-11-29T00:00Z')).toEqual([
      '2026-11-27T22:00 2026-11-28T02:00',
    ]);
    expect(
      shown(['daily 08:00-12:00 UTC', 'tue 11:00-24:00 UTC'], '2026-12-01T09:00Z', '2026-12-02T09:00Z'),
    ).toEqual(['2026-12-01T08:00 2026-12-02T00:00', '2026-12-02T08:00 2026-12-02T12:00']);
    expect(shown(['sat-mon 10:00-11:00 UTC'], '2026-11-27T00:00Z', '2026-12-02T00:00Z')).toHaveLength(3);
  });

  it.each([
    ['always', 'expected hours such as'],
    ['mon-thu 09:00-15:00 Europe/Olso', 'expected a time zone such as Europe/Oslo or UTC, not Europe/Olso'],
    ['mon-day 09:00-15:00 UTC', 'expected days such as'],
    ['mon 09:00-24:30 UTC', 'expected times of the day'],
    ['mon 24:00-08:00 UTC', 'expected times of the day'],
  ])('are not %s', (text, sentence) => {
    expect(readHours(text)).toEqual(expect.stringContaining(sentence));
  });

  it('hold back until they come, and no longer than is known of them', () => {
    const known: [number, number][] = [
      [100, 200],
      [300, 400],
    ];
    expect([0, 150, 200, 399, 400].map((now) => opensIn(known, now))).toEqual([100, 0, 100, 0, undefined]);
    const fleet = { id: 'fleet/a', wave: 'one', hours: { knownUntil: 1_000, people: known } };
    expect([0, 150, 500, 1_000].map((now) => heldBackFor(fleet, 'people', now))).toEqual([100, 0, 500, 0]);
    expect(heldBackFor(fleet, 'deletions', 0)).toBe(0);
    expect(heldBackFor(undefined, 'people', 0)).toBe(0);
  });
});

it('a rate is bytes a second, and no less than a mirror can do', () => {
  expect(['200MB/s', '1.5 GB/s', '20kB/s', 5_000].map(parseRate)).toEqual([200e6, 1.5e9, 20e3, 5_000]);
  expect(['200', 'MB/s', '-1MB/s', '10B/s', '1e99GB/s', 12, NaN, null].map(parseRate)).toEqual(
    Array.from({ length: 8 }, () => null),
  );
  expect(formatRate(200e6)).toBe('200 MB/s');
});
