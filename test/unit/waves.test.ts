import { describe, expect, it } from '@jest/globals';
import { parseYaml } from '../../app/config/yaml-file.js';
import { advise } from '../../src/advice/advise.js';
import { expectedOf, expectedText } from '../../src/advice/expected.js';
import { idleTopicsOf } from '../../src/advice/idle.js';
import { setsOf } from '../../src/advice/sets.js';
import { SetNames } from '../../src/advice/set-names.js';
import { partsOf } from '../../src/advice/splits.js';
import { fleetFileFor, wavesOf, type WaveOptions } from '../../src/advice/waves.js';
import { fleetShape } from '../../src/fleet/file.js';
import { migrationFileFor } from '../../src/advice/written.js';
import type { Inventory, ScannedTopic } from '../../src/inventory/inventory.js';
import { parseMigration } from '../../src/migration/file.js';
import { acl, group, inventory, topic } from './inventories.js';

const scannedAt = '2026-06-01T00:00:00.000Z';
const lately = Date.parse(scannedAt) - 1_000;
const used = (name: string, bytes: number, change: Partial<ScannedTopic> = {}) =>
  topic(name, { newest: { value: lately }, bytes: { value: bytes }, rate: { value: 1 }, ...change });

function planOf(change: Partial<Inventory>, options?: WaveOptions) {
  const of = inventory({ scannedAt, ...change });
  const advised = setsOf(of).map((set) => ({
    set,
    advice: advise(set, { historyNeeded: true, mayPause: true }),
  }));
  return wavesOf(advised, of, options);
}
const names = ({ waves }: ReturnType<typeof planOf>) =>
  waves.map(({ planned }) => planned.map(({ set }) => set.name));

