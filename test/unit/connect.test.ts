import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkpointOf, offsetSyncOf } from '../../src/connect/checkpoints.js';
import {
  checkpointConnector,
  exactly,
  mirrorNames,
  sourceConnector,
  unmirrorable,
} from '../../src/connect/mirror-maker.js';
import { literalSecrets } from '../../src/connect/secret-references.js';
import { taskFailure } from '../../src/connect/task-failure.js';
import { errorTypes } from '../../src/migration/error-types.js';
import { parseMigration, type MigrationFile } from '../../src/migration/file.js';

function mirroring(more: Partial<MigrationFile> = {}) {
  const { migration, mistakes } = parseMigration({
    name: 'orders',
    strategy: 'advancedMirroring',
    source: 'onprem',
    target: 'aiven',
    connect: 'mirrors',
    topics: [{ name: 'shop.orders' }, { name: 'refunds' }],
    consumers: [{ group: 'billing' }, { group: 'a,b ${x}' }],
    ...more,
  });
  if (mistakes) throw new Error(JSON.stringify(mistakes));
  return migration;
}

const connection = {
  sourceClient: {
    'bootstrap.servers': 'kafka-1:9092',
    'sasl.jaas.config': '${file:/etc/kafka/onprem.properties:sasl.jaas.config}',
  },
  targetClient: { 'bootstrap.servers': 'aiven:1234' },
};
const settings = {
  migration: mirroring(),
  connection,
  exactlyOnce: true,
  replicationFactor: 3,
  partitions: 24,
};

describe('the connectors of a migration', () => {
  it('copy exactly its topics under their names, exactly once, and change nothing else', () => {
    expect(sourceConnector(settings)).toMatchObject({
      name: 'ferry-orders.source',
      'connector.class': 'org.apache.kafka.connect.mirror.MirrorSourceConnector',
      'tasks.max': '8',
      topics: 'shop\\x{2e}orders,refunds',
      'topics.exclude': '(?!)',
      'source.cluster.alias': 'ferry-orders',
      'source.cluster.bootstrap.servers': 'kafka-1:9092',
      'source.cluster.sasl.jaas.config': '${file:/etc/kafka/onprem.properties:sasl.jaas.config}',
      'target.cluster.bootstrap.servers': 'aiven:1234',
      'replication.policy.class': 'org.apache.kafka.connect.mirror.IdentityReplicationPolicy',
      'offset-syncs.topic.location': 'target',
      'offset-syncs.topic.replication.factor': '3',
      'exactly.once.support': 'required',
      'source.consumer.isolation.level': 'read_committed',
      'sync.topic.configs.enabled': 'false',
      'sync.topic.acls.enabled': 'false',
      'emit.heartbeats.enabled': 'false',
      'key.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
      'value.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
      'header.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
    });
    expect(sourceConnector({ ...settings, exactlyOnce: false })['exactly.once.support']).toBe('requested');
    expect(sourceConnector({ ...settings, partitions: 3 })['tasks.max']).toBe('3');
  });

  it('believe in the same names on both sides, and move no group by themselves', () => {
    const [source, checkpoint] = [sourceConnector(settings), checkpointConnector(settings)];
    for (const key of [
      'replication.policy.class',
      'source.cluster.alias',
      'offset-syncs.topic.location',
      'topics',
    ])
      expect(checkpoint[key]).toBe(source[key]);
    expect(checkpoint).toMatchObject({
      groups: 'billing,a\\x{2c}b\\x{20}\\x{24}\\x{7b}x\\x{7d}',
      'groups.exclude': '(?!)',
      'sync.group.offsets.enabled': 'false',
    });
  });

  it('are named by the migration alone', () => {
    expect(mirrorNames('orders')).toEqual({
      alias: 'ferry-orders',
      source: 'ferry-orders.source',
      checkpoint: 'ferry-orders.checkpoint',
      offsetSyncs: 'mm2-offset-syncs.ferry-orders.internal',
      checkpoints: 'ferry-orders.checkpoints.internal',
      heartbeats: 'ferry-orders.heartbeats',
    });
  });

  it('match a name and no other, whatever is in it', () => {
    // Java's \x{…} is JavaScript's \u{…}.
    const expression = (name: string) => new RegExp(`^${exactly(name).replaceAll('\\x{', '\\u{')}$`, 'u');
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.string({ unit: 'grapheme' }),
        (name, other) => {
          expect(expression(name).test(name)).toBe(true);
          expect(expression(name).test(other)).toBe(name === other);
          expect(exactly(name)).not.toMatch(/[,$\s]/);
        },
      ),
    );
  });

  it.each([
    [{ name: 'orders.internal' }, 'an internal one'],
    [{ name: '__orders' }, 'an internal one'],
    [{ name: 'device-heartbeats' }, 'heartbeats'],
  ])('cannot copy %j, and the finding says why', (topic, why) => {
    expect(unmirrorable(mirroring({ topics: [topic], consumers: [] }))).toMatchObject([
      { weight: 'blocks', key: `mirrormaker-topic:${topic.name}`, sentence: expect.stringContaining(why) },
    ]);
  });

  it('copy every other name', () => {
    expect(unmirrorable(mirroring({ topics: [{ name: 'orders.internally' }, { name: 'a_b' }] }))).toEqual([]);
  });
});

