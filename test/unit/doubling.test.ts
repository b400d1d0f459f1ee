import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { doublingActivities } from '../../activities/drain/doubling.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { migrationOf } from './migration-states.js';
import { offsetTable, type OffsetTable, type Side } from '../../src/migration/offsets.js';
import type { Watch } from '../../src/migration/work/work.js';
import { clusterOf, Log, topic } from './parity-log.js';

const migration = migrationOf({
  ...{ strategy: 'doubleProducer', source: 'source', target: 'target', topics: [{ name: topic }] },
  waits: { quiet: '70s', patience: '10m', probe: '10ms' },
});
const minutes = (of: number) => of * 60_000;
const at = <S extends Side>(offset: bigint): OffsetTable<S> => offsetTable([{ topic, partition: 0, offset }]);
const logOf = (values: readonly number[]) =>
  new Log(
    values.map((value) => ({
      records: [{ timestamp: 1_700_000_000_000n, key: null, value: Buffer.from([value]), headers: [] }],
    })),
  );

/** Two clusters that answer a fetch after `lateMs`, of which one producer is remembered that wrote nothing. */
function watching(source: number[], target: number[], turns = {}, lateMs = 0) {
  const cluster = (values: number[]): Cluster => {
    const there = clusterOf([logOf(values)]);
    const fetch: Cluster['fetch'] = async (...asked) => {
      await sleep(lateMs);
      return there.fetch(...asked);
    };
    const remembered: Pick<Cluster, 'producers'> = {
      producers: async (of) =>
        new Map(of.map(() => [`${topic}/0`, { value: [{ producerId: 7n }] as never }])),
    };
    return { ...there, fetch, ...remembered };
  };
  const clusters = { source: cluster(source), target: cluster(target) };
  return doublingActivities({ clusters: (name) => clusters[name as keyof typeof clusters] }, turns)
    .watchDoubling;
}

/** A window that has been open since `sinceMs` when `watchedMs` have been watched. */
const within = (sinceMs: number, watchedMs: number, own: object = {}, sliceMs = 10_000): Watch => ({
  migration,
  sliceMs,
  carry: {
    ...{ watchedMs, failingSince: null },
    own: { targetFrom: at(0n), window: { from: at(0n), sinceMs }, proved: {}, refuted: {}, ...own },
  },
});

const refuted = { refuted: { [topic]: 'of 9 records 3 have no twin' } };

test('a window that patience cuts short proves nothing, and what a whole one has refuted stays so', async () => {
  const watch = watching([1, 2], [1, 2]);
  expect(await watch(within(minutes(10) - 39_000, minutes(10), refuted))).toMatchObject({
    state: 'contradicted',
    sentence: expect.stringContaining('of 9 records 3 have no twin'),
  });
  expect(await watch(within(minutes(10) - 39_000, minutes(10)))).toMatchObject({
    state: 'contradicted',
    sentence: expect.stringContaining(
      `${topic}: memory got 2 records in the last 39s, each of which is on memory too, but nothing in a whole window of 1m10s`,
    ),
  });
});

test('a window that patience cuts short may refute', async () => {
  expect(await watching([1, 2], [1])(within(minutes(10) - 39_000, minutes(10)))).toMatchObject({
    state: 'contradicted',
    sentence: expect.stringContaining(
      `of 2 records of ${topic} that memory received in 39s, 1 have no record`,
    ),
  });
});

test('a whole window proves it, though the one before has refuted it and patience is over with it', async () => {
  for (const watched of [minutes(9), minutes(10)])
    expect(await watching([1, 2], [1, 2])(within(watched - 70_000, watched, refuted))).toMatchObject({
      state: 'doubling',
      sentence: `In 1m10s memory got 2 records of ${topic} in 1 of 1 partition; each has a record of the same key and value on memory. memory remembers 1 producer id more, which wrote nothing meanwhile: of them nothing is shown.`,
    });
});

test('a window of many records is compared in turns, which slices hand on', async () => {
  const values = Array.from({ length: 40 }, (_, value) => value);
  const watch = watching(values, values, { perPass: 10, turnMs: 1 }, 5);
  let answer = await watch(within(0, 70_000, {}, 1));
  const said: string[] = [];
  while (answer.state === 'watching' && said.length < 10) {
    said.push(answer.sentence.replace(/^.*, /, ''));
    answer = await watch({ migration, sliceMs: 1, carry: answer.carry });
  }
  expect(said).toEqual(['in pass 2 of 4', 'in pass 3 of 4', 'in pass 4 of 4']);
  // Who wrote in passes of before is not known any more, so nothing is said of who was silent.
  expect(answer).toMatchObject({
    state: 'doubling',
    sentence: expect.stringMatching(/^In 1m10\S* memory got 40 records .* on memory\.$/),
  });
});