describe('waves', () => {
  it('begin with what is small, whatever the order of names', () => {
    const topics = [
      used('a', 300),
      used('b', 100),
      used('c', 200),
      used('d', 0, { bytes: { unknown: 'refused' } }),
    ];
    expect(names(planOf({ topics }, { perWave: 2 }))).toEqual([
      ['b', 'c'],
      ['a', 'd'],
    ]);
  });

  it('have the input of an application before its output', () => {
    const topics = [used('in', 900), used('out', 1), used('alone', 5)];
    const acls = { value: [acl('app', 'read', 'in'), acl('app', 'write', 'out')] };
    const plan = planOf({ topics, acls });
    expect(names(plan)).toEqual([['alone', 'in'], ['out']]);
    expect(plan.waves[1]?.planned[0]?.after.join()).toContain('User:app reads in and writes here');
  });

  it('begin somewhere in a circle, and say so', () => {
    const topics = [used('one', 2), used('two', 1)];
    const acls = {
      value: [
        acl('p', 'read', 'one'),
        acl('p', 'write', 'two'),
        acl('q', 'read', 'two'),
        acl('q', 'write', 'one'),
      ],
    };
    const plan = planOf({ topics, acls });
    expect(names(plan)).toEqual([['two'], ['one']]);
    expect(plan.waves[0]?.planned[0]?.after.join()).toContain('in a circle');
  });

  it('begin in a circle that needs nothing else, not with what waits for it, however small', () => {
    const topics = [used('a', 500), used('b', 600), used('c', 1), used('d', 2), used('e', 3)];
    const flow = (from: string, to: string) => [
      acl(`${from}-${to}`, 'read', from),
      acl(`${from}-${to}`, 'write', to),
    ];
    // a and b are a circle; c needs a; d and e are a circle that needs b.
    const acls = {
      value: [
        ['a', 'b'],
        ['b', 'a'],
        ['a', 'c'],
        ['d', 'e'],
        ['e', 'd'],
        ['b', 'd'],
      ].flatMap(([from = '', to = '']) => flow(from, to)),
    };
    const plan = planOf({ topics, acls });
    expect(names(plan)).toEqual([['a'], ['c', 'b'], ['d'], ['e']]);
    expect(
      plan.waves.flatMap(({ planned }) =>
        planned.filter(({ after }) => after.join().includes('in a circle')).map(({ set }) => set.name),
      ),
    ).toEqual(['a', 'd']);
  });

  it.each<[string, Inventory['acls'], string]>([
    ['are not known', { unknown: 'refused' }, 'refused'],
    ['nobody checks', { value: null }, 'the cluster has no authorizer'],
  ])('claim no order by dependencies where ACLs %s', (_, acls, why) => {
    const plan = planOf({ topics: [used('a', 1)], acls });
    expect(plan.orderUnknown).toBe(why);
    const text = fleetFileFor('onprem', plan, ({ name }) => `${name}.yaml`).replaceAll(/\n# ?/g, ' ');
    expect(text).toContain(`What depends on what is not known, and the order does not rest on it: ${why}.`);
    expect(text).not.toContain('what others depend on first');
    expect(planOf({ topics: [used('a', 1)] }).orderUnknown).toBeUndefined();
  });

  it('move few applications of one team at once', () => {
    const topics = ['pay.a', 'pay.b', 'pay.c', 'ship.a'].map((name, at) => used(name, at));
    const acls = { value: topics.map(({ name }) => acl(`app-${name}`, 'write', name)) };
    const plan = planOf({ topics, acls }, { perTeam: 2 });
    expect(names(plan)).toEqual([['pay.a', 'pay.b', 'ship.a'], ['pay.c']]);
    expect(plan.waves[1]?.planned[0]?.after).toEqual(['More than 2 applications of pay would move at once.']);
  });

  it('take a set that has more applications than a team may move by itself', () => {
    const topics = [used('pay.a', 1)];
    const acls = { value: ['x', 'y', 'z'].map((app) => acl(app, 'write', 'pay.a')) };
    expect(names(planOf({ topics, acls }, { perTeam: 1 }))).toEqual([['pay.a']]);
  });

  it('say what there is to copy and for how long, or that it is not known', () => {
    const [wave] = planOf({ topics: [used('a', 3.6e12)] }, { bytesPerSecond: 1e9 }).waves;
    expect(wave?.bytes).toEqual({ value: 3.6e12 });
    // An hour of copying, the quiet time and the soak of a file that says nothing else.
    expect(wave?.hours.value).toBeCloseTo(1 + 150 / 3600 + 24, 3);
    const [blind] = planOf({ topics: [topic('b', { newest: { value: lately } })] }).waves;
    expect(blind?.hours).toEqual({ unknown: 'not read' });
  });

  it('are a fleet file, with idle topics in no migration', () => {
    const plan = planOf({ topics: [used('a', 1), topic('old', { newest: { value: 5 } })] });
    const text = fleetFileFor('onprem', plan, ({ name }) => `${name}.yaml`);
    expect(fleetShape().parse(parseYaml(text).value)).toMatchObject({
      name: 'onprem',
      waves: [{ name: 'wave-1', migrations: ['a.yaml'] }],
      idle: [{ topic: 'old', why: expect.stringContaining('1970-01-01') }],
    });
    expect(text).toContain('# 1 migration of a;');
  });
});

describe('idle', () => {
  const idle = (change: Partial<ScannedTopic>, of: Partial<Inventory> = {}) => {
    const all = inventory({ topics: [topic('t', { newest: { value: 5 }, ...change })], ...of });
    return setsOf(all).flatMap((set) => idleTopicsOf(set, all)).length === 1;
  };

  it('is what nobody was seen to write or read for long', () => {
    expect(idle({})).toBe(true);
    expect(idle({}, { groups: { value: [group('gone', ['t'])] } })).toBe(true);
  });

  it.each<[string, Partial<ScannedTopic>, Partial<Inventory>]>([
    ['written lately', { newest: { value: lately } }, {}],
    ['written now', { rate: { value: 0.5 } }, {}],
    ['compacted: state may be read without a group', { compacted: { value: true } }, {}],
    ['of an unknown newest record', { newest: { unknown: 'refused' } }, {}],
    ['of an unknown rate', { rate: { unknown: 'refused' } }, {}],
    ['of unknown producers', { producers: { unknown: 'refused' } }, {}],
    ['of unknown readers', {}, { groups: { unknown: 'refused' } }],
    ['read by somebody', {}, { groups: { value: [group('g', ['t'], { moved: { value: true } })] } }],
  ])('is not what is %s', (_, change, of) => {
    expect(idle(change, of)).toBe(false);
  });
});

describe('a set too large for one migration', () => {
  const topics = Array.from({ length: 400 }, (_, at) =>
    used(`t${String(at).padStart(3, '0')}`, 1, { partitions: 100 }),
  );
  const all = topics.map(({ name }) => name);
  const groups = {
    value: [
      // Ties all of them together; the others lie within their halves.
      group('everything', all),
      ...Array.from({ length: 8 }, (_, at) => group(`g${at}`, all.slice(at * 50, (at + 1) * 50))),
    ],
  };

  it('is split into parts that fit, which say why and what reads several of them', () => {
    const of = inventory({ scannedAt, topics, groups });
    const [set] = setsOf(of);
    if (!set) throw new Error('no set');
    const parts = partsOf(set, 'doubleProducer', new SetNames([set.name]));
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.flatMap(({ topics }) => topics.map(({ name }) => name)).sort()).toEqual(all);
    expect(parts[0]?.name).toBe('t000-part-1');
    expect(parts[0]?.ties.join()).toContain('more than one migration carries');
    expect(parts[0]?.ties.join()).toContain('everything');

    const plan = wavesOf(
      parts.map((part) => ({ set: part, advice: advise(part, {}) })),
      of,
    );
    expect(plan.waves.map(({ planned }) => planned.map(({ set }) => set.part?.number))).toEqual(
      parts.map((_, at) => [at + 1]),
    );
  });

  it('has parts by names that nothing else has, also where names begin alike', () => {
    const [set] = setsOf(inventory({ scannedAt, topics, groups }));
    const start = 'a'.repeat(80);
    const sets = [`${start}x`, `${start}y`].map((name) => ({ ...set!, name }));
    const names = new SetNames([`${start}-part-1`, ...sets.map(({ name }) => name)]);
    const parts = sets.flatMap((one) => partsOf(one, 'doubleProducer', names).map(({ name }) => name));
    expect(parts.slice(0, 2)).toEqual([`${start}-part-1-2`, `${start}-part-2`]);
    expect(new Set(parts).size).toBe(parts.length);
    for (const name of parts) expect(name).toMatch(/^[a-z0-9][a-z0-9._-]{0,99}$/);
  });

  it('has a topic that fits in no migration apart, last, and says that its file is refused', () => {
    const small = Array.from({ length: 300 }, (_, at) => used(`s${at}`, 1, { partitions: 1 }));
    const huge = used('huge', 1, { partitions: 100_000 });
    const inner = used('app-x-changelog', 1, { partitions: 100_000, partOf: 'streams' });
    const all = [...small, huge, inner];
    const group1 = group(
      'app',
      all.map(({ name }) => name),
      { kind: 'streams' },
    );
    const [set] = setsOf(inventory({ topics: all, groups: { value: [group1] } }));
    if (!set) throw new Error('no set');
    const [rest, apart, ...more] = partsOf(set, 'simplestCase', new SetNames([set.name]));
    expect(more).toEqual([]);
    expect(rest?.topics).toHaveLength(301);
    expect(rest?.tooLarge).toBeUndefined();
    expect(apart).toMatchObject({ topics: [{ name: 'huge' }], tooLarge: true });
    expect(apart?.ties[1]).toBe(
      'huge alone, with 100000 partitions and 1 group, is more than one migration carries from step to step: ferry plan refuses its file as too large, until fewer groups move with it.',
    );
    const [single] = setsOf(inventory({ topics: [huge] }));
    expect(single && partsOf(single, null, new SetNames())).toMatchObject([
      { topics: [{ name: 'huge' }], tooLarge: true, ties: [expect.stringContaining('refuses its file')] },
    ]);
  });

  it('of topics of which no two fit together is as many parts, soon', () => {
    const wide = Array.from({ length: 1_000 }, (_, at) => used(`w${at}`, 1, { partitions: 60_000 }));
    const reader = group(
      'g',
      wide.map(({ name }) => name),
    );
    const [set] = setsOf(inventory({ topics: wide, groups: { value: [reader] } }));
    const parts = set ? partsOf(set, 'simplestCase', new SetNames()) : [];
    expect(parts.map(({ topics }) => topics.length)).toEqual(wide.map(() => 1));
    expect(parts.filter(({ tooLarge }) => tooLarge)).toEqual([]);
  });

  it('is measured whatever names are in it', () => {
    const odd = ['<b>a</b>', '<i>b'].map((name) => used(name, 1));
    for (const groups of [[group('g', ['<b>a</b>', '<i>b'])], [group('', ['<b>a</b>', '<i>b'])]]) {
      const [set] = setsOf(inventory({ topics: odd, groups: { value: groups } }));
      expect(set && partsOf(set, null, new SetNames())).toEqual([set]);
      expect(set?.name).toBe('b-a--b-');
    }
  });

  it('is left whole when it fits', () => {
    const [set] = setsOf(inventory({ topics: topics.slice(0, 20), groups: { value: [group('g', all)] } }));
    expect(set && partsOf(set, 'simplestCase', new SetNames())).toEqual([set]);
  });
});

