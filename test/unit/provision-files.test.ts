import { describe, expect, it } from '@jest/globals';
import hcl2 from 'hcl2-parser';
import { parse } from 'yaml';
import type { AclBinding } from '../../src/kafka/cluster.js';
import type { Declaring, WantedTopic } from '../../src/provision/declaring.js';
import { hcl, hclName, hclText } from '../../src/provision/files/hcl.js';
import { strimzi } from '../../src/provision/files/strimzi.js';
import { terraformAiven } from '../../src/provision/files/terraform-aiven.js';

const acl = (more: Partial<AclBinding>): AclBinding => ({
  resourceType: 'topic',
  resourceName: 'shop.orders',
  patternType: 'literal',
  principal: 'User:CN=web',
  host: '*',
  operation: 'write',
  permission: 'allow',
  ...more,
});

const topic = (more: Partial<WantedTopic> = {}): WantedTopic => ({
  from: 'orders',
  name: 'shop.orders',
  partitions: 12,
  replicationFactor: 3,
  config: {
    'retention.ms': '-1',
    'cleanup.policy': 'delete,compact',
    'unclean.leader.election.enable': 'false',
  },
  defaults: {},
  ...more,
});

const accessOf = (declaring: Declaring, bindings: AclBinding[]) =>
  declaring.access({ held: [], bindings, topics: [], groups: [], principals: {}, without: new Set() });

const filesOf = (declaring: Declaring, bindings: AclBinding[], ...topics: WantedTopic[]) =>
  new Map(
    declaring
      .files(
        'shop',
        topics.map((one) => declaring.topic(one)),
        accessOf(declaring, bindings),
      )
      .map(({ path, text }) => [path, text]),
  );

/** What a parser of HCL that nobody here wrote has read, which throws for what it cannot read. */
function read(text: string): Record<string, Record<string, Record<string, unknown[]>>> {
  const { parseToObject } = hcl2 as { parseToObject: (text: string) => [never, unknown] };
  const [parsed, mistake] = parseToObject(text);
  if (mistake !== null) throw new Error(JSON.stringify(mistake));
  return parsed;
}

