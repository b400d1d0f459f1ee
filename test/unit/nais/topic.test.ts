import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { AclBinding } from '../../../src/kafka/cluster.js';
import type { DeclaredAccess, WantedAccess, WantedTopic } from '../../../src/provision/declaring.js';
import { lossText } from '../../../src/provision/loss.js';
import { nais } from '../../../src/provision/nais/nais.js';
import { suggestedName } from '../../../src/provision/nais/topic-name.js';
import { against } from './crd.js';

const target = nais({ pool: 'nav-prod', namespace: 'shop' });
const nobody: DeclaredAccess = { grants: [], bindings: [], losses: [], mistakes: [], unmapped: [] };

const wanted = (more: Partial<WantedTopic> = {}): WantedTopic => ({
  from: 'orders',
  name: 'shop.orders',
  partitions: 12,
  replicationFactor: 3,
  config: {},
  defaults: {
    'cleanup.policy': 'delete',
    'retention.ms': '604800000',
    'retention.bytes': '-1',
    'max.message.bytes': '1048588',
    'message.timestamp.type': 'CreateTime',
  },
  ...more,
});

interface Resource {
  metadata: object;
  spec: { pool: string; config: Record<string, unknown>; acl: object[] };
}

/** The resource as a reader of the file has it, held against the schema. */
function resourceOf(topic: WantedTopic, access: DeclaredAccess = nobody): Resource {
  const [file, ...more] = target.files('shop', [target.topic(topic)], access);
  expect(more).toEqual([]);
  const resource: unknown = parse(file?.text ?? '');
  expect(against(resource)).toEqual([]);
  return resource as Resource;
}
const config = (entries: Record<string, string>) => resourceOf(wanted({ config: entries })).spec.config;
const losses = (more: Partial<WantedTopic>) => target.topic(wanted(more)).losses;
const lossOf = (entries: Record<string, string>) => losses({ config: entries }).map(lossText);

describe('a Topic', () => {
  it('is one file, ready to commit', () => {
    expect(target.files('shop', [target.topic(wanted())], nobody)).toEqual([
      {
        path: 'orders.yaml',
        text: `apiVersion: kafka.nais.io/v1
kind: Topic
metadata:
  name: orders
  namespace: shop
  labels:
    team: shop
spec:
  pool: nav-prod
  config:
    partitions: 12
    replication: 3
    minimumInSyncReplicas: 2
    cleanupPolicy: delete
    retentionHours: 168
  acl: []
`,
      },
    ]);
  });

  it('says what differs from the defaults, in the words of NAIS', () => {
    expect(
      config({
        'cleanup.policy': 'delete,compact',
        'retention.ms': '-1',
        'retention.bytes': '1073741824',
        'segment.ms': '86400000',
        'max.message.bytes': '2097152',
        'delete.retention.ms': '86400000',
        'min.compaction.lag.ms': '60000',
        'max.compaction.lag.ms': '86400000',
        'min.cleanable.dirty.ratio': '0.1',
        'min.insync.replicas': '1',
      }),
    ).toEqual({
      partitions: 12,
      replication: 3,
      minimumInSyncReplicas: 1,
      cleanupPolicy: 'compact,delete',
      retentionHours: -1,
      retentionBytes: 1073741824,
      segmentHours: 24,
      maxMessageBytes: 2097152,
      deleteRetentionHours: 24,
      minCompactionLagMs: 60000,
      maxCompactionLagMs: 86400000,
      minCleanableDirtyRatioPercent: '10%',
    });
  });

  it('says a default of the source where NAIS has another one', () => {
    const topic = wanted({ defaults: { ...wanted().defaults, 'retention.ms': '1209600000' } });
    expect(resourceOf(topic).spec.config).toMatchObject({ retentionHours: 336 });
    expect(target.topic(topic).losses).toEqual([]);
  });

  it('keeps a broker to spare where there are two replicas', () => {
    const { spec } = resourceOf(wanted({ replicationFactor: 2 }));
    expect(spec.config).toMatchObject({ replication: 2, minimumInSyncReplicas: 1 });
  });

  it('switches remote storage on by the hours that stay on the brokers', () => {
    const tiered = { 'remote.storage.enable': 'true', 'local.retention.ms': '7200000' };
    expect(config({ ...tiered, 'local.retention.bytes': '1000' })).toMatchObject({
      localRetentionHours: 2,
      localRetentionBytes: 1000,
    });
    expect(lossOf(tiered)).toEqual([]);
    expect(losses({ config: { ...tiered, 'cleanup.policy': 'compact' } }).map(({ key }) => key)).toEqual([
      'topic-loss:shop.orders:remote.storage.enable',
      'topic-loss:shop.orders:local.retention.ms',
    ]);
    // What stays on the brokers is of no concern where all of it does.
    expect(lossOf({ 'local.retention.ms': '7200000' })).toEqual([]);
  });

  it('has the name of its namespace before its own', () => {
    expect(target.topic(wanted()).mistakes).toEqual([]);
    const { mistakes } = target.topic(wanted({ from: 'Orders_V1', name: 'Orders_V1' }));
    expect(mistakes).toEqual([
      {
        key: 'topic-name:Orders_V1',
        sentence:
          'Orders_V1 cannot be the name of a Topic: it is the namespace shop, a dot, and small letters, digits, hyphens or dots; say newName: shop.orders-v1 for Orders_V1 in the file.',
      },
    ]);
    expect(suggestedName('shop.orders', 'shop')).toBe('shop.orders');
    expect(suggestedName('__orders..x__', 'shop')).toBe('shop.orders.x');
    expect(suggestedName('___', 'shop')).toBe('shop.topic');
    expect(suggestedName('x'.repeat(249), 'shop')).toHaveLength(249);
  });
});