describe('secrets of connectors', () => {
  type Properties = Record<string, string>;
  const jaas = (options: string) => ({
    'sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule required ${options};`,
  });

  it.each<Properties>([
    { 'ssl.key.password': 'hunter2' },
    { 'ssl.keystore.key': '-----BEGIN PRIVATE KEY-----' },
    { 'sasl.oauthbearer.client.credentials.client.secret': 'x' },
    { 'sasl.oauthbearer.assertion.private.key.passphrase': 'x' },
    { 'ssl.truststore.password': '${file:/a:b}hunter2' },
    jaas('username="ferry" password="hunter2"'),
    jaas('clientId="a" clientSecret=hunter2'),
  ])('are refused as they stand: %j', (properties) => {
    expect(literalSecrets(properties)).toEqual(Object.keys(properties));
  });

  it.each<Properties>([
    { 'ssl.key.password': '${file:/etc/kafka/ferry.properties:key.password}' },
    { 'sasl.jaas.config': '${directory:/etc/kafka:jaas}' },
    jaas('username="ferry" password="${env:PASSWORD}"'),
    jaas('useKeyTab=true storeKey=true keyTab="/etc/ferry.keytab" principal="ferry@EXAMPLE.COM"'),
    { 'ssl.keystore.location': '/etc/kafka/keystore.pem', 'security.protocol': 'SSL' },
    { 'ssl.keystore.certificate.chain': '-----BEGIN CERTIFICATE-----' },
    { 'sasl.oauthbearer.token.endpoint.url': 'https://login.example.com' },
    jaas('clientId="ferry" clientSecret="${file:/etc/kafka/oauth.properties:client.secret}" scope="kafka"'),
  ])('may be references, and what is none may stand: %j', (properties) => {
    expect(literalSecrets(properties)).toEqual([]);
  });
});

describe('the reason of a failed task', () => {
  const trace = (...causes: string[]) =>
    causes
      .map(
        (cause, at) =>
          `${at > 0 ? 'Caused by: ' : ''}${cause}\n\tat org.apache.kafka.Some.method(Some.java:1)`,
      )
      .join('\n');
  const wrapped =
    'org.apache.kafka.connect.errors.ConnectException: Unrecoverable exception from producer send callback';

  it.each([
    ['Unauthorized', 'org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized: [hunter2]'],
    ['Unauthorized', 'org.apache.kafka.common.errors.TransactionalIdAuthorizationException: hunter2'],
    ['Unauthenticated', 'org.apache.kafka.common.errors.SaslAuthenticationException: hunter2'],
    [
      'Refused',
      'org.apache.kafka.common.errors.RecordTooLargeException: The message is 2000000 bytes, hunter2',
    ],
    ['Refused', 'org.apache.kafka.common.errors.InvalidTimestampException: Timestamp hunter2'],
    ['NotFound', 'org.apache.kafka.common.errors.UnknownTopicOrPartitionException: hunter2'],
    ['Changed', 'org.apache.kafka.clients.consumer.OffsetOutOfRangeException: hunter2'],
    ['Unreachable', 'org.apache.kafka.common.errors.TimeoutException: hunter2'],
    ['Unexpected', 'com.example.OddException: hunter2'],
  ])('is %s for %s', (type, cause) => {
    const failure = taskFailure(trace(wrapped, cause));
    expect(failure.type).toBe(type);
    expect(failure.reason).toContain(/(\w+Exception)/.exec(cause)?.[1]);
    expect(failure.reason).not.toContain('hunter2');
    expect(Object.keys(errorTypes)).toContain(failure.type);
  });

  it('never quotes what a trace says, whatever that is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(taskFailure(text).reason).toMatch(/no rule covers its exception|\(\w+(Exception|Error)\)$/);
      }),
    );
    expect(taskFailure('').reason).toContain('no class');
  });
});

describe("MirrorMaker's own records", () => {
  // Written by MirrorMaker 4.3.1.
  const bytes = (hex: string) => Buffer.from(hex, 'hex');
  const topic = Buffer.from('orders');
  const named = (text: string) =>
    Buffer.concat([bytes(`00${text.length.toString(16).padStart(2, '0')}`), Buffer.from(text)]);

  it('are read as its classes write them', () => {
    expect(
      offsetSyncOf({
        key: Buffer.concat([named('orders'), bytes('00000003')]),
        value: bytes('000000000000002a0000000000000007'),
      }),
    ).toEqual({ topic: 'orders', partition: 3, upstream: 42n, downstream: 7n });
    expect(
      checkpointOf({
        key: Buffer.concat([named('billing'), named('orders'), bytes('00000001')]),
        value: Buffer.concat([bytes('0000000000000000002a0000000000000007'), named('note')]),
      }),
    ).toEqual({
      group: 'billing',
      topic: 'orders',
      partition: 1,
      upstream: 42n,
      downstream: 7n,
      metadata: 'note',
    });
  });

  it('are nothing when they are something else', () => {
    const key = Buffer.concat([named('orders'), bytes('00000003')]);
    expect(offsetSyncOf({ key, value: null })).toBeUndefined();
    expect(offsetSyncOf({ key: topic, value: bytes('00') })).toBeUndefined();
    const future = Buffer.concat([bytes('0001000000000000002a0000000000000007'), named('')]);
    expect(checkpointOf({ key: Buffer.concat([named('g'), key]), value: future })).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (key, value) => {
        const record = { key: Buffer.from(key), value: Buffer.from(value) };
        expect(() => [offsetSyncOf(record), checkpointOf(record)]).not.toThrow();
      }),
    );
  });
});