describe('HCL', () => {
  it('takes any text for what it is', () => {
    const odd = 'a "b" \\ ${var.c} %{ if d } $${e}\n\tf';
    const body = [['text', odd]] as const;
    const [block] = read(hcl([{ type: 'locals', body }]))['locals'] as unknown as { text: string }[];
    // The parser shows a template as it is written: what is doubled stands for itself.
    expect(block?.text.replaceAll(/([$%])\1\{/g, '$1{')).toBe(odd.replaceAll('$${', '${'));
    expect(hclText(odd)).toBe('"a \\"b\\" \\\\ $${var.c} %%{ if d } $$${e}\\n\\tf"');
  });

  it('names resources by what they are for', () => {
    expect(hclName('shop.orders')).toBe('shop_orders');
    expect(hclName('1st')).toBe('_1st');
  });

  it('is refused by the parser where it is wrong', () => {
    expect(() => read('resource { = }')).toThrow();
  });
});

describe('Terraform for Aiven', () => {
  const declaring = terraformAiven({ project: 'var.project', service: 'aiven_kafka.main.service_name' });
  const granted = (more: Partial<AclBinding>) => acl({ principal: 'User:web', ...more });

  it('has a resource for each topic', () => {
    const files = filesOf(declaring, [], topic(), topic({ name: 'shop_orders', config: {} }));
    expect([...files.keys()]).toEqual(['shop.topics.tf']);
    expect(files.get('shop.topics.tf')?.split('\n\n').slice(0, 3).join('\n\n')).toBe(
      `resource "aiven_kafka_topic" "shop_orders" {
  project      = var.project
  service_name = aiven_kafka.main.service_name
  topic_name   = "shop.orders"
  partitions   = 12
  replication  = 3

  config {
    retention_ms                   = "-1"
    cleanup_policy                 = "compact,delete"
    unclean_leader_election_enable = false
  }

  lifecycle {
    prevent_destroy = true
  }
}
`.trimEnd(),
    );
    expect(read(files.get('shop.topics.tf') ?? '')['resource']?.['aiven_kafka_topic']).toEqual({
      shop_orders: [
        {
          project: '${var.project}',
          service_name: '${aiven_kafka.main.service_name}',
          topic_name: 'shop.orders',
          partitions: 12,
          replication: 3,
          config: [
            { retention_ms: '-1', cleanup_policy: 'compact,delete', unclean_leader_election_enable: false },
          ],
          lifecycle: [{ prevent_destroy: true }],
        },
      ],
      'shop_orders-2': [expect.objectContaining({ topic_name: 'shop_orders' })],
    });
  });

  it('has Aiven’s own ACL where it says the same', () => {
    const bindings = [
      granted({}),
      granted({ operation: 'describe' }),
      granted({ principal: 'User:batch', operation: 'read' }),
      granted({ principal: 'User:both' }),
      granted({ principal: 'User:both', operation: 'read' }),
    ];
    const acls = read(filesOf(declaring, bindings, topic()).get('shop.acls.tf') ?? '')['resource'];
    expect(Object.keys(acls ?? {})).toEqual(['aiven_kafka_acl']);
    expect(acls?.['aiven_kafka_acl']).toMatchObject({
      shop_shop_orders_web: [{ topic: 'shop.orders', permission: 'write', username: 'web' }],
      shop_shop_orders_batch: [{ permission: 'read', username: 'batch' }],
      shop_shop_orders_both: [{ permission: 'readwrite', username: 'both' }],
    });
  });

  it('has files and resources of its own for each migration, whoever else uses the folder', () => {
    const bindings = [granted({ resourceType: 'group', resourceName: 'billing', operation: 'read' })];
    const of = (migration: string) =>
      declaring.files(migration, [declaring.topic(topic())], accessOf(declaring, bindings));
    const [one, other] = [of('orders'), of('payments')];
    expect([...one, ...other].map(({ path }) => path)).toEqual([
      'orders.topics.tf',
      'orders.acls.tf',
      'payments.topics.tf',
      'payments.acls.tf',
    ]);
    const together = read(`${one[1]?.text ?? ''}\n${other[1]?.text ?? ''}`)['resource'];
    expect(Object.keys(together?.['aiven_kafka_native_acl'] ?? {})).toHaveLength(2);
  });

  it.each([
    [{ operation: 'all' }, { operation: 'All', permission_type: 'ALLOW', host: '*' }],
    [{ permission: 'deny' }, { operation: 'Write', permission_type: 'DENY' }],
    [{ host: '10.0.0.1' }, { host: '10.0.0.1' }],
    [{ patternType: 'prefixed' }, { pattern_type: 'PREFIXED', resource_name: 'shop.orders' }],
    [{ principal: 'User:*' }, { principal: 'User:*' }],
    [{ operation: 'describe' }, { operation: 'Describe' }],
    [{ operation: 'alter-configs' }, { operation: 'AlterConfigs' }],
    [
      { resourceType: 'group', resourceName: 'billing', operation: 'read' },
      { resource_type: 'Group', resource_name: 'billing' },
    ],
    [
      { resourceType: 'transactional-id', resourceName: 'tx' },
      { resource_type: 'TransactionalId', resource_name: 'tx' },
    ],
  ] as const)('has a native ACL where it does not: %j', (more, expected) => {
    const acls = read(filesOf(declaring, [granted(more)], topic()).get('shop.acls.tf') ?? '')['resource'];
    expect(Object.keys(acls ?? {})).toEqual(['aiven_kafka_native_acl']);
    expect(Object.values(acls?.['aiven_kafka_native_acl'] ?? {})[0]?.[0]).toMatchObject(expected);
  });

  it('says what it cannot say', () => {
    expect(
      declaring.topic(topic({ config: { 'follower.fetch.any': '1', 'segment.ms': '2' } })),
    ).toMatchObject({
      topic: { config: { 'segment.ms': '2' } },
      losses: [{ weight: 'asks', key: 'topic-loss:shop.orders:follower.fetch.any' }],
    });
    const strangers = ['Group:ops', 'User:CN=web,OU=shop', `User:${'a'.repeat(65)}`];
    const wanted = [...strangers.map((principal) => granted({ principal })), granted({})];
    expect(accessOf(declaring, wanted)).toMatchObject({
      bindings: [granted({})],
      mistakes: strangers.map((principal) => ({
        key: `principal-no-user:${principal}`,
        sentence: expect.stringContaining("say the service user's name"),
      })),
    });
  });
});

describe('Strimzi', () => {
  const declaring = strimzi({ cluster: 'main', namespace: 'kafka' });

  it('has a KafkaTopic for each topic', () => {
    const files = filesOf(
      declaring,
      [],
      topic(),
      topic({ name: 'Orders_V1', config: {} }),
      topic({ name: 'orders-v1' }),
    );
    expect([...files.keys()]).toEqual([
      'topic-shop.orders.yaml',
      'topic-Orders_V1.yaml',
      'topic-orders-v1.yaml',
    ]);
    expect(parse(files.get('topic-shop.orders.yaml') ?? '')).toEqual({
      apiVersion: 'kafka.strimzi.io/v1',
      kind: 'KafkaTopic',
      metadata: { name: 'shop.orders', namespace: 'kafka', labels: { 'strimzi.io/cluster': 'main' } },
      spec: {
        partitions: 12,
        replicas: 3,
        config: {
          'retention.ms': '-1',
          'cleanup.policy': 'delete,compact',
          'unclean.leader.election.enable': 'false',
        },
      },
    });
    expect(parse(files.get('topic-Orders_V1.yaml') ?? '')).toMatchObject({
      metadata: { name: 'orders-v1' },
      spec: { topicName: 'Orders_V1' },
    });
    // Two resources cannot have one name.
    expect(parse(files.get('topic-orders-v1.yaml') ?? '')).toMatchObject({
      metadata: { name: 'orders-v1-2' },
      spec: { topicName: 'orders-v1' },
    });
  });

  it('has a KafkaUser for each principal, with one rule for what differs in operations alone', () => {
    const files = filesOf(declaring, [
      acl({}),
      acl({ operation: 'describe-configs' }),
      acl({ permission: 'deny', operation: 'read', host: '10.0.0.1' }),
      acl({ resourceType: 'group', resourceName: 'b', patternType: 'prefixed', operation: 'read' }),
      acl({ resourceType: 'cluster', resourceName: 'kafka-cluster', operation: 'idempotent-write' }),
      acl({ resourceType: 'transactional-id', resourceName: 'tx', principal: 'User:batch' }),
    ]);
    expect(parse(files.get('user-web.yaml') ?? '')).toEqual({
      apiVersion: 'kafka.strimzi.io/v1',
      kind: 'KafkaUser',
      metadata: { name: 'web', namespace: 'kafka', labels: { 'strimzi.io/cluster': 'main' } },
      spec: {
        authentication: { type: 'tls' },
        authorization: {
          type: 'simple',
          acls: [
            {
              resource: { type: 'topic', name: 'shop.orders', patternType: 'literal' },
              operations: ['Write', 'DescribeConfigs'],
            },
            {
              type: 'deny',
              resource: { type: 'topic', name: 'shop.orders', patternType: 'literal' },
              operations: ['Read'],
              host: '10.0.0.1',
            },
            { resource: { type: 'group', name: 'b', patternType: 'prefix' }, operations: ['Read'] },
            { resource: { type: 'cluster' }, operations: ['IdempotentWrite'] },
          ],
        },
      },
    });
    expect(parse(files.get('user-batch.yaml') ?? '')).toMatchObject({
      spec: {
        authentication: { type: 'scram-sha-512' },
        authorization: { acls: [{ resource: { type: 'transactionalId', name: 'tx' } }] },
      },
    });
  });

  it('keeps what the target shows that a user has already, since a KafkaUser holds all of it', () => {
    const kept = [acl({ resourceName: 'shop.payments' })];
    const files = declaring.files('shop', [], { ...accessOf(declaring, [acl({})]), kept });
    expect(files.map(({ path }) => path)).toEqual(['user-web.yaml']);
    expect(parse(files[0]?.text ?? '')).toMatchObject({
      spec: {
        authorization: {
          acls: [{ resource: { name: 'shop.orders' } }, { resource: { name: 'shop.payments' } }],
        },
      },
    });
  });

  it('says whom it cannot make', () => {
    const bindings = [
      acl({}),
      acl({ principal: 'User:*' }),
      acl({ principal: 'User:CN=a,O=b' }),
      acl({ principal: 'User:Upper' }),
      acl({ principal: 'User:web' }),
    ];
    const { bindings: left, mistakes } = accessOf(declaring, bindings);
    expect(left).toEqual([acl({})]);
    expect(mistakes.map(({ key }) => key)).toEqual([
      'principal-no-user:User:*',
      'principal-no-user:User:CN=a,O=b',
      'principal-no-user:User:Upper',
      'principal-no-user:User:web',
    ]);
  });
});