describe('what a Topic cannot say', () => {
  it('asks, and says what happens instead', () => {
    expect(lossOf({ 'message.timestamp.type': 'LogAppendTime' })).toEqual([
      'shop.orders is to have message.timestamp.type=LogAppendTime, which a Topic cannot say: the default of the platform holds; unless the platform has set another, records carry the time of the producer (CreateTime).',
    ]);
    expect(lossOf({ 'retention.ms': '60000' })).toEqual([
      'shop.orders is to have retention.ms=60000, which a Topic cannot say exactly: it gets retention.ms=3600000, the nearest that keeps no less.',
    ]);
    expect(config({ 'retention.ms': '60000' })).toMatchObject({ retentionHours: 1 });
    expect(config({ 'retention.ms': '5400000', 'segment.ms': '3600001' })).toMatchObject({
      retentionHours: 2,
      segmentHours: 2,
    });
    expect(lossOf({ 'max.message.bytes': '10485760' })).toEqual([
      'shop.orders is to have max.message.bytes=10485760, which a Topic cannot say exactly: it gets max.message.bytes=5242880, the most there is, so larger messages are refused.',
    ]);
    expect(losses({ replicationFactor: 1 }).map(lossText)).toEqual([
      'shop.orders is to have 1 replica, and a Topic has 2 or more: it gets 3, which is usual there; say a replicationFactor in the file for another number.',
    ]);
    expect(losses({ config: { 'retention.ms': '60000' } })[0]?.weight).toBe('asks');
  });

  it.each([
    'compression.type',
    'segment.bytes',
    'unclean.leader.election.enable',
    'flush.ms',
    'anything.else',
  ])('is %s', (entry) => {
    expect(losses({ config: { [entry]: '1' } }).map(({ key }) => key)).toEqual([
      `topic-loss:shop.orders:${entry}`,
    ]);
    expect(config({ [entry]: '1' })).toEqual(config({}));
  });

  it('is not said to be there by another value where its name is one that all objects have', () => {
    expect(lossOf({ constructor: '1' })).toEqual([
      expect.stringMatching(
        /have constructor=1, which a Topic cannot say: the default of the platform holds/,
      ),
    ]);
  });

  it('is also what only the brokers of the source have set, where consumers would notice', () => {
    const defaults = {
      ...wanted().defaults,
      'message.timestamp.type': 'LogAppendTime',
      'retention.ms': '5400000',
    };
    expect(losses({ defaults }).map(({ key }) => key)).toEqual([
      'topic-loss:shop.orders:retention.ms',
      'topic-loss:shop.orders:message.timestamp.type',
    ]);
  });

  it('stands in the file', () => {
    const [file] = target.files('shop', [target.topic(wanted({ config: { 'segment.bytes': '1' } }))], nobody);
    expect(file?.text).toMatch(
      /^# Not as on the source:\n# - shop\.orders is to have segment\.bytes=1, which a Topic cannot say: .*\n\napiVersion/,
    );
  });
});

