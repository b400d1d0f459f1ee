import { describe, expect, it } from '@jest/globals';
import { parseYaml } from '../../app/config/yaml-file.js';
import {
  parseMigration,
  targetGroup,
  targetName,
  topicsOf,
  waitMs,
  type Migration,
} from '../../src/migration/file.js';
import { mistakeText, pathText } from '../../src/migration/mistakes.js';

const smallest = {
  name: 'orders',
  strategy: 'simplestCase',
  source: 'onprem',
  target: 'aiven',
  topics: [{ name: 'orders' }],
};

const mistakes = (changes: object): string[] =>
  (parseMigration({ ...smallest, ...changes }).mistakes ?? []).map(mistakeText);

const parsed = (changes: object): Migration => {
  const { migration, mistakes } = parseMigration({ ...smallest, ...changes });
  if (!migration) throw new Error(mistakes.map(mistakeText).join('; '));
  return migration;
};

describe('a migration file', () => {
  it('is whole with its five keys: the rest has defaults', () => {
    expect(parsed({})).toEqual({
      ...smallest,
      topics: [{ name: 'orders', createdBy: 'ferry', config: {} }],
      producers: [],
      consumers: [],
      principals: {},
      leaveBehind: { groups: [], principals: [] },
      messages: {},
      copying: { shares: 4 },
      waits: { quiet: '150s', probe: '1s', agreeing: 3, patience: '10m', soak: '24h' },
    });
  });

  it('is the same when it is read again, as it is when a run continues as new', () => {
    const once = parsed({
      topics: [
        { name: 'orders', newName: 'orders-v2', config: { 'retention.ms': 604800000, unclean: false } },
      ],
      consumers: [{ group: 'billing', topics: ['orders'] }],
    });
    expect(once.topics[0]?.config).toEqual({ 'retention.ms': '604800000', unclean: 'false' });
    expect(parseMigration(once).migration).toEqual(once);
  });

  it('is told every mistake at once, each with its path and what was expected', () => {
    const all = parseMigration({
      name: 'Not A Name',
      strategy: 'doubleProducer',
      source: 'onprem',
      target: 'onprem',
      colour: 'blue',
      topics: [
        { name: 'orders' },
        { name: 'orders', newName: 'a b', partitions: 0, createdBy: 'terraform' },
        { title: 'x' },
      ],
      producers: [{ name: 'p' }, { name: 'p' }, { name: '' }],
      consumers: [{ group: 'g', topics: ['orders', 'payments'], isolation: 'snapshot' }, { group: 'g' }],
      principals: { ann: 'User:ann', 'User:bo': 'bo' },
      messages: { idempotent: false },
      waits: { quiet: 'a while', agreeing: 1, soak: '1 fortnight', patience: '10m' },
    }).mistakes;
    expect(all?.map(mistakeText).sort()).toEqual(
      [
        'name: expected a name of up to 100 small letters, digits, dots, underscores or hyphens',
        'colour: is not a key of a migration file',
        'target: expected another cluster than the source',
        'topics[1].newName: expected a topic name: up to 249 letters, digits, dots, underscores or hyphens',
        'topics[1].partitions: expected a number of partitions',
        'topics[1].createdBy: expected ferry or people',
        'topics[2].name: expected the name of a topic',
        'topics[2].title: is not a key of a migration file',
        'producers: expected each producer once',
        'producers[2].name: expected the name of the producing application',
        'consumers[0].isolation: expected read_uncommitted or read_committed',
        'consumers[0].topics[1]: expected a topic of this migration, not payments',
        'principals.ann: expected a principal as Kafka writes it, for example User:orders-web',
        'principals.User:bo: expected a principal as Kafka writes it, for example User:orders-web',
        'messages.idempotent: expected true for doubleProducer, which suits when no history needed, the producer is ours, messages are idempotent: some messages are processed twice',
        'waits.quiet: expected a duration such as 500ms, 150s, 10m, 24h or 7d',
        'waits.agreeing: expected at least 2 agreeing probes',
        'waits.soak: expected a duration such as 500ms, 150s, 10m, 24h or 7d',
      ].sort(),
    );
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'orders.yaml'],
    ['a list', [smallest]],
  ])('that is %s is told what it has to be', (_what, input) => {
    expect(parseMigration(input).mistakes?.map(mistakeText)).toEqual([
      'expected a migration: an object with name, strategy, source, target and topics',
    ]);
  });

  it('names each topic, target topic, producer and group once', () => {
    expect(mistakes({ topics: [{ name: 'a' }, { name: 'a' }] })).toEqual([
      'topics: expected each topic once',
      'topics: expected each target topic name once',
    ]);
    expect(mistakes({ topics: [{ name: 'a' }, { name: 'b', newName: 'a' }] })).toEqual([
      'topics: expected each target topic name once',
    ]);
    expect(mistakes({ topics: [] })).toEqual(['topics: expected at least one topic']);
    expect(mistakes({ producers: [{ name: 'p' }, { name: 'p' }] })).toEqual([
      'producers: expected each producer once',
    ]);
    expect(mistakes({ consumers: [{ group: 'g' }, { group: 'g' }] })).toEqual([
      'consumers: expected each group once',
    ]);
  });

  it.each([
    ['.', false],
    ['..', false],
    ['a/b', false],
    ['', false],
    ['a'.repeat(250), false],
    ['a'.repeat(249), true],
    ['...', true],
    ['Orders.v1_x-y', true],
  ])('takes the topic name %j: %s', (name, good) => {
    expect(mistakes({ topics: [{ name }] }).length === 0).toBe(good);
  });

  it('has each mirror and each strategy asked only what they can do', () => {
    const mirrored = { strategy: 'advancedMirroring' as const };
    expect(mistakes(mirrored)).toEqual([
      'connect: expected the name of a Kafka Connect in ferry.yaml, on which MirrorMaker copies the records (or mirror: engine, to have the ferry copy them)',
    ]);
    expect(mistakes({ ...mirrored, mirror: 'engine' })).toEqual([]);
    expect(
      mistakes({ ...mirrored, connect: 'c', topics: [{ name: 'orders', newName: 'shop.orders' }] }),
    ).toEqual([
      'topics[0].newName: expected no other name than orders: MirrorMaker copies topics under their own name (mirror: engine can rename)',
    ]);
    expect(mistakes({ ...mirrored, connect: 'c', topics: [{ name: 'orders', newName: 'orders' }] })).toEqual(
      [],
    );
    expect(mistakes({ strategy: 'simpleMirroring', mirror: 'mirrormaker' })).toHaveLength(1);
    const schemas = { source: 'old', target: 'new' };
    expect(mistakes({ strategy: 'simpleMirroring', schemas })).toEqual([
      'schemas: expected advancedMirroring for topics with schemas: simpleMirroring suits when history is kept, a pause is fine, no schema registry is used',
    ]);
    expect(mistakes({ schemas })).toEqual([]);
  });

  it('other ids than the source has only where the engine copies records', () => {
    const schemas = { source: 'old', target: 'new', ids: 'translate' };
    const mistake =
      'schemas.ids: expected keep: only the ferry’s own engine can put other ids into records (advancedMirroring with mirror: engine)';
    const mirrored = { strategy: 'advancedMirroring', schemas };
    expect(mistakes({ ...mirrored, mirror: 'engine' })).toEqual([]);
    expect(mistakes({ ...mirrored, connect: 'c' })).toEqual([mistake]);
    expect(mistakes({ schemas })).toEqual([mistake]);
    expect(mistakes({ ...mirrored, mirror: 'engine', schemas: { ...schemas, ids: 'guess' } })).toEqual([
      'schemas.ids: expected keep or translate',
    ]);
  });

  it.each(['replicationFactor', 'partitions'])('says what %s has to be', (key) => {
    expect(mistakes({ topics: [{ name: 'orders', [key]: '3' }] })).toHaveLength(1);
    expect(mistakes({ topics: [{ name: 'orders', [key]: 1.5 }] })).toHaveLength(1);
    expect(mistakes({ topics: [{ name: 'orders', [key]: 3 }] })).toEqual([]);
  });

  it('needs more patience than the quiet window is long', () => {
    expect(mistakes({ waits: { quiet: '10m', patience: '10m' } })).toEqual([
      'waits.patience: expected longer than waits.quiet, the window in which the source must stay quiet',
    ]);
    expect(mistakes({ waits: { quiet: '11m' } })).toHaveLength(1);
    expect(mistakes({ waits: { quiet: '11m', patience: '12m' } })).toEqual([]);
  });

  it('speaks plainly: no mistake is told in the words of the validator', () => {
    const told = [
      ...mistakes({
        description: 7,
        principals: [],
        leaveBehind: 3,
        messages: 'no',
        waits: [],
        consumers: 1,
      }),
      ...mistakes({ name: 'x'.repeat(101), source: '', target: null, producers: {}, topics: 'orders' }),
      ...mistakes({ topics: [{ name: 'a', config: { x: {} }, replicationFactor: 100 }] }),
      ...mistakes({ consumers: [{ group: '', topics: [], newGroup: 4 }], messages: { idempotent: 'yes' } }),
      ...mistakes({
        waits: { probe: 5, agreeing: 'three' },
        leaveBehind: { groups: [1], principals: ['x'] },
      }),
    ];
    expect(told.filter((line) => /Invalid input|Too small|Too big|received/.test(line))).toEqual([]);
    expect(told.length).toBeGreaterThanOrEqual(20);
  });
});

