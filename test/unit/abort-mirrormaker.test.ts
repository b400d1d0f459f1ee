import { expect, test } from '@jest/globals';
import type { Attempt } from '../../activities/kit/attempt.js';
import { targetWrites } from '../../activities/offsets/offsets.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { migrationOf } from './migration-states.js';
import { clusterOf, Log, topic } from './parity-log.js';

const migration = migrationOf({
  strategy: 'advancedMirroring',
  connect: 'mirrors',
  topics: [{ name: topic }],
});
const written = (what: string, records: number) => ({
  records: Array.from({ length: records }, (_, nth) => ({
    ...{ timestamp: 1n, key: null, value: Buffer.from(`${what} ${nth}`), headers: [] },
  })),
});
const attempt: Attempt = {
  noted: undefined,
  note: async () => undefined,
  says: () => undefined,
  signal: new AbortController().signal,
};

/** What an abort finds on a target with 500 copies, and with records of a producer where they are given. */
function found(others: number, partitions?: Record<string, number>): ReturnType<typeof targetWrites> {
  const named = (name: string, log: Log) =>
    ({
      ...clusterOf([log]),
      name,
      topicConfigs: async (names: string[]) => new Map(names.map((one) => [one, { value: [] }])),
    }) as unknown as Cluster;
  const target = new Log([written('old', 500), ...(others > 0 ? [written('new', others)] : [])]);
  const sides = {
    onprem: named('onprem', new Log([written('old', 500)])),
    aiven: named('aiven', target),
  };
  return targetWrites(
    {
      clusters: (name) => sides[name as keyof typeof sides],
      registries: () => {
        throw new Error('not asked');
      },
    },
    { migration, topicIds: {}, start: {}, ...(partitions && { partitions }) },
    attempt,
  );
}

test('what MirrorMaker has copied is told from what a producer has written by comparing both clusters', async () => {
  expect((await found(0, { [topic]: 1 })).written).toEqual([]);
  expect((await found(100, { [topic]: 1 })).written).toEqual([
    expect.stringContaining('something else has written there'),
  ]);
});

test('once the mirror is removed, and no comparison has shown whose they are, all records are left', async () => {
  expect((await found(0)).written).toEqual([
    `${topic} on aiven has 500 offsets in partition 0, and nothing shows that all of it is the mirror\u2019s.`,
  ]);
});
