import { describe, expect, it } from '@jest/globals';
import { advise } from '../../src/advice/advise.js';
import { answersFor, parseAnswers, type Answers } from '../../src/advice/answers.js';
import { facts } from '../../src/advice/facts.js';
import { idleTopicsOf } from '../../src/advice/idle.js';
import { rules } from '../../src/advice/rules.js';
import { setsOf } from '../../src/advice/sets.js';
import { migrationFileFor } from '../../src/advice/written.js';
import { parseYaml } from '../../app/config/yaml-file.js';
import { parseMigration } from '../../src/migration/file.js';
import type { Inventory, ScannedTopic } from '../../src/inventory/inventory.js';
import { group, inventory, topic } from './inventories.js';
import { strategies, strategyNames, type Strategy } from '../../src/migration/strategies.js';

const adviceFor = (change: Partial<ScannedTopic>, answers: Answers) => {
  const [set] = setsOf(
    inventory({ topics: [topic('orders', change)], groups: { value: [group('g', ['orders'])] } }),
  );
  if (!set) throw new Error('no set');
  return advise(set, answers);
};

describe('the rules', () => {
  it.each(strategyNames)('have one for each condition that the runbook names for %s', (strategy) => {
    expect(rules[strategy].map(({ sentence }) => sentence).join(', ')).toBe(strategies[strategy].suits);
  });
});

const ours = { producersOurs: true, consumersOurs: true };
const schemaIds = { schemas: { value: { sampled: 5, ids: [7], subjects: { value: ['orders-value'] } } } };
const verdict = { fits: 'fits', if: 'fits-if', not: 'does-not-fit' } as const;
const cases: [string, Partial<ScannedTopic>, Answers, (keyof typeof verdict)[], Strategy | null][] = [
  ['nothing known', {}, {}, ['if', 'if', 'if', 'if', 'fits'], 'advancedMirroring'],
  ['nothing known, schemas seen', schemaIds, {}, ['if', 'if', 'if', 'not', 'if'], null],
  ['records unseen', { schemas: { unknown: 'refused' } }, {}, ['if', 'if', 'if', 'if', 'if'], null],
  [
    'the simplest',
    {},
    { ...ours, historyNeeded: false, mayPause: true },
    ['fits', 'if', 'if', 'fits', 'fits'],
    'simplestCase',
  ],
  [
    'no pause, idempotent',
    {},
    { producersOurs: true, historyNeeded: false, mayPause: false, idempotent: true, consumersEasier: false },
    ['not', 'fits', 'if', 'not', 'fits'],
    'doubleProducer',
  ],
  [
    'no pause, consumers easier',
    {},
    { historyNeeded: false, mayPause: false, idempotent: false, consumersEasier: true },
    ['not', 'not', 'fits', 'not', 'fits'],
    'doubleConsumers',
  ],
  [
    'several producers seen at once',
    {
      producers: {
        value: [
          { id: '1', lastWrote: 1, transactional: false },
          { id: '2', lastWrote: 1, transactional: false },
        ],
      },
      writers: { value: 2 },
    },
    { historyNeeded: false, mayPause: false, idempotent: false },
    ['not', 'not', 'fits', 'not', 'fits'],
    'doubleConsumers',
  ],
  [
    'two ids remembered, of one producer or of two',
    {
      producers: {
        value: [
          { id: '1', lastWrote: 1, transactional: false },
          { id: '2', lastWrote: 1, transactional: false },
        ],
      },
      writers: { value: 1 },
    },
    { historyNeeded: false, mayPause: false, idempotent: false },
    ['not', 'not', 'if', 'not', 'fits'],
    'advancedMirroring',
  ],
  [
    'history and a pause',
    {},
    { historyNeeded: true, mayPause: true },
    ['not', 'not', 'not', 'fits', 'fits'],
    'simpleMirroring',
  ],
  [
    'history, no pause',
    {},
    { historyNeeded: true, mayPause: false, idempotent: false },
    ['not', 'not', 'not', 'not', 'fits'],
    'advancedMirroring',
  ],
  [
    'compacted: history is measured',
    { compacted: { value: true } },
    { mayPause: true },
    ['not', 'not', 'not', 'fits', 'fits'],
    'simpleMirroring',
  ],
  [
    'empty: no history is measured',
    { records: { value: 0 } },
    { ...ours, mayPause: true },
    ['fits', 'if', 'if', 'fits', 'fits'],
    'simplestCase',
  ],
];