describe('a number of 64 bits', () => {
  const written = (value: string) => `
name: long
strategy: simplestCase
source: a
target: b
topics:
  - name: orders
    config:
      message.timestamp.after.max.ms: ${value}
`;
  const valueOf = (file: string) =>
    parseMigration(parseYaml(file).value).migration?.topics[0]?.config['message.timestamp.after.max.ms'];

  it.each(['9223372036854775807', '-9223372036854775808', '9007199254740993', '604800000', '-1'])(
    'stays %s, in YAML and in JSON',
    (value) => {
      expect(valueOf(written(value))).toBe(value);
      const { topics, ...rest } = {
        name: 'long',
        strategy: 'simplestCase',
        source: 'a',
        target: 'b',
        topics: `[{"name":"orders","config":{"message.timestamp.after.max.ms":${value}}}]`,
      };
      expect(valueOf(`${JSON.stringify(rest).slice(0, -1)},"topics":${topics}}`)).toBe(value);
    },
  );

  it('is refused where it has been rounded before the ferry saw it', () => {
    const file = { ...smallest, topics: [{ name: 'orders', config: { 'retention.ms': 2 ** 63 } }] };
    const [mistake, ...others] = parseMigration(file).mistakes ?? [];
    expect(others).toEqual([]);
    expect(mistake?.path).toBe('topics[0].config.retention.ms');
    expect(mistake?.expected).toContain('in quotes');
  });
});

