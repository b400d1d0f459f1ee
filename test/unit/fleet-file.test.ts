import { describe, expect, it } from '@jest/globals';
import { circleIn } from '../../src/fleet/circle.js';
import { withDefaults } from '../../src/fleet/defaults.js';
import { parseFleet } from '../../src/fleet/file.js';
import { parseMigration } from '../../src/migration/file.js';
import { mistakeText } from '../../src/migration/mistakes.js';

const one = (name: string, rest: object = {}) => ({
  name,
  strategy: 'simplestCase',
  topics: [{ name: `${name}-topic` }],
  ...rest,
});
const defaults = { source: 'onprem', target: 'aiven' };
const mistakes = (file: unknown): string[] => parseFleet(file).mistakes?.map(mistakeText) ?? [];

describe('a fleet file', () => {
  it('has its migrations with what they share', () => {
    const { fleet } = parseFleet({
      name: 'shop',
      defaults: { ...defaults, team: 'shop', waits: { soak: '7d' }, leaveBehind: { groups: ['probe'] } },
      waves: [
        { name: 'one', migrations: [one('a'), one('b', { team: 'pay', leaveBehind: { groups: ['own'] } })] },
        { name: 'two', migrations: [{ migration: one('c'), after: ['a'] }], after: 'one' },
      ],
    });
    expect(
      fleet?.members.map(({ migration: { name, team, waits, leaveBehind }, wave, after }) => ({
        ...{ name, team, wave, after, soak: waits.soak, quiet: waits.quiet, left: leaveBehind.groups },
      })),
    ).toEqual([
      { name: 'a', team: 'shop', wave: 'one', after: [], soak: '7d', quiet: '150s', left: ['probe'] },
      { name: 'b', team: 'pay', wave: 'one', after: [], soak: '7d', quiet: '150s', left: ['own', 'probe'] },
      { name: 'c', team: 'shop', wave: 'two', after: ['a'], soak: '7d', quiet: '150s', left: ['probe'] },
    ]);
  });

  it('that is larger than Temporal takes is refused before it is read any further', () => {
    const migrations = Array.from({ length: 2_500 }, (_, at) => one(`m${at}`));
    expect(mistakes({ name: 'shop', waves: [{ name: 'one', migrations }] })).toEqual([
      expect.stringMatching(/^waves: .* each of 2500 migrations take \d\.\d MB, .* divide it/),
    ]);
  });

  it('that was not refused when it began is not refused while its fleet runs', () => {
    const freezes = Array.from({ length: 501 }, () => ({
      ...{ from: '2026-12-01T00:00Z', until: '2026-12-24T00:00Z' },
    }));
    const file = { name: 'shop', defaults, freezes, waves: [{ name: 'one', migrations: [one('x')] }] };
    expect(mistakes(file)).toEqual([
      'freezes: expected at most 500 freezes, not 501: leave out those that are over',
    ]);
    expect(parseFleet(file, () => false).mistakes).toBeUndefined();
  });

  it.each([
    ['a name alone', 'orders'],
    ['an object', { orders: true }],
    ['nothing', null],
    ['a number', ['orders', 5]],
  ])('is refused with %s where a migration that stands in it names what it comes after', (_, after) => {
    const migrations = [one('orders'), one('x', { after })];
    expect(mistakes({ name: 'a', defaults, waves: [{ name: 'one', migrations }] })).toContain(
      'waves[0].migrations[1].after: expected a list of names of migrations, such as [orders]',
    );
    const kept = { migrations: [one('orders'), one('x', { after: ['orders'] })], name: 'one' };
    expect(parseFleet({ name: 'a', defaults, waves: [kept] }).fleet?.members[1]?.after).toEqual(['orders']);
  });

  it('shares schemas with those that may have some', () => {
    const schemas = { source: 'old', target: 'new' };
    for (const [strategy, has] of [
      ['simpleMirroring', false],
      ['simplestCase', true],
    ] as const) {
      const whole = withDefaults({ ...one('a'), strategy }, { ...defaults, schemas });
      const { migration } = parseMigration(whole);
      expect(migration?.schemas !== undefined).toBe(has);
    }
  });

  it.each([
    ['no object', 5, ['expected a fleet: an object with name and waves']],
    ['no wave', { name: 'a', waves: [] }, ['waves: expected at least one wave']],
    ['an unknown key', { name: 'a', waves: [], colour: 1 }, ['colour: is not a key of a fleet file']],
    [
      'a path where nobody can read it',
      { name: 'a', waves: [{ name: 'one', migrations: ['a.yaml'] }] },
      ['waves[0].migrations[0]: expected the migration itself: files are read by ferry fleet start alone'],
    ],
    [
      'a migration that is none',
      {
        name: 'a',
        defaults,
        waves: [{ name: 'one', migrations: [{ name: 'x', strategy: 'simplestCase' }] }],
      },
      ['waves[0].migrations[0]: topics: expected a list of topics'],
    ],
    [
      'a migration in two waves',
      {
        ...{ name: 'a', defaults },
        waves: [
          { name: 'one', migrations: [one('x')] },
          { name: 'two', migrations: [one('x')] },
        ],
      },
      ['waves[1].migrations[0]: expected each migration in one wave: x is in one already'],
    ],
    [
      'a wave twice',
      {
        ...{ name: 'a', defaults },
        waves: [
          { name: 'one', migrations: [one('x')] },
          { name: 'one', migrations: [one('y')] },
        ],
      },
      ['waves[1].name: expected each wave once, not one twice'],
    ],
    [
      'names that it does not have',
      {
        ...{ name: 'a', defaults },
        waves: [
          { name: 'one', migrations: [{ migration: one('x'), after: ['y'] }] },
          { name: 'two', migrations: [one('z')], after: 'three' },
        ],
      },
      [
        'waves[1].after: expected one of one, two, not three',
        'waves[0].migrations: expected a migration of this fleet after which x comes, not y',
      ],
    ],
    [
      'waves in a circle',
      {
        ...{ name: 'a', defaults },
        waves: [
          { name: 'one', migrations: [one('x')], after: 'two' },
          { name: 'two', migrations: [one('y')], after: { wave: 'one', step: 'drain' } },
        ],
      },
      [expect.stringMatching(/^waves: expected no circle: .*"wave one".*"wave two"/)],
    ],
    [
      'migrations in a circle through their waves',
      {
        ...{ name: 'a', defaults },
        waves: [
          { name: 'one', migrations: [{ migration: one('x'), after: ['y'] }] },
          { name: 'two', migrations: [one('y')], after: 'one' },
        ],
      },
      [expect.stringMatching(/^waves: expected no circle: .*x.*y/)],
    ],
    [
      'a zone, a time, a rate and a freeze that are none',
      {
        ...{ name: 'a', defaults, budget: 'fast', hours: { people: ['mon 09:00-10:00 Mars/Olympus'] } },
        waves: [{ name: 'one', migrations: [one('x')], startsAt: '2026-12-01' }],
      },
      [
        'budget: expected a rate such as 200MB/s',
        'hours.people[0]: expected a time zone such as Europe/Oslo or UTC, not Mars/Olympus',
        'waves[0].startsAt: expected a date and time with its distance from UTC, such as 2026-12-01T08:00+01:00',
      ],
    ],
    [
      'a freeze that ends before it begins',
      {
        ...{ name: 'a', defaults },
        freezes: [{ from: '2026-12-24T00:00Z', until: '2026-12-01T00:00Z' }],
        waves: [{ name: 'one', migrations: [one('x')] }],
      },
      ['freezes[0].until: expected a time after from'],
    ],
    [
      'days that there are not',
      {
        ...{ name: 'a', defaults },
        freezes: [{ from: '2026-06-31T00:00Z', until: '2026-12-24T00:00Z' }],
        waves: [{ name: 'one', migrations: [one('x')], startsAt: '2026-02-30T08:00+01:00' }],
      },
      [
        'waves[0].startsAt: expected a day that there is, not 2026-02-30T08:00+01:00',
        'freezes[0].from: expected a day that there is, not 2026-06-31T00:00Z',
      ],
    ],
    [
      'more hours than its migrations can carry',
      {
        ...{ name: 'a', defaults },
        hours: { people: Array.from({ length: 13 }, (_, at) => `daily ${10 + at}:00-${10 + at}:30 UTC`) },
        waves: [{ name: 'one', migrations: [one('x')] }],
      },
      ['hours.people: expected at most 12 times'],
    ],
  ])('is refused with %s', (_, file, expected) => {
    expect(mistakes(file)).toEqual(expected);
  });

  it('may be long: a chain of thousands is looked through without an end of the stack', () => {
    const arrows = new Map(Array.from({ length: 50_000 }, (_, at) => [String(at), [String(at + 1)]]));
    expect(circleIn(arrows)).toBeUndefined();
    expect(circleIn(arrows.set('50000', ['49998']))).toEqual(['49998', '49999', '50000', '49998']);
  });
});
