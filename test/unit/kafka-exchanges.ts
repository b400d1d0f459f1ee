import { encodeBatch } from '../../src/kafka/records/encode.js';
import { addPartitionsToTxnV3 } from '../../src/kafka/wire/add-partitions-to-txn-v3.js';
import { consumerGroupDescribeV0 } from '../../src/kafka/wire/consumer-group-describe-v0.js';
import { createAclsV2 } from '../../src/kafka/wire/create-acls-v2.js';
import { createTopicsV7 } from '../../src/kafka/wire/create-topics-v7.js';
import { deleteAclsV2 } from '../../src/kafka/wire/delete-acls-v2.js';
import { deleteGroupsV2 } from '../../src/kafka/wire/delete-groups-v2.js';
import { deleteTopicsV6 } from '../../src/kafka/wire/delete-topics-v6.js';
import { describeAclsV2 } from '../../src/kafka/wire/describe-acls-v2.js';
import { describeClientQuotasV1 } from '../../src/kafka/wire/describe-client-quotas-v1.js';
import { describeConfigsV4 } from '../../src/kafka/wire/describe-configs-v4.js';
import { describeGroupsV5 } from '../../src/kafka/wire/describe-groups-v5.js';
import { describeLogDirsV4 } from '../../src/kafka/wire/describe-log-dirs-v4.js';
import { describeProducersV0 } from '../../src/kafka/wire/describe-producers-v0.js';
import { describeShareGroupOffsetsV1 } from '../../src/kafka/wire/describe-share-group-offsets-v1.js';
import { describeTransactionsV0 } from '../../src/kafka/wire/describe-transactions-v0.js';
import { endTxnV3 } from '../../src/kafka/wire/end-txn-v3.js';
import { fetchV12 } from '../../src/kafka/wire/fetch-v12.js';
import { findCoordinatorV3 } from '../../src/kafka/wire/find-coordinator-v3.js';
import { findCoordinatorV4 } from '../../src/kafka/wire/find-coordinator-v4.js';
import { incrementalAlterConfigsV1 } from '../../src/kafka/wire/incremental-alter-configs-v1.js';
import { initProducerIdV4 } from '../../src/kafka/wire/init-producer-id-v4.js';
import { earliest, latest, listOffsetsV6 } from '../../src/kafka/wire/list-offsets-v6.js';
import { listGroupsV4 } from '../../src/kafka/wire/list-groups-v4.js';
import { listGroupsV5 } from '../../src/kafka/wire/list-groups-v5.js';
import { listTransactionsV0 } from '../../src/kafka/wire/list-transactions-v0.js';
import { metadataV11 } from '../../src/kafka/wire/metadata-v11.js';
import { metadataV12 } from '../../src/kafka/wire/metadata-v12.js';
import { offsetCommitV8 } from '../../src/kafka/wire/offset-commit-v8.js';
import { offsetDeleteV0 } from '../../src/kafka/wire/offset-delete-v0.js';
import { offsetFetchV7 } from '../../src/kafka/wire/offset-fetch-v7.js';
import { offsetFetchV8 } from '../../src/kafka/wire/offset-fetch-v8.js';
import { produceV9 } from '../../src/kafka/wire/produce-v9.js';
import { shareGroupDescribeV1 } from '../../src/kafka/wire/share-group-describe-v1.js';
import { streamsGroupDescribeV0 } from '../../src/kafka/wire/streams-group-describe-v0.js';
import type { Api } from '../../src/kafka/wire/api.js';

/** What is captured of one broker: bytes in base64, by the names below. */
export interface Captured {
  /** Of the topic `orders`. */
  topicId: string;
  exchanges: Record<string, { request: string; response: string }>;
}

/** One request of the wire layer with everything that it was sent with. */
export interface Exchange {
  readonly name: string;
  readonly api: Api<never, unknown>;
  readonly request: (topicId: string) => unknown;
}

const exchange =
  <Request, Response>(name: string, api: Api<Request, Response>) =>
  (request: (topicId: string) => Request): Exchange => ({ name, api: api, request });

