import type { Inventory, ScannedGroup, ScannedTopic } from '../../src/inventory/inventory.js';

// Inventories as a scan could have written them, each with what a test is about.

export const topic = (name: string, change: Partial<ScannedTopic> = {}): ScannedTopic => ({
  name,
  id: null,
  partitions: 1,
  replication: 1,
  internal: false,
  partOf: null,
  config: { value: {} },
  compacted: { value: false },
  tiered: { value: false },
  records: { value: 10 },
  bytes: { unknown: 'not read' },
  oldest: { value: 1 },
  newest: { value: 2 },
  rate: { value: 0 },
  schemas: { value: { sampled: 5, ids: [], subjects: { unknown: 'not asked' } } },
  producers: { value: [] },
  ...change,
});

export const group = (name: string, topics: string[], change: Partial<ScannedGroup> = {}): ScannedGroup => ({
  group: name,
  protocol: 'classic',
  state: 'empty',
  kind: 'other',
  members: { value: [] },
  committed: { value: topics.map((topic) => ({ topic, lag: { value: 0 } })) },
  moved: { value: false },
  lastMoved: { unknown: 'it stood still' },
  movesWithoutMembers: { unknown: 'it stood still' },
  ...change,
});

export const inventory = (change: Partial<Inventory>): Inventory => ({
  format: 'kafka-ferry/inventory',
  version: 1,
  cluster: 'source',
  clusterId: 'id',
  brokers: 1,
  scannedAt: '2026-01-01T00:00:00.000Z',
  glob: '*',
  topics: [],
  unseen: [],
  groups: { value: [] },
  openTransactions: { value: [] },
  acls: { value: [] },
  quotas: { unknown: 'not read' },
  connectors: { unknown: 'not asked' },
  ...change,
});

export const acl = (
  principal: string,
  operation: 'read' | 'write',
  name: string,
  resourceType: 'topic' | 'group' = 'topic',
) => ({
  ...{ principal: `User:${principal}`, resourceType, resourceName: name, operation, host: '*' },
  patternType: 'literal' as const,
  permission: 'allow' as const,
});
