import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openings, opensIn, readHours, type Hours } from '../../src/migration/hours.js';
import { heldBackFor } from '../../src/migration/membership.js';
import { formatRate, parseRate } from '../../src/migration/rate.js';

const dayMs = 86_400_000;

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

  it('are there on the day of a clock change, whenever they are asked for', () => {
    for (const from of ['2026-03-20T21:30Z', '2026-03-20T22:30Z'])
      expect(shown(['sun 10:00-14:00 Europe/Oslo'], from, '2026-04-06T00:00Z')).toEqual([
        '2026-03-22T09:00 2026-03-22T13:00',
        '2026-03-29T08:00 2026-03-29T12:00',
        '2026-04-05T08:00 2026-04-05T12:00',
      ]);
  });

  it.each([
    ['sun 02:30-04:00 America/New_York', '2026-03-08', ['2026-03-08T07:00 2026-03-08T08:00']],
    ['sun 01:00-02:30 America/New_York', '2026-03-08', ['2026-03-08T06:00 2026-03-08T07:00']],
    // Clocks are put forward at midnight there.
    ['sun 00:30-02:00 America/Sao_Paulo', '2018-11-04', ['2018-11-04T03:00 2018-11-04T04:00']],
    // By half an hour.
    ['sun 02:15-03:00 Australia/Lord_Howe', '2026-10-04', ['2026-10-03T15:30 2026-10-03T16:00']],
    // Clocks are put back: from the first time that they show it.
    ['sun 01:30-03:00 America/New_York', '2026-11-01', ['2026-11-01T05:30 2026-11-01T08:00']],
    // A day that was not.
    ['fri 10:00-12:00 Pacific/Apia', '2011-12-30', []],
  ])('never begin before the clock shows them, nor end after it: %s', (text, day, expected) => {
    const at = Date.parse(`${day}T12:00Z`);
    const [from, until] = [at - 86_400_000, at + 86_400_000].map((one) => new Date(one).toISOString());
    expect(shown([text], from ?? '', until ?? '')).toEqual(expected);
  });

  it('are open when the clock of the zone says so, in every zone and at any time, but for an hour that comes twice', () => {
    const zones = [
      'Europe/Oslo',
      'America/New_York',
      'America/Sao_Paulo',
      'Australia/Lord_Howe',
      'Pacific/Apia',
    ];
    const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
    const some = fc.record({
      zone: fc.constantFrom(...zones, 'UTC', 'Asia/Kathmandu'),
      day: fc.constantFrom(...names),
      from: fc.integer({ min: 0, max: 95 }).map((at) => at * 15),
      length: fc.integer({ min: 8, max: 60 }).map((quarters) => quarters * 15),
      // Minutes since 1990, half a century of them.
      start: fc.integer({ min: 0, max: 50 * 365 * 24 * 60 }),
    });
    fc.assert(
      fc.property(some, ({ zone, day, from, length, start }) => {
        const clock = new Intl.DateTimeFormat('sv', {
          timeZone: zone,
          dateStyle: 'short',
          timeStyle: 'short',
        });
        const local = (at: number): number => Date.parse(`${clock.format(at).replace(' ', 'T')}Z`);
        const time = (minutes: number): string =>
          [Math.floor(minutes / 60) % 24, minutes % 60]
            .map((part) => String(part).padStart(2, '0'))
            .join(':');
        const text = `${day} ${time(from)}-${time(from + length)} ${zone}`;
        const begin = Date.UTC(1990, 0, 1) + start * 60_000;
        const end = begin + 8 * dayMs;
        const offset = (when: number): number => local(when) - when;
        const putBack = new Set(
          Array.from({ length: 9 }, (_, index) => Math.floor(begin / dayMs) + index).filter(
            (one) => offset((one - 2) * dayMs) > offset((one + 3) * dayMs),
          ),
        );
        const open = openings([hours(text)], begin, end);
        for (let at = begin; at < end; at += 30 * 60_000) {
          if (putBack.has(Math.floor(at / dayMs))) continue;
          const minutes = (local(at) / 60_000) % 1_440;
          const today = new Date(local(at)).getUTCDay();
          const isDay = (one: number): boolean => names[(one + 7) % 7] === day;
          const within =
            (isDay(today) && minutes >= from && minutes < from + length) ||
            (isDay(today - 1) && minutes + 1_440 < from + length);
          const said = open.some(([opens, closes]) => opens <= at && at < closes);
          if (said !== within)
            throw new Error(`${text} at ${new Date(at).toISOString()}: said ${said}, is ${within}`);
        }
      }),
      { numRuns: 40 },
    );
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
