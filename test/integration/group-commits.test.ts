import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readCommitted } from '../../activities/groups/group-reading.js';
import { surveySourceGroups } from '../../activities/groups/source-groups.js';
import { remembered } from '../../activities/offsets/made-commits.js';
import { seedOffsets } from '../../activities/offsets/offsets.js';
import { undo } from '../../activities/retire/undo.js';
import { groupOffsets } from '../../app/cli/offsets.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import type { Made } from '../../src/migration/work/retire.js';
import type { TranslatedGroup } from '../../src/migration/work/offsets.js';
import { unpackCommits } from '../../activities/offsets/made-commits.js';
import { sharedLab } from '../lab/shared.js';
import { run } from './kafka-cluster.js';
import { attempt, commit, createOn, keysOf, migrationOf, openGround, type Ground } from './prepare-ground.js';

let ground: Ground;
beforeAll(async () => {
  ground = openGround(await sharedLab());
});
afterAll(() => ground.close());

/** Partitions on which a group has something committed, with its metadata. */
const committed = async (cluster: Cluster, group: string) =>
  Object.fromEntries(
    [...((await cluster.committedOffsets([group])).get(group)?.value ?? [])].map(
      ([key, { offset, metadata }]) => [key, `${offset}${metadata && ` ${metadata}`}`],
    ),
  );
const nothing: Made = { topics: [], acls: [], offsets: [] };
const time = Buffer.concat([Buffer.from([1]), Buffer.alloc(8, 1)]).toString('base64');

describe('a commit is taken back', () => {
  test('when it is as it was made, and left when it was there before or says something else', async () => {
    const topic = `made.${run}`;
    const group = `${topic}.group`;
    await createOn(ground.admin.target, { name: topic, partitions: 4 });
    // Of its own, and the same as the start would be.
    await commit(ground.admin.target, group, topic, [0n]);
    const migration = migrationOf({ name: topic, topics: [{ name: topic }], consumers: [{ group }] });
    const { made } = await seedOffsets(ground, { migration }, attempt());
    expect(made.map((one) => [one.group, [...unpackCommits(migration, one)]])).toEqual([
      [group, [1, 2, 3].map((partition) => [`${topic}/${partition}`, { offset: 0n, metadata: '' }])],
    ]);
    await ground.admin.target.commitOffsets(group, [
      { topic, partition: 2, offset: 0n, metadata: 'by another' },
    ]);
    const { undone, left } = await undo(
      ground,
      { migration, made: { ...nothing, offsets: made } },
      attempt(),
    );
    expect(undone).toEqual([`Deleted the starting offsets of ${group} on target (2 partitions).`]);
    expect(left).toEqual([
      `${group} has committed offsets of its own on target for 2 partitions: they are left.`,
    ]);
    expect(await committed(ground.target, group)).toEqual({
      [`${topic}/0`]: '0',
      [`${topic}/2`]: '0 by another',
    });
  });

  test('when a ferry of before has marked it, which another migration has not', async () => {
    const topic = `marked.${run}`;
    const group = `${topic}.group`;
    await createOn(ground.admin.target, { name: topic });
    const mark = (partition: number, name: string) => ({
      ...{ topic, partition, offset: 0n, metadata: `kafka-ferry migrate/${name}` },
    });
    await ground.admin.target.commitOffsets(group, [mark(0, topic), mark(1, 'other')]);
    const migration = migrationOf({ name: topic, topics: [{ name: topic }], consumers: [{ group }] });
    // The mark itself goes: an application of Streams 3.1 dies of it.
    const { made } = await seedOffsets(
      ground,
      { migration, start: { [topic]: ['0', '0'] }, made: [{ group, topics: [topic] }] },
      attempt(),
    );
    expect(made.map((one) => [one.group, [...unpackCommits(migration, one)]])).toEqual([
      [group, [[`${topic}/0`, { offset: 0n, metadata: '' }]]],
    ]);
    expect(await committed(ground.target, group)).toMatchObject({ [`${topic}/0`]: '0' });
    await ground.admin.target.commitOffsets(group, [mark(0, topic)]);
    const old: Made = { ...nothing, offsets: [{ group, topics: [topic] }] };
    const { undone } = await undo(ground, { migration, made: old }, attempt());
    expect(undone).toEqual([`Deleted the starting offsets of ${group} on target (1 partition).`]);
    expect(Object.keys(await committed(ground.target, group))).toEqual([`${topic}/1`]);
  });

  test('where a group went on at its own offsets', async () => {
    const topic = `gone-on.${run}`;
    const group = `${topic}.group`;
    await createOn(ground.admin.target, { name: `${topic}.new`, partitions: 3 });
    const migration = migrationOf({
      ...{ name: topic, strategy: 'simpleMirroring' },
      topics: [{ name: topic, newName: `${topic}.new` }],
      consumers: [{ group, newGroup: `${group}.new` }],
    });
    await ground.admin.target.commitOffsets(`${group}.new`, [
      { topic: `${topic}.new`, partition: 0, offset: 0n, metadata: time },
      { topic: `${topic}.new`, partition: 1, offset: 0n },
      { topic: `${topic}.new`, partition: 2, offset: 0n, metadata: time },
    ]);
    const at = (partition: number) => ({ topic, partition, source: '5', target: '0' });
    const certainty = 'exact' as const;
    const translated: TranslatedGroup[] = [
      {
        group,
        partitions: [
          { ...at(0), certainty, metadata: remembered(time) },
          { ...at(1), certainty, metadata: remembered('what nobody knows'), without: true },
          { ...at(2), certainty },
        ],
      },
    ];
    const { undone, left } = await undo(ground, { migration, made: nothing, translated }, attempt());
    expect(undone).toEqual([`Deleted the starting offsets of ${group}.new on target (2 partitions).`]);
    expect(left).toHaveLength(1);
    expect(await committed(ground.target, `${group}.new`)).toEqual({ [`${topic}.new/2`]: `0 ${time}` });
  });
});

