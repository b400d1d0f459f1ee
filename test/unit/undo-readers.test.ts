import { expect, test } from '@jest/globals';
import { undo } from '../../activities/retire/undo.js';
import type { Cluster, GroupFacts, Row } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { migrationOf } from './migration-states.js';

const migration = migrationOf({ target: 'cloud' });

/** A target with the topic that was made, still empty, and one live group of which this is told. */
function undone(row: Row<GroupFacts>) {
  const orders = { name: 'orders', topicId: 'id', internal: false, partitions: [] };
  const target: Partial<Cluster> = {
    name: 'cloud',
    topics: async () => new Map([['orders', { value: orders }]]),
    groups: async () => [{ group: 'jobs', protocol: 'share', state: 'stable' }],
    describeGroups: async () => new Map([['jobs', row]]),
    deleteTopics: async () => new Map([['orders', { value: undefined }]]),
  };
  return undo(
    {
      clusters: () => target as Cluster,
      registries: () => {
        throw new Error('not asked');
      },
      holds: {} as never,
      otherMigrations: {} as never,
    },
    {
      migration,
      topicIds: {},
      made: { topics: [{ name: 'orders', topicId: 'id' }], acls: [], offsets: [] },
    },
    {
      noted: undefined,
      note: async () => undefined,
      says: () => undefined,
      signal: new AbortController().signal,
    },
  );
}

const error = (type: 'Unsupported' | 'Unreachable' | 'NotFound') => ({
  error: new FerryError(type, 'No answer.'),
});

test('a live group whose members cannot be read leaves the topics, by name, and ends nothing', async () => {
  expect(await undone(error('Unsupported'))).toEqual({
    undone: [],
    left: ['orders on cloud is left: jobs may read it, nobody can tell.'],
  });
});

test('a group that can be read in a moment is asked again, and one that is gone reads nothing', async () => {
  await expect(undone(error('Unreachable'))).rejects.toThrow('No answer.');
  expect((await undone(error('NotFound'))).undone).toEqual(['Deleted the empty topic orders on cloud.']);
});
