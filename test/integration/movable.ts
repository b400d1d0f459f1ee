import { expect } from '@jest/globals';
import type { Lab } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import type { MigrationFile } from '../../src/migration/file.js';
import type { CommandLine } from './command-line.js';
import { connectionOf, run } from './kafka-cluster.js';

/** A topic without records on the source, with two groups that have committed its beginning, and the file to move it. */
export interface Movable {
  admin: Cluster;
  topic: string;
  groups: readonly [string, string];
  /** Writes the file, with something about it changed. */
  file(change?: Partial<MigrationFile>): string;
  close(): Promise<void>;
}

export async function movable(lab: Lab, cli: CommandLine, name: string): Promise<Movable> {
  const topic = `${name}.${run}`;
  const groups = [`${name}.billing.${run}`, `${name}.shipping.${run}`] as const;
  const admin = openCluster('source', connectionOf(lab.source, 'admin'));
  const made = await admin.createTopics([{ name: topic, partitions: 2, replicationFactor: 1, config: {} }]);
  expect(made.get(topic)?.error).toBeUndefined();
  for (const group of groups) {
    const rows = await admin.commitOffsets(
      group,
      [0, 1].map((partition) => ({ topic, partition, offset: 0n })),
    );
    expect([...rows.values()].flatMap(({ error }) => error ?? [])).toEqual([]);
  }
  return {
    ...{ admin, topic, groups },
    file: (change = {}) =>
      cli.file({
        name: topic,
        strategy: 'simplestCase',
        source: 'source',
        target: 'target',
        topics: [{ name: topic }],
        producers: [{ name: 'orders-web' }, { name: 'orders-batch' }],
        consumers: groups.map((group) => ({ group })),
        leaveBehind: { principals: ['User:ferry', 'User:connect'] },
        waits: { quiet: '2s', probe: '250ms', soak: '1s' },
        ...change,
      }),
    close: async () => {
      await admin.close();
      cli.close();
    },
  };
}