test.each(['source', 'target'] as const)(
  'a commit that is pending in a transaction on the %s is named by its transactional id',
  async (side) => {
    const topic = `pending.${side}.${run}`;
    const group = `${topic}.group`;
    await createOn(ground.admin.source, { name: topic, partitions: 1 });
    await createOn(ground.admin.target, { name: topic, partitions: 1 });
    const producer = ground.lab[side]
      .kafkajs('admin')
      .producer({ transactionalId: `${group}.id`, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      await transaction.sendOffsets({
        consumerGroupId: group,
        topics: [{ topic, partitions: [{ partition: 0, offset: '0' }] }],
      });
      const sentence = expect.stringMatching(
        new RegExp(
          `^A commit of group "${group}" on cluster "${side}" is pending, .*: transaction ${group}\\.id of producer id \\d+, begun at .*, is open; let its producer end it, or wait for its timeout of 1m\\.$`,
        ),
      );
      const migration = migrationOf({
        ...{ name: topic, strategy: 'simpleMirroring' },
        topics: [{ name: topic }],
        consumers: [{ group }],
      });
      const [rows, [offsets], { findings }] = await Promise.all([
        readCommitted(ground[side], [group], [{ topic, partition: 0 }]),
        groupOffsets(ground.source, ground.target, migration, {}),
        surveySourceGroups(ground.source, migration, [{ topic, partition: 0 }]),
      ]);
      expect(rows.get(group)?.error?.message).toEqual(sentence);
      expect(offsets?.pending).toEqual({ [side]: sentence });
      if (side === 'source') {
        expect(keysOf(findings)).toContain(`notes commit-pending:${group}`);
        expect(offsets?.partitions).toMatchObject([{ source: null, translated: null }]);
      }
      await transaction.abort();
    } finally {
      await producer.disconnect();
    }
  },
);