describe('the acl of a Topic', () => {
  const acl = (more: Partial<AclBinding>): AclBinding => ({
    resourceType: 'topic',
    resourceName: 'orders',
    patternType: 'literal',
    principal: 'User:srvorders',
    host: '*',
    operation: 'write',
    permission: 'allow',
    ...more,
  });
  const access = (held: AclBinding[], more: Partial<WantedAccess> = {}): DeclaredAccess =>
    target.access({
      held,
      bindings: [],
      topics: [{ from: 'orders', to: 'shop.orders' }],
      groups: ['billing'],
      principals: {
        'User:srvorders': { team: 'shop', application: 'orders-web' },
        'User:srvbilling': { team: 'money', application: 'billing' },
      },
      without: new Set(['User:ferry']),
      ...more,
    });
  const keys = (held: AclBinding[]) => access(held).losses.map(({ weight, key }) => `${weight} ${key}`);

  it('has an entry for each application', () => {
    const declared = access([
      acl({}),
      acl({ operation: 'describe' }),
      acl({ principal: 'User:srvbilling', operation: 'read' }),
      acl({ principal: 'User:ferry', operation: 'all' }),
    ]);
    expect(declared.losses).toEqual([]);
    expect(declared.unmapped).toEqual([]);
    expect(resourceOf(wanted(), declared).spec.acl).toEqual([
      { team: 'money', application: 'billing', access: 'read' },
      { team: 'shop', application: 'orders-web', access: 'write' },
    ]);
  });

  it('has one entry for two principals of one application', () => {
    const same = { team: 'shop', application: 'orders-web' };
    const { grants } = access([acl({}), acl({ principal: 'User:old', operation: 'read' })], {
      principals: { 'User:srvorders': same, 'User:old': same },
    });
    expect(grants).toEqual([
      { topic: 'shop.orders', ...same, access: 'readwrite', user: 'shop_orders-web_847f9e38_*' },
    ]);
  });

  it('leaves out of whom nobody has said who it is, and tells', () => {
    const stranger = acl({ principal: 'User:stranger', operation: 'read' });
    const other = acl({ principal: 'User:stranger', resourceName: 'payments' });
    expect(access([stranger, other])).toMatchObject({
      grants: [],
      unmapped: [{ principal: 'User:stranger', acls: [stranger] }],
    });
    const inherited = access([acl({ principal: 'User:x' })], { principals: {} });
    expect(inherited.unmapped.map(({ principal }) => principal)).toEqual(['User:x']);
  });

  it('is for no principal of Kafka', () => {
    const { grants, mistakes } = access([acl({})], { principals: { 'User:srvorders': 'User:CN=web' } });
    expect(grants).toEqual([]);
    expect(mistakes.map(({ key }) => key)).toEqual(['principal-no-application:User:srvorders']);
  });

  it('loses what ACLs say beside: each is told', () => {
    expect(
      keys([
        acl({ operation: 'all' }),
        acl({ permission: 'deny', operation: 'read' }),
        acl({ host: '10.0.0.1', operation: 'read' }),
        acl({ resourceName: 'ord', patternType: 'prefixed' }),
        acl({ operation: 'alter-configs' }),
        acl({ resourceType: 'group', resourceName: 'billing', operation: 'read' }),
        acl({ resourceType: 'transactional-id', resourceName: 'tx' }),
        acl({ resourceType: 'cluster', resourceName: 'kafka-cluster', operation: 'create' }),
        acl({ principal: 'User:*', permission: 'deny', operation: 'delete' }),
      ]),
    ).toEqual([
      'asks grant-loss:all:User:srvorders',
      'asks grant-loss:deny:User:srvorders',
      'asks grant-loss:host:User:srvorders',
      'asks grant-loss:pattern:User:srvorders',
      'asks grant-loss:operation:User:srvorders',
      'asks grant-loss:transactional-id:User:srvorders',
      'asks grant-loss:cluster:User:srvorders',
      'asks grant-loss:deny:User:*',
      'notes grant-loss:group',
    ]);
    expect(
      keys([
        acl({}),
        acl({ resourceType: 'cluster', resourceName: 'kafka-cluster', operation: 'idempotent-write' }),
      ]),
    ).toEqual(['notes grant-loss:cluster:User:srvorders']);
    expect(
      access([acl({ permission: 'deny', operation: 'read', host: '10.0.0.1' })]).losses.map(lossText),
    ).toEqual([
      'User:srvorders is denied READ on topic orders from 10.0.0.1, and a Topic knows no DENY: from there it may do whatever the application may.',
    ]);
  });

  it('tells what each Application needs', () => {
    expect(target.beside(access([acl({})]))[0]).toBe(
      'Each of shop/orders-web needs kafka.pool: nav-prod under spec of its Application, and connects by mTLS with the variables KAFKA_…, which it then gets.',
    );
    expect(target.beside(nobody)).toEqual([]);
  });
});

it('the schema refuses what no Topic is', () => {
  const fine = resourceOf(wanted());
  expect(against({ ...fine, spec: { ...fine.spec, acl: undefined } })).not.toEqual([]);
  expect(against({ ...fine, spec: { ...fine.spec, config: { retentionMs: 1 } } })).not.toEqual([]);
  expect(against({ ...fine, spec: { ...fine.spec, config: { replication: 1 } } })).not.toEqual([]);
});