describe('advice', () => {
  it.each(cases)('%s', (_, change, answers, verdicts, recommended) => {
    const advice = adviceFor(change, answers);
    expect(advice.strategies.map(({ strategy }) => strategy)).toEqual(strategyNames);
    expect(advice.strategies.map((one) => one.verdict)).toEqual(verdicts.map((word) => verdict[word]));
    expect(advice.recommended).toBe(recommended);
  });

  it('does not know of a topic without schemas by the records of another', () => {
    const sampled = (count: number) => ({
      schemas: { value: { sampled: count, ids: [], subjects: { unknown: 'not asked' } } },
    });
    const schemasOf = (records: number) =>
      facts.schemas({
        topics: [topic('a', sampled(5)), topic('b', { ...sampled(0), records: { value: records } })],
      });
    expect(schemasOf(1_000)).toEqual({ how: 'unknown', from: 'no record of b was looked at' });
    expect(schemasOf(0)).toMatchObject({ value: false, how: 'measured' });
  });

  it('fits topics with schemas once both registries are named', () => {
    const [set] = setsOf(inventory({ topics: [topic('orders', schemaIds)] }));
    const answers = { historyNeeded: true, mayPause: false, idempotent: false };
    expect(set && advise(set, answers).recommended).toBeNull();
    const registries = { source: 'a', target: 'b' };
    const advice = set && advise(set, answers, registries);
    expect(advice?.recommended).toBe('advancedMirroring');
    const written =
      set &&
      advice &&
      migrationFileFor(set, advice, answers, inventory({}), { target: 'target', registries });
    expect(parseMigration(parseYaml(written ?? '').value)).toMatchObject({
      migration: { strategy: 'advancedMirroring', mirror: 'engine', schemas: registries },
    });
  });

  it('says where each fact comes from, and what would change the verdict', () => {
    const [simplest] = adviceFor({}, { historyNeeded: false, mayPause: false }).strategies;
    expect(simplest?.conditions).toEqual([
      'that producers may pause for some minutes',
      'that all producers and all consumers are ours to change',
    ]);
    expect(simplest?.rules.flatMap(({ facts }) => facts.map(({ how }) => how))).toEqual([
      'declared',
      'unknown',
      'unknown',
      'declared',
    ]);
  });

  it('tells a person whose answer is not what was measured', () => {
    const [simplest] = adviceFor({ compacted: { value: true } }, { historyNeeded: false }).strategies;
    expect(simplest?.rules[0]?.facts[0]).toMatchObject({
      value: false,
      how: 'declared',
      from: expect.stringContaining('but orders is compacted'),
    });
  });
});