const ordersZero = { topic: 'orders', partition: 0 };
const orders = [ordersZero, { topic: 'orders', partition: 1 }];
const missing = { topic: 'missing', partition: 0 };
const resetAndSet: Record<string, string | null> = { 'retention.ms': null, 'segment.ms': '7200000' };
const setOne: Record<string, string | null> = { 'retention.ms': '1' };
const compact: Record<string, string> = { 'cleanup.policy': 'compact' };
const none: Record<string, string> = {};
export const acl = {
  resourceType: 2,
  resourceName: 'orders',
  patternType: 3,
  principal: 'User:somebody',
  host: '*',
  operation: 3,
  permission: 3,
};

/** What a fresh broker answers to `init producer id`: `payments` got ids before it. */
export const mirror = { transactionalId: 'mirror', producerId: 2n, producerEpoch: 0 };
const mirrored = (baseSequence: number) => {
  const { transactionalId: _, ...producer } = mirror;
  const record = { timestamp: 1n, key: null, value: Buffer.from('z'), headers: [] };
  return encodeBatch([record], { ...producer, baseSequence });
};

/** The application that it asks about takes a producer id: it begins when those of others have been given. */
export const streamsExchange = 'describe streams groups';

/** In the order in which they are captured: the last ones change the cluster. `kafka-capture.ts` sets the scene. */
export const exchanges: readonly Exchange[] = [
  exchange('metadata by name, 11', metadataV11)(() => ({ names: ['orders', 'missing'] })),
  exchange('metadata by name, 12', metadataV12)(() => ({ names: ['orders', 'missing'] })),
  exchange('metadata by id, 12', metadataV12)((topicId) => ({ ids: [topicId, 'AAAAAAAAAAAAAAAAAAAACQ'] })),
  exchange('find coordinator, 3', findCoordinatorV3)(() => ({ type: 'group', key: 'billing' })),
  exchange('find coordinator, 4', findCoordinatorV4)(() => ({ type: 'group', keys: ['billing', 'live'] })),
  exchange('log start', listOffsetsV6)(() => ({ isolation: 0, timestamp: earliest, partitions: orders })),
  exchange(
    'high watermark',
    listOffsetsV6,
  )(() => ({
    isolation: 0,
    timestamp: latest,
    partitions: [...orders, missing],
  })),
  exchange(
    'last stable offset',
    listOffsetsV6,
  )(() => ({
    isolation: 1,
    timestamp: latest,
    partitions: orders,
  })),
  exchange(
    'fetch committed',
    fetchV12,
  )(() => ({
    isolation: 1,
    maxWaitMs: 500,
    maxBytes: 10_000,
    maxBytesPerPartition: 10_000,
    positions: orders.map((partition) => ({ ...partition, offset: 0n })),
  })),
  exchange(
    'fetch out of range',
    fetchV12,
  )(() => ({
    isolation: 0,
    maxWaitMs: 10,
    maxBytes: 1_000,
    maxBytesPerPartition: 1_000,
    positions: [{ ...ordersZero, offset: 99n }],
  })),
  exchange('list groups, 4', listGroupsV4)(() => undefined),
  exchange('list groups, 5', listGroupsV5)(() => undefined),
  exchange('describe groups', describeGroupsV5)(() => ['live', 'billing', 'unheard-of']),
  exchange('describe KIP-848 groups', consumerGroupDescribeV0)(() => ['modern', 'live']),
  exchange('describe share groups', shareGroupDescribeV1)(() => ['sharing', 'unheard-of']),
  exchange('offsets of share groups', describeShareGroupOffsetsV1)(() => ['sharing', 'unheard-of']),
  exchange('producers', describeProducersV0)(() => [...orders, missing]),
  exchange('list transactions', listTransactionsV0)(() => ['Ongoing']),
  exchange('describe transactions', describeTransactionsV0)(() => ['payments', 'unheard-of']),
  exchange('init producer id', initProducerIdV4)(() => ({ transactionalId: 'mirror', timeoutMs: 60_000 })),
  exchange(
    'find coordinator of a transactional id, 3',
    findCoordinatorV3,
  )(() => ({ type: 'transactionalId', key: 'mirror' })),
  exchange(
    'find coordinator of a transactional id, 4',
    findCoordinatorV4,
  )(() => ({ type: 'transactionalId', keys: ['mirror'] })),
  exchange(
    'add partitions, one missing',
    addPartitionsToTxnV3,
  )(() => ({ ...mirror, partitions: [...orders, missing] })),
  exchange('add partitions', addPartitionsToTxnV3)(() => ({ ...mirror, partitions: orders })),
  exchange('end transaction', endTxnV3)(() => ({ ...mirror, committed: true })),
  exchange('end transaction, stranger', endTxnV3)(() => ({ ...mirror, producerId: 99n, committed: true })),
  exchange(
    'produce',
    produceV9,
  )(() => ({
    timeoutMs: 10_000,
    batches: [
      { ...ordersZero, parts: [mirrored(0).subarray(0, 61), mirrored(0).subarray(61)] },
      { ...missing, parts: [mirrored(0)] },
    ],
  })),
  exchange(
    'produce out of sequence',
    produceV9,
  )(() => ({
    timeoutMs: 10_000,
    batches: [{ ...ordersZero, parts: [mirrored(7)] }],
  })),
  exchange('describe configs', describeConfigsV4)(() => [{ type: 2, name: 'orders' }]),
  exchange('describe ACLs', describeAclsV2)(() => ({ ...acl, operation: 1, principal: null, host: null })),
  exchange(
    'commit',
    offsetCommitV8,
  )(() => ({
    group: 'billing',
    offsets: [
      { ...ordersZero, offset: 2n ** 40n, metadata: 'far' },
      { ...missing, offset: 1n, metadata: '' },
    ],
  })),
  exchange(
    'commit into a live group',
    offsetCommitV8,
  )(() => ({
    group: 'live',
    offsets: [{ ...ordersZero, offset: 1n, metadata: '' }],
  })),
  exchange('committed, 7', offsetFetchV7)(() => ({ group: 'billing', partitions: orders })),
  exchange(
    'committed, 8',
    offsetFetchV8,
  )(() => [
    { group: 'billing', partitions: orders },
    { group: 'unheard-of', partitions: null },
  ]),
  exchange('pending commit', offsetFetchV7)(() => ({ group: 'pending', partitions: [ordersZero] })),
  exchange('delete offsets', offsetDeleteV0)(() => ({ group: 'billing', partitions: [ordersZero] })),
  exchange(
    'delete offsets of a live group',
    offsetDeleteV0,
  )(() => ({
    group: 'live',
    partitions: [ordersZero],
  })),
  exchange('delete groups', deleteGroupsV2)(() => ['live', 'unheard-of']),
  exchange('describe log dirs', describeLogDirsV4)(() => [...orders, missing]),
  exchange('describe client quotas', describeClientQuotasV1)(() => undefined),
  exchange(streamsExchange, streamsGroupDescribeV0)(() => ['streaming', 'unheard-of']),
  exchange('create ACLs', createAclsV2)(() => [{ ...acl, operation: 4 }]),
  exchange('delete ACLs', deleteAclsV2)(() => [acl, { ...acl, resourceName: 'missing' }]),
  exchange(
    'alter configs',
    incrementalAlterConfigsV1,
  )(() => [
    { type: 2, name: 'orders', entries: resetAndSet },
    { type: 2, name: 'missing', entries: setOne },
  ]),
  exchange(
    'create topics',
    createTopicsV7,
  )(() => ({
    topics: [
      { name: 'made', partitions: 2, replicationFactor: 1, config: compact },
      { name: 'orders', partitions: 1, replicationFactor: -1, config: none },
    ],
    timeoutMs: 10_000,
    validateOnly: true,
  })),
  exchange(
    'delete topics',
    deleteTopicsV6,
  )((topicId) => ({
    topics: [
      { name: null, topicId },
      { name: null, topicId: 'AAAAAAAAAAAAAAAAAAAACQ' },
      { name: 'missing', topicId: null },
    ],
    timeoutMs: 10_000,
  })),
];
