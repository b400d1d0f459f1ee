import type { Inventory } from '../../src/inventory/inventory.js';
import { acl, group, inventory, topic } from './inventories.js';

/**
 * As many topics and groups as asked for: most by themselves, some read by several groups, and one set in which a tenth of
 * the topics hang together.
 */
export function largeInventory(topics: number, groups: number, acls: number): Inventory {
  const name = (at: number) => `team-${at % 40}.topic-${at}`;
  return inventory({
    scannedAt: '2026-06-01T00:00:00.000Z',
    brokers: 3,
    topics: Array.from({ length: topics }, (_, at) =>
      topic(name(at), {
        partitions: 10,
        records: { value: at * 100 },
        bytes: { value: at * 10_000 },
        rate: { value: at % 7 },
        newest: { value: Date.parse('2026-05-31T00:00:00.000Z') },
      }),
    ),
    groups: {
      value: Array.from({ length: groups }, (_, at) =>
        at === 0
          ? group(
              'reads-a-tenth',
              Array.from({ length: topics / 10 }, (_, index) => name(index * 10)),
            )
          : group(`group-${at}`, [name(at)], {
              committed: { value: [{ topic: name(at), lag: { value: at % 13 } }] },
            }),
      ),
    },
    acls: {
      value: Array.from({ length: acls }, (_, at) =>
        acl(`app-${at % 500}`, at % 2 === 0 ? 'read' : 'write', name(at % topics)),
      ),
    },
  });
}
