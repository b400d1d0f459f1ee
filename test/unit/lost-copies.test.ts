import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { lostCopies } from '../../activities/mirror/copies.js';
import { parityActivities } from '../../activities/mirror/parity.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { offsetTable, type OffsetTable, type Side } from '../../src/migration/offsets.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Copies } from '../../src/migration/work/parity.js';
import { migrationOf } from './migration-states.js';
import { clusterOf, Log, topic, type Written } from './parity-log.js';

const migration = migrationOf({ strategy: 'simpleMirroring', topics: [{ name: topic }] });
const at = <S extends Side>(offset: bigint): OffsetTable<S> => offsetTable([{ topic, partition: 0, offset }]);

/** Records from one number up to another, each like no other unless it is said what they hold. */
function written(
  from: number,
  to: number,
  epoch = -1,
  valueOf: (number: number) => unknown = (n) => n,
): Written {
  return {
    records: Array.from({ length: to - from }, (_, nth) => ({
      ...{ timestamp: 1_700_000_000_000n, key: null, headers: [] },
      value: Buffer.from(String(valueOf(from + nth))),
    })),
    partitionLeaderEpoch: epoch,
  };
}

function named(name: string, log: Log): Cluster {
  return {
    ...clusterOf([log]),
    name,
    heldBack: () => undefined,
    topicConfigs: async (names) => new Map(names.map((one) => [one, { value: [] }])),
  };
}

const copied = (source: Log, target: Log) => ({
  ends: at<'source'>(source.end),
  mirrored: at<'target'>(target.end),
});

/** What the step `parity` keeps of the copies. */
async function comparedOn(source: Log, target: Log): Promise<Copies> {
  const sides = { onprem: named('onprem', source), aiven: named('aiven', target) };
  const { watchParity } = parityActivities({
    clusters: (name) => sides[name as keyof typeof sides],
    registries: () => {
      throw new Error('not asked');
    },
  });
  const input: Parameters<Activities['watchParity']>[0] = {
    ...{ migration, topicIds: {}, sliceMs: 10_000, ...copied(source, target) },
  };
  const environment = new MockActivityEnvironment();
  const seen = await environment.run<
    [],
    Awaited<ReturnType<typeof watchParity>>,
    () => ReturnType<typeof watchParity>
  >(() => watchParity(input));
  if (!('copies' in seen) || !seen.copies) throw new Error(seen.sentence);
  return JSON.parse(JSON.stringify(seen.copies)) as Copies;
}

/** What the deletion asks where the target is like this now. */
async function asked(source: Log, before: Log, now: Log): Promise<string[]> {
  const copies = await comparedOn(source, before);
  const findings = await lostCopies(
    { source: named('onprem', source), target: named('aiven', now) },
    { migration, topicIds: {}, ...copied(source, before), copies },
    new Set([topic]),
    { says: () => undefined, signal: new AbortController().signal },
  );
  return findings.map(({ weight, key }) => `${weight} ${key}`);
}

test('a log that was cut off within the copies and has grown again blocks, by the leader epoch of the last copy', async () => {
  const source = new Log([written(0, 1_000)]);
  const before = () => new Log([written(0, 900, 3), written(900, 1_000, 3)]);
  const cutOff = new Log([written(0, 900, 3), written(5_000, 5_150, 4)]);
  expect(await asked(source, before(), cutOff)).toEqual([`blocks target-truncated:${topic}/0`]);
  const grown = new Log([written(0, 900, 3), written(900, 1_000, 3), written(5_000, 5_150, 4)]);
  expect(await asked(source, before(), grown)).toEqual([]);
  expect(await asked(source, before(), before())).toEqual([]);
});

test('copies without leader epochs, and of a comparison of before, are asked about as ever', async () => {
  const source = new Log([written(0, 100)]);
  expect((await comparedOn(source, new Log([written(0, 100)]))).lastEpochs).toEqual([]);
  expect(await asked(source, new Log([written(0, 100)]), new Log([written(0, 90)]))).toEqual([
    `blocks target-truncated:${topic}/0`,
  ]);
  expect(await asked(source, new Log([written(0, 100)]), new Log([written(40, 100)], 40n))).toEqual([
    `asks lost-on-target:${topic}+40@40`,
  ]);
});

test.each([
  ['all of them the same', () => 'tick', 600],
  ['the first of them the same', (number: number) => (number < 800 ? 'tick' : number), 600],
  ['the same ones over and over', (number: number) => number % 7, 604],
  ['the same in another order far away', (number: number) => `${number % 300}`, 600],
])(
  'of records that are %s, as many as are gone from the target are asked about',
  async (_, valueOf, lost) => {
    const timeless = (from: number) => ({
      ...written(from, 1_000, -1, valueOf),
      records: written(from, 1_000, -1, valueOf).records.map((one) => ({ ...one, timestamp: -1n })),
    });
    const source = new Log([timeless(0)]);
    const now = new Log([timeless(lost)], BigInt(lost));
    expect(await asked(source, new Log([timeless(0)]), now)).toEqual([
      `asks lost-on-target:${topic}+${lost}@${lost}`,
    ]);
  },
);

test('what retention has taken on both sides alike is asked about nowhere, however alike the records are', async () => {
  for (const valueOf of [(number: number) => number, () => 'tick']) {
    const all = () => new Log([written(0, 1_000, -1, valueOf)]);
    const rest = () => new Log([written(400, 1_000, -1, valueOf)], 400n);
    const source = all();
    const copies = await comparedOn(source, all());
    const findings = await lostCopies(
      { source: named('onprem', rest()), target: named('aiven', rest()) },
      { migration, topicIds: {}, ...copied(source, all()), copies },
      new Set([topic]),
      { says: () => undefined, signal: new AbortController().signal },
    );
    expect(findings).toEqual([]);
  }
});

test('records that are the same in one batch, with a time of their own, are counted too', async () => {
  const all = () => new Log([written(0, 500, -1, () => 'tick'), written(500, 1_000)]);
  const now = new Log([written(450, 500, -1, () => 'tick'), written(500, 1_000)], 450n);
  expect(await asked(all(), all(), now)).toEqual([`asks lost-on-target:${topic}+450@450`]);
});
