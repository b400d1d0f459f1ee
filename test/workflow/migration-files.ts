import type { MigrationFile } from '../../src/migration/file.js';
import type { Strategy } from '../../src/migration/strategies.js';

/** A migration of one topic with one producer and one group, unless a test says otherwise. */
export function migrationFile(
  strategy: Strategy,
  name: string,
  changes: Partial<MigrationFile> = {},
): MigrationFile {
  return {
    name,
    strategy,
    source: 'onprem',
    target: 'aiven',
    topics: [{ name: 'orders' }],
    producers: [{ name: 'orders-web' }],
    consumers: [{ group: 'billing' }],
    waits: { quiet: '150s', soak: '24h' },
    ...(strategy === 'advancedMirroring' && { connect: 'mirrors' }),
    ...changes,
  };
}
