import { expect, test } from '@jest/globals';
import { undo } from '../../activities/retire/undo.js';
import type { AclBinding, Cluster, Committed, TopicPartition } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { migrationOf } from './migration-states.js';
import { clusterOf, Log, topic } from './parity-log.js';

const migration = migrationOf({ target: 'cloud', consumers: [{ group: 'billing' }] });
const acl: AclBinding = {
  ...{ resourceType: 'topic', resourceName: topic, patternType: 'literal', principal: 'User:billing' },
  ...{ host: '*', operation: 'read', permission: 'allow' },
};
const made = {
  topics: [{ name: topic, topicId: `id-of-${topic}` }],
  acls: [acl],
  offsets: [{ group: 'billing', topics: [topic], commits: { [topic]: ['0*2'] } }],
};

type Deletion = 'offsets' | 'acls' | 'topics';

/** A target that holds all of it, and is lost `when` it is told to delete that: what it has done so far, it has done. */
function targetOf() {
  let [offsets, acls, there] = [new Map<string, Committed>(), [acl], true];
  for (const partition of [0, 1])
    offsets.set(`${topic}/${partition}`, { offset: 0n, leaderEpoch: -1, metadata: '' });
  const lost: { before?: Deletion; after?: Deletion } = {};
  const doing = (what: Deletion, work: () => void) => {
    if (lost.before === what) throw new FerryError('Unreachable', 'Lost before.');
    work();
    if (lost.after === what) throw new FerryError('Unreachable', 'Lost after.');
  };
  const memory = clusterOf([new Log([]), new Log([])]);
  const cluster = {
    ...{ ...memory, name: 'cloud' },
    topics: async (names: readonly string[]) =>
      there
        ? memory.topics(names)
        : new Map(names.map((name) => [name, { error: new FerryError('NotFound', 'No such topic.') }])),
    groups: async () => [],
    describeGroups: async () => new Map([['billing', { value: { members: [] } }]]),
    committedOffsets: async () => new Map([['billing', { value: offsets }]]),
    deleteOffsets: async (_group: string, at: readonly TopicPartition[]) => {
      doing('offsets', () => (offsets = new Map()));
      return new Map(at.map(({ partition }) => [`${topic}/${partition}`, { value: undefined }]));
    },
    deleteTopics: async () => {
      doing('topics', () => (there = false));
      return new Map([[topic, { value: undefined }]]);
    },
  } as unknown as Cluster;
  const provisioner = {
    rights: async () => acls,
    takeBack: async (doomed: readonly AclBinding[]) => {
      doing('acls', () => (acls = []));
      return doomed.length;
    },
  };
  let noted: unknown;
  const attempted = () =>
    undo(
      {
        clusters: () => cluster,
        provisioners: () => provisioner,
      } as unknown as Parameters<typeof undo>[0],
      { migration, topicIds: {}, made },
      {
        noted,
        note: async (facts) => {
          noted = JSON.parse(JSON.stringify(facts));
        },
        says: () => undefined,
        signal: new AbortController().signal,
      },
    );
  return { lost, attempted };
}

const all = {
  undone: [
    'Deleted the starting offsets of billing on cloud (2 partitions).',
    'Deleted 1 ACL on cloud.',
    'Deleted the empty topic orders on cloud.',
  ],
  left: [],
};

test('an undo says what it took back', async () => {
  expect(await targetOf().attempted()).toEqual(all);
});

test.each((['offsets', 'acls', 'topics'] as const).flatMap((what) => [{ before: what }, { after: what }]))(
  'an undo that was lost (%j) says once all that both attempts took back',
  async (when) => {
    const { lost, attempted } = targetOf();
    Object.assign(lost, when);
    await expect(attempted()).rejects.toThrow('Lost');
    delete lost.before;
    delete lost.after;
    expect(await attempted()).toEqual(all);
  },
);
