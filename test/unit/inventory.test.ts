import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { inventoryShape, parseInventory } from '../../src/inventory/inventory.js';

const empty = {
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
  openTransactions: { unknown: 'refused' },
  acls: { value: null },
  quotas: { unknown: 'not read' },
  connectors: { unknown: 'not asked' },
};

describe('an inventory', () => {
  it('is described by the published schema', () => {
    const file = new URL('../../docs/inventory.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(z.toJSONSchema(inventoryShape));
  });

  it('is read back', () => {
    expect(parseInventory(empty).inventory).toEqual(empty);
    const hidden = [{ what: 'groups', unknown: 'It lacks DESCRIBE.' }];
    expect(parseInventory({ ...empty, hidden }).inventory).toEqual({ ...empty, hidden });
  });

  it.each([
    ['of a newer version', { ...empty, version: 2 }, 'is an inventory of version 2'],
    ['cut off', { ...empty, topics: undefined }, 'is damaged or cut off at topics'],
    ['with a part left out', { ...empty, groups: {} }, 'is damaged or cut off at groups'],
    ['of something else', [], 'is no inventory of kafka-ferry'],
  ])('%s is refused in one sentence', (_, input, sentence) => {
    expect(parseInventory(input).mistake).toContain(sentence);
  });
});
