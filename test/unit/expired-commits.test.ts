import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { consumerActivities } from '../../activities/groups/consumers.js';
import { type Cluster, type Committed, type GroupFacts } from '../../src/kafka/cluster.js';
import { offsetTable, type SourceOffsets } from '../../src/migration/offsets.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { migrationOf } from './migration-states.js';
import { clusterOf, Log, topic } from './parity-log.js';

const record = { timestamp: 1_700_000_000_000n, key: null, value: Buffer.from('1'), headers: [] };
const logOf = (records: number) => new Log(Array.from({ length: records }, () => ({ records: [record] })));
const upTo = (offset: bigint): SourceOffsets => offsetTable([{ topic, partition: 0, offset }]);

const empty: GroupFacts = {
  ...{ group: 'billing', state: 'empty', protocol: 'classic', coordinator: 1, members: [] },
} as unknown as GroupFacts;
const live = {
  ...{ ...empty, state: 'stable' },
  members: [{ clientId: 'app', host: '/10.0.0.1', subscribed: [topic], assigned: [{ topic, partition: 0 }] }],
} as unknown as GroupFacts;

const at = (offset: bigint): Committed => ({ offset, leaderEpoch: -1, metadata: '' });

/** A cluster where the group is so, and has committed this in the one partition; nothing: it has no commit. */
function side(name: string, records: number, facts: GroupFacts, committed?: bigint): Cluster {
  return {
    ...{ ...clusterOf([logOf(records)]), name, heldBack: () => undefined },
    describeGroups: async (groups: readonly string[]) =>
      new Map(groups.map((one) => [one, { value: facts }])),
    committedOffsets: async (groups: readonly string[]) =>
      new Map(
        groups.map((one) => [
          one,
          { value: new Map(committed === undefined ? [] : [[`${topic}/0`, at(committed)]]) },
        ]),
      ),
  };
}

type Input = Parameters<Activities['watchConsumers']>[0];

/** What is answered about a group that has left the source, where its commits are these, and lives on the target. */
function watched(
  more: Partial<Input> & { committed?: bigint; records?: number; mirrored?: boolean },
): ReturnType<Activities['watchConsumers']> {
  const { committed, records = 5, mirrored = false, ...input } = more;
  const source = side('onprem', records, empty, committed);
  const target = side('aiven', 0, live, 0n);
  const { watchConsumers } = consumerActivities({
    clusters: (name) => (name === 'onprem' ? source : target),
  });
  const migration = migrationOf({
    ...(mirrored && { strategy: 'simpleMirroring' as const }),
    topics: [{ name: topic }],
    consumers: [{ group: 'billing' }],
    waits: { agreeing: 2, probe: '1s' },
  });
  const asked: Input = {
    ...{ migration, topicIds: { [topic]: `id-of-${topic}` }, groups: ['billing'], sliceMs: 60_000 },
    expected: 'moved',
    to: upTo(5n),
    ...input,
  };
  return new MockActivityEnvironment().run(watchConsumers, asked);
}

const left = 'billing has left onprem and reads orders on aiven with 1 member.';

test('a group that drained the source is not short of it once its commits there have expired', async () => {
  expect(await watched({ frozen: true, drained: upTo(5n) })).toEqual({
    ...{ state: 'agrees', sentence: left },
    data: [{ group: 'billing', membersOnTarget: 1, uncommittedOnSource: '0' }],
  });
});

test('nor where its log is so long that it is taken for lag at first', async () => {
  expect(await watched({ records: 1500, to: upTo(1500n), frozen: true, drained: upTo(1500n) })).toMatchObject(
    { state: 'agrees', sentence: left },
  );
});

test('a group that was seen to drain less than it must, or nothing, is short of it', async () => {
  for (const drained of [upTo(4n), undefined])
    expect(await watched({ frozen: true, ...(drained && { drained }) })).toMatchObject({
      state: 'contradicted',
      sentence: expect.stringContaining('billing has left onprem with 5 records uncommitted'),
    });
  expect(await watched({ frozen: true, committed: 2n, drained: upTo(5n) })).toMatchObject({
    state: 'contradicted',
    sentence: expect.stringContaining('billing has left onprem with 3 records uncommitted'),
  });
});

test('what came behind the marks is all that it may process again', async () => {
  expect(await watched({ records: 7, drained: upTo(5n) })).toMatchObject({
    state: 'agrees',
    sentence: `${left} After its last commit 2 records lie on onprem: what it had processed of them, it may process again.`,
  });
});

test('beside a mirror, what a group without a commit has left there is not said in numbers', async () => {
  expect(await watched({ mirrored: true, frozen: true })).toEqual({
    state: 'agrees',
    sentence: `${left} For orders/0 it has no commit on onprem any more, or never had one, so that what it left there is not known.`,
    data: [
      {
        ...{ group: 'billing', membersOnTarget: 1, uncommittedOnSource: '0' },
        withoutCommitOnSource: ['orders/0'],
      },
    ],
  });
  expect(await watched({ mirrored: true, frozen: true, committed: 3n })).toMatchObject({
    sentence: expect.stringContaining('It left up to 2 records after its last commit'),
    data: [{ uncommittedOnSource: '2' }],
  });
});