describe('sets', () => {
  const names = (of: Inventory) => setsOf(of).map(({ topics }) => topics.map(({ name }) => name));
  const topics = ['a', 'b', 'c', 'd'].map((name) => topic(name));

  it('are tied by groups, also through others', () => {
    const groups = { value: [group('one', ['a', 'b']), group('two', ['b', 'd'])] };
    expect(names(inventory({ topics, groups }))).toEqual([['a', 'b', 'd'], ['c']]);
  });

  it('are tied by the inner topics of an application, and not by those of one with a longer name', () => {
    const inner = (name: string) => topic(name, { partOf: 'streams' });
    const sets = setsOf(
      inventory({
        topics: [topic('a'), topic('b'), inner('shop-x-changelog'), inner('shop-totals-x-changelog')],
        groups: {
          value: [
            group('shop', ['a'], { kind: 'streams' }),
            group('shop-totals', ['b'], { kind: 'streams' }),
          ],
        },
      }),
    );
    expect(sets.map(({ topics }) => topics.map(({ name }) => name))).toEqual([
      ['a', 'shop-x-changelog'],
      ['b', 'shop-totals-x-changelog'],
    ]);
  });

  it('are tied by a pattern that a member subscribes to', () => {
    const members = { value: [{ clientId: 'x', host: 'h', topics: [], pattern: '[bc]' }] };
    const groups = { value: [group('one', [], { members })] };
    expect(names(inventory({ topics, groups }))).toEqual([['a'], ['b', 'c'], ['d']]);
  });

  it.each([
    ['never ends in JavaScript', '(a+)+b', ['a'.repeat(200)], 1],
    ['no engine can read: it may match any', '(', ['a', 'b'], 2],
  ])('are tied by a pattern that %s', (_, pattern, names, size) => {
    const members = { value: [{ clientId: 'x', host: 'h', topics: [], pattern }] };
    const groups = { value: [group('one', [], { members })] };
    const sets = setsOf(inventory({ topics: names.map((name) => topic(name)), groups }));
    expect(sets.map(({ topics }) => topics.length)).toEqual([size]);
  });

  it('are tied by an open transaction and by a transactional producer, not by an idempotent one', () => {
    const by = (id: string, transactional: boolean) => ({
      producers: { value: [{ id, lastWrote: 1, transactional }] },
    });
    const written = [
      topic('a', by('7', true)),
      topic('b', by('7', false)),
      topic('c', by('8', false)),
      topic('d', by('8', false)),
    ];
    expect(names(inventory({ topics: written }))).toEqual([['a', 'b'], ['c'], ['d']]);
    const openTransactions = { value: [{ transactionalId: 't', startedAt: 1, topics: ['c', 'd'] }] };
    expect(names(inventory({ topics, openTransactions }))).toEqual([['a'], ['b'], ['c', 'd']]);
  });

  it('say what might tie them and was not seen', () => {
    const [set] = setsOf(inventory({ topics: [topic('a')], groups: { unknown: 'refused' } }));
    expect(set?.unseen).toEqual(['which groups there are: refused']);
  });

  it.each(['streams', 'ksqldb'] as const)('have the inner topics of an application of %s', (kind) => {
    const topics = [
      topic('orders'),
      topic('app-1-Aggregate-changelog', { partOf: kind }),
      topic('app__command_topic', { partOf: kind }),
    ];
    const groups = { value: [group('app-1', ['orders'], { kind })] };
    expect(names(inventory({ topics, groups }))).toEqual([
      ['app-1-Aggregate-changelog', 'orders'],
      ['app__command_topic'],
    ]);
  });

  it('name what is read beside their topics and is not in the inventory, with why', () => {
    const [set] = setsOf(
      inventory({
        glob: 'o*',
        topics: [topic('orders')],
        unseen: [{ topic: 'opaque', unknown: 'refused' }],
        groups: { value: [group('g', ['orders', 'opaque', 'payments']), group('h', ['orders', 'gone'])] },
        openTransactions: {
          value: [{ transactionalId: 't', startedAt: 1, topics: ['orders', 'opaque', 'once'] }],
        },
      }),
    );
    expect(set?.unseen).toEqual([
      'opaque, used by group g, transaction t too: refused',
      'gone, payments, used by group g, group h too: it is outside of --topics o*',
      'once, used by transaction t too: the cluster did not list it',
    ]);
    expect(set && advise(set, {}).warnings).toContain(
      'Not seen: opaque, used by group g, transaction t too: refused',
    );
  });

  const connector = (
    type: 'sink' | 'source' | 'unknown',
    change: Partial<NonNullable<Inventory['connectors']['value']>[number]>,
  ) => ({
    connectors: {
      value: [{ connect: 'c', name: 's', class: 'x', type, topics: { value: [] }, ...change }],
    },
  });
  const old = ['old', 'old2', 'other'].map((name) => topic(name, { newest: { value: 5 } }));

  it.each([
    ['by their names', connector('sink', { group: 'connect-s', topics: { value: ['old', 'old2'] } })],
    ['by a pattern', connector('sink', { group: 'connect-s', pattern: 'old.?' })],
    ['without a known direction', connector('unknown', { topics: { value: ['old', 'old2'] } })],
  ])('are tied by a connector that reads %s, and are then not idle', (_, connectors) => {
    const of = inventory({ topics: old, ...connectors });
    const [set, other] = setsOf(of);
    expect(set?.topics.map(({ name }) => name)).toEqual(['old', 'old2']);
    expect(set && idleTopicsOf(set, of)).toEqual([]);
    const warnings = set && advise(set, {}).warnings.join();
    expect(warnings).toMatch(/connector s (reads these topics as group connect-s, which has not|uses these)/);
    expect(warnings).not.toContain('nobody is seen to read');
    expect(other && idleTopicsOf(other, of)).toHaveLength(1);
  });

  it('might be tied by a connector whose topics are not known, and say so', () => {
    const of = inventory({ topics: old, ...connector('source', { topics: { unknown: 'refused' } }) });
    expect(setsOf(of).map(({ unseen }) => unseen)).toEqual(old.map(() => ['what connector s uses: refused']));
    expect(setsOf(of).flatMap((set) => idleTopicsOf(set, of))).toEqual([]);
  });

  it('leave out what others make anew, and give each a name of its own', () => {
    const sets = setsOf(
      inventory({
        topics: [
          topic('A'),
          topic('a'),
          topic('__proto__'),
          topic('c', { partOf: 'connect' }),
          topic('k', { internal: true }),
        ],
      }),
    );
    expect(sets.map(({ name }) => name)).toEqual(['a', 'proto__', 'a-2']);
  });
});

describe('answers', () => {
  it("take yes, no and don't know, and refuse anything else by its path", () => {
    const { answers } = parseAnswers({
      sets: { a: { topics: ['a'], mayPause: 'yes', idempotent: false, historyNeeded: "don't know" } },
    });
    expect(answers && answersFor({ name: 'a', topics: [{ name: 'a' }] }, answers)).toEqual({
      answers: { mayPause: true, idempotent: false },
    });
    expect(parseAnswers({ sets: { a: { topics: ['a'], mayPause: 'maybe' } } }).mistakes).toEqual([
      { path: 'sets.a.mayPause', expected: "expected yes, no or don't know" },
    ]);
  });

  it('do not count for a set that has grown since', () => {
    const file = { sets: { a: { topics: ['a'], mayPause: true } } };
    const { answers, note } = answersFor({ name: 'a', topics: [{ name: 'a' }, { name: 'b' }] }, file);
    expect(answers).toEqual({});
    expect(note).toContain('without b');
  });
});
