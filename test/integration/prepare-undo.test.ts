import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyAcls } from '../../activities/acls/acls.js';
import { seedOffsets } from '../../activities/offsets/offsets.js';
import { createTopics } from '../../activities/topics/topics.js';
import { undo } from '../../activities/retire/undo.js';
import type { Migration } from '../../src/migration/file.js';
import type { Made } from '../../src/migration/work/retire.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import {
  allow,
  attempt,
  commit,
  createOn,
  grant,
  join,
  migrationOf,
  openGround,
  produce,
  type Ground,
} from './prepare-ground.js';

let ground: Ground;
beforeAll(async () => {
  ground = openGround(await sharedLab());
});
afterAll(() => ground.close());

async function prepare(migration: Migration): Promise<Made> {
  const topics = await createTopics(ground, { migration }, attempt());
  const acls = await copyAcls(ground, { migration }, attempt());
  const offsets = await seedOffsets(ground, { migration }, attempt());
  return { topics: topics.made, acls: acls.made, offsets: offsets.made };
}

const topicsThere = async (...names: string[]) => {
  const rows = await ground.target.topics(names);
  return names.filter((name) => rows.get(name)?.value);
};
const gone = (...names: string[]) =>
  eventually(
    () => topicsThere(...names),
    (there) => there.length === 0,
  );

test('what was made is taken back, newest kind first, and a second time there is nothing left to do', async () => {
  await createOn(ground.admin.source, { name: 'undo.made' }, { name: 'undo.kept' });
  await createOn(ground.admin.target, { name: 'undo.kept' });
  await grant(
    ground.admin.source,
    allow('User:undo', 'read', 'topic', 'undo.made'),
    allow('User:undo', 'read', 'topic', 'undo.kept'),
  );
  await grant(ground.admin.target, allow('User:CN=undo', 'read', 'topic', 'undo.kept'));
  const migration = migrationOf({
    name: 'undo',
    topics: [{ name: 'undo.made' }, { name: 'undo.kept' }],
    consumers: [{ group: 'undo.group' }],
    principals: { 'User:undo': 'User:CN=undo' },
  });
  const made = await prepare(migration);
  const { undone, left } = await undo(ground, { migration, made }, attempt());
  expect(undone).toEqual([
    'Deleted the starting offsets of undo.group on target (4 partitions).',
    'Deleted 1 ACL on target.',
    'Deleted the empty topic undo.made on target.',
  ]);
  expect(left).toEqual([]);
  await gone('undo.made');
  expect(await topicsThere('undo.kept')).toEqual(['undo.kept']);
  expect(await ground.target.acls({ principal: 'User:CN=undo' })).toEqual([
    allow('User:CN=undo', 'read', 'topic', 'undo.kept'),
  ]);
  expect((await ground.target.committedOffsets(['undo.group'])).get('undo.group')?.value?.size).toBe(0);

  expect(await undo(ground, { migration, made }, attempt())).toEqual({ undone: [], left: [] });
});

test('a preparation that stopped half way is taken back as far as it came', async () => {
  await createOn(ground.admin.source, { name: 'undo.half' });
  const migration = migrationOf({ name: 'undo-half', topics: [{ name: 'undo.half' }] });
  const { made } = await createTopics(ground, { migration }, attempt());
  const partial: Made = { topics: made, acls: [], offsets: [] };
  const { undone } = await undo(ground, { migration, made: partial }, attempt());
  expect(undone).toEqual(['Deleted the empty topic undo.half on target.']);
  await gone('undo.half');
});

test('what is no longer as it was made is left and named', async () => {
  const names = ['undo.written', 'undo.read', 'undo.again', 'undo.unknown', 'undo.pinned'];
  await createOn(ground.admin.source, ...names.map((name) => ({ name })));
  const migration = migrationOf({
    name: 'undo-changed',
    topics: names.map((name) => ({ name })),
    consumers: [
      { group: 'undo.moved', topics: ['undo.written'] },
      { group: 'undo.pinned', topics: ['undo.pinned'] },
    ],
  });
  const made = await prepare(migration);
  await produce(ground.lab.target, 'undo.written', 2);
  await commit(ground.admin.target, 'undo.moved', 'undo.written', [2n]);
  // As a consumer does that assigns partitions to itself, with metadata of its own.
  await ground.admin.target.commitOffsets('undo.pinned', [
    { topic: 'undo.pinned', partition: 0, offset: 0n, metadata: 'flink' },
  ]);
  const again = made.topics.find(({ name }) => name === 'undo.again');
  await ground.admin.target.deleteTopics([{ name: 'undo.again', topicId: again?.topicId ?? '' }]);
  await gone('undo.again');
  await createOn(ground.admin.target, { name: 'undo.again' });
  const unproved = made.topics.map((topic) =>
    topic.name === 'undo.unknown' ? { ...topic, topicId: null } : topic,
  );
  const member = await join(ground.lab.target, 'undo.reader', 'undo.read');
  try {
    const { undone, left } = await undo(
      ground,
      { migration, made: { ...made, topics: unproved } },
      attempt(),
    );
    expect(undone.toSorted()).toEqual([
      'Deleted the starting offsets of undo.moved on target (1 partition).',
      'Deleted the starting offsets of undo.pinned on target (1 partition).',
    ]);
    expect(left.toSorted()).toEqual([
      'undo.again on target is left: it was deleted and created again by somebody else.',
      'undo.moved has committed offsets of its own on target for 1 partition: they are left.',
      'undo.pinned has committed offsets of its own on target for 1 partition: they are left.',
      'undo.pinned on target is left: undo.pinned has committed there without ever having had a member, as consumers do that assign partitions to themselves, and may run.',
      'undo.read on target is left: undo.reader reads it.',
      'undo.unknown on target is left: the broker has no topic ids, so nothing proves that it is the one that was made.',
      'undo.written on target is left: it has got records since it was made, in 1 partition.',
    ]);
  } finally {
    await member.stop();
  }
  expect(await topicsThere(...names)).toEqual(names);
});