it('writes paths as a person would point', () => {
  expect(pathText(['topics', 0, 'config', 'retention.ms'])).toBe('topics[0].config.retention.ms');
  expect(pathText([])).toBe('');
});

it('knows the names on the target, and which topics a group reads', () => {
  const migration = parsed({
    topics: [{ name: 'orders', newName: 'orders-v2' }, { name: 'refunds' }],
    consumers: [{ group: 'billing', newGroup: 'billing-v2', topics: ['refunds'] }, { group: 'audit' }],
    waits: { soak: '2h' },
  });
  expect(migration.topics.map(targetName)).toEqual(['orders-v2', 'refunds']);
  expect(migration.consumers.map(targetGroup)).toEqual(['billing-v2', 'audit']);
  const read = migration.consumers.map((consumer) => topicsOf(migration, consumer).map(({ name }) => name));
  expect(read).toEqual([['refunds'], ['orders', 'refunds']]);
  expect(waitMs(migration, 'soak')).toBe(7_200_000);
  expect(waitMs(migration, 'quiet')).toBe(150_000);
});

it.each([
  [
    { application: 'web' },
    'principals.User:app: expected a principal as Kafka writes it, for example User:orders-web, or an application of NAIS: { team, application }',
  ],
  [
    { team: 'shop', application: 'web', pool: 'a' },
    'principals.User:app.pool: is not a key of a migration file',
  ],
  [
    { team: 'Shop', application: 'web' },
    'principals.User:app.team: expected the name of a team, as NAIS has it',
  ],
])('an application of NAIS has a team and a name, and nothing else: %j', (application, sentence) => {
  const file = {
    ...{ name: 'a', strategy: 'simplestCase', source: 'a', target: 'b', topics: [{ name: 'a' }] },
    principals: { 'User:app': application },
  };
  expect(parseMigration(file).mistakes?.map(mistakeText)).toEqual([sentence]);
});
