import { describe, expect, test } from '@jest/globals';
import { Committing } from '../../activities/offsets/committing.js';
import { planSeed, type GroupOnTarget } from '../../activities/offsets/offset-seeds.js';
import { seedOffsets } from '../../activities/offsets/offsets.js';
import { onTargetOf } from '../../activities/offsets/on-target.js';
import type { Cluster, Committed, TopicPartition } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import type { Finding } from '../../src/migration/findings.js';
import { offsetTable, type TargetOffsets } from '../../src/migration/offsets.js';
import type { TranslatedGroup } from '../../src/migration/work/offsets.js';
import { migrationOf } from './migration-states.js';
import { clusterOf, Log, topic } from './parity-log.js';

const migration = migrationOf({ topics: [{ name: topic }], consumers: [{ group: 'billing' }] });
const at = { topic, partition: 0 };
const commitOf = (offset: bigint, more: Partial<Committed> = {}): Committed => ({
  ...{ offset, leaderEpoch: -1, metadata: '' },
  ...more,
});

/** A target where the group has so many members and this commit; what is committed to it is kept. */
function targetWith(members: number, committed?: Committed, refused?: string) {
  const commits: (TopicPartition & { offset: bigint })[] = [];
  const target = {
    ...clusterOf([new Log([], 3n)]),
    name: 'aiven',
    describeGroups: async () => new Map([['billing', { value: { members: Array(members).fill({}) } }]]),
    committedOffsets: async (groups: readonly string[]) =>
      new Map(
        groups.map((group) => [group, { value: new Map(committed ? [[`${topic}/0`, committed]] : []) }]),
      ),
    commitOffsets: async (_group: string, offsets: typeof commits) => {
      commits.push(...offsets);
      const error = refused === undefined ? undefined : new FerryError('Refused', refused);
      return new Map(offsets.map(() => [`${topic}/0`, error ? { error } : { value: undefined }]));
    },
  } as unknown as Cluster;
  return { target, commits };
}

describe('the starting offset of a group that has not come yet', () => {
  const start = offsetTable([{ ...at, offset: 3n }]) as TargetOffsets;
  type Dependencies = Parameters<typeof seedOffsets>[0];
  const seedsOn = (target: Cluster, more: Partial<Parameters<typeof seedOffsets>[1]> = {}) =>
    seedOffsets(
      { clusters: () => target } as Partial<Dependencies> as Dependencies,
      { migration, topicIds: {}, start, ...more },
      attempt,
    );
  /** What a second call does, that finds this. */
  const seeded = async (members: number, committed: Committed, refused?: string) => {
    const { made } = await seedsOn(targetWith(0).target);
    const { target, commits } = targetWith(members, committed, refused);
    return { ...(await seedsOn(target, { made })), commits };
  };
  const attempt = {
    noted: undefined,
    note: async () => undefined,
    says: () => undefined,
    signal: new AbortController().signal,
  };

  test('is committed anew as it is, since its expiry is counted from the last commit', async () => {
    const { commits, sentence, findings } = await seeded(0, commitOf(3n));
    expect(commits).toEqual([{ ...at, offset: 3n, metadata: '' }]);
    expect(sentence).toBe('billing has starting offsets on aiven: 0 committed now, each read back.');
    expect(findings).toEqual([]);
  });

  test('is left alone where the group has members', async () => {
    expect((await seeded(1, commitOf(3n))).commits).toEqual([]);
  });

  test('is left alone where the ferry did not make it', async () => {
    expect((await seeded(0, commitOf(3n, { leaderEpoch: 0 }))).commits).toEqual([]);
    expect((await seeded(0, commitOf(5n))).commits).toEqual([]);
  });

  test('is there still where a broker does not take it again, which is noted', async () => {
    const { findings, made } = await seeded(0, commitOf(3n), 'The group has members.');
    expect(findings).toEqual([
      {
        ...{ weight: 'notes', key: 'offsets-not-renewed:billing' },
        sentence:
          'billing has its starting offsets on aiven, but they were not committed anew so that they expire later: The group has members.',
      },
    ]);
    expect(made).toHaveLength(1);
  });

  test('is missing, and not renewed, where it has expired', () => {
    const group: GroupOnTarget = {
      ...{ group: 'billing', members: 0, committed: new Map(), made: new Map(), times: new Map() },
      partitions: [{ ...at, logStart: 3n, highWatermark: 3n, lastStable: 3n }],
      hasOldMark: () => false,
    };
    const { commit, renew } = planSeed(group, { table: start, decided: true }, 'aiven');
    expect([commit, renew]).toEqual([[{ ...at, offset: 3n, metadata: '' }], []]);
  });
});

describe('a translated offset of a group that has not come yet', () => {
  const one = { ...at, source: '7', target: '3', certainty: 'exact' as const };
  const translated: TranslatedGroup[] = [{ group: 'billing', partitions: [one] }];
  const committed = async (members: number, found: Committed, refused?: string) => {
    const { target, commits } = targetWith(members, found, refused);
    const input = { migration, topicIds: {}, sliceMs: 1, groups: ['billing'], translated };
    const committing = new Committing(target, target, input, migration.consumers, onTargetOf(migration));
    const findings: Finding[] = [];
    const placed = new Map([['billing', [{ one, metadata: '', known: true }]]]);
    const { commits: now } = await committing.commit(placed, [], findings);
    return { now, commits, findings };
  };

  test('is committed anew as it is, and not counted', async () => {
    expect(await committed(0, commitOf(3n))).toEqual({
      ...{ now: 0, findings: [] },
      commits: [{ ...at, offset: 3n, metadata: '' }],
    });
  });

  test('is left alone where the group has members, or has committed itself', async () => {
    for (const [members, found] of [
      [1, commitOf(3n)],
      [0, commitOf(4n)],
      [0, commitOf(3n, { leaderEpoch: 0 })],
    ] as const)
      expect(await committed(members, found)).toEqual({ now: 0, commits: [], findings: [] });
  });

  test('is there still where a broker does not take it again', async () => {
    expect(await committed(0, commitOf(3n), 'The group has members.')).toMatchObject({
      now: 0,
      findings: [],
    });
  });
});