it.each([
  ['a/../../../x', 'a-..-..-..-x'],
  ['../up', 'up'],
  ['Ærlig.Ⅷ', 'rlig.-'],
  ['..', 'topic'],
])('a name of a set leads to no other folder: %s', (name, given) => {
  expect(new SetNames().give(name)).toBe(given);
});

describe('a written file', () => {
  const written = (change: Partial<ScannedTopic>, of: Partial<Inventory> = {}) => {
    const all = inventory({ scannedAt, topics: [topic('orders', change)], ...of });
    const [set] = setsOf(all);
    if (!set) throw new Error('no set');
    const answers = { historyNeeded: true, mayPause: true };
    const text = migrationFileFor(set, advise(set, answers), answers, all, { target: 'target' });
    const { migration } = parseMigration(parseYaml(text).value);
    if (!migration) throw new Error(text);
    return { text, migration };
  };

  it('names who may write, and waits longer for a topic that is written seldom', () => {
    const { migration, text } = written(
      { newest: { value: Date.parse(scannedAt) - 86_400_000 } },
      { acls: { value: [acl('web', 'write', 'orders'), acl('billing', 'read', 'orders')] } },
    );
    expect(migration.producers).toEqual([{ name: 'web' }]);
    expect(migration.waits).toMatchObject({ quiet: '1h', patience: '2h' });
    expect(text).toContain('User:billing, User:web');
  });

  it.each<[string, Inventory['acls'], string]>([
    ['they are not known', { unknown: 'refused' }, 'Producers are not known: refused.'],
    ['nobody checks them', { value: null }, 'Producers are not known: the cluster has no authorizer.'],
    ['they name nobody', { value: [] }, 'By ACLs nobody in particular may write'],
  ])('says that no producer is known by ACLs where %s', (_, acls, sentence) => {
    expect(written({}, { acls }).text.replaceAll(/\n# ?/g, ' ')).toContain(sentence);
  });

  it('leaves out a group with an empty id, and says so', () => {
    const { migration, text } = written(
      {},
      { groups: { value: [group('', ['orders']), group('g', ['orders'])] } },
    );
    expect(migration.consumers.map(({ group }) => group)).toEqual(['g']);
    expect(text.replaceAll(/\n#/g, '')).toContain('a group has an empty id');
  });

  it('waits as usual for a topic that is written now, or of which that is not known', () => {
    for (const rate of [{ value: 5 }, { unknown: 'refused' }])
      expect(written({ rate, newest: { value: 5 } }).migration.waits.quiet).toBe('150s');
  });

  it('says how much there is to copy, or that it is not known', () => {
    expect(written({ bytes: { value: 5e9 } }).text).toContain('about 1m40s (5.0 GB on disk)');
    expect(written({}).text).toContain('How long copying takes is not known: not read');
  });
});

it('how far groups are behind counts the topics of the set alone, and is unknown when one is', () => {
  const lag = (name: string, value: number) => ({ topic: name, lag: { value } });
  const topics = [topic('a'), topic('b')];
  const one = group('one', [], { committed: { value: [lag('a', 3), lag('b', 4), lag('elsewhere', 9)] } });
  const other = group('other', [], { committed: { value: [lag('a', 5)] } });
  expect(expectedOf({ topics, groups: [one, other] }).lag).toEqual({ value: 7 });
  const unknown = group('u', [], { committed: { unknown: 'refused' } });
  expect(expectedOf({ topics, groups: [one, unknown] }).lag).toEqual({ unknown: 'refused' });
});

it.each([
  ['no group is seen', [], 'no group is seen to read it'],
  [
    'a group reads and has committed nothing',
    [group('g', [], { members: { value: [{ clientId: 'x', host: 'h', topics: ['a'] }] } })],
    'group g has committed nothing on a',
  ],
  [
    'the lag is unknown',
    [group('g', [], { committed: { value: [{ topic: 'a', lag: { unknown: 'refused' } }] } })],
    'refused',
  ],
])('no group is told to be 0 records behind where %s', (_, groups, why) => {
  const expected = expectedOf({ topics: [topic('a')], groups });
  expect(expected.lag).toEqual({ unknown: why });
  expect(expectedText(expected)[1]).toBe(`How far groups are behind is not known: ${why}`);
});

it('a group that reads a topic without records is not behind there', () => {
  const members = { value: [{ clientId: 'x', host: 'h', topics: ['a'] }] };
  const topics = [topic('a', { records: { value: 0 } })];
  expect(expectedOf({ topics, groups: [group('g', [], { members })] }).lag).toEqual({ value: 0 });
});
