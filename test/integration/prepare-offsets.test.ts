import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { unpackCommits } from '../../activities/offsets/made-commits.js';
import { seedOffsets, targetWrites } from '../../activities/offsets/offsets.js';
import type { Migration } from '../../src/migration/file.js';
import type { MadeOffsets } from '../../src/migration/work/offsets.js';
import { readable } from '../offsets.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import {
  attempt,
  Attempts,
  commit,
  createOn,
  expireBefore,
  join,
  keysOf,
  migrationOf,
  openGround,
  produce,
  sentenceOf,
  type Ground,
} from './prepare-ground.js';

let ground: Ground;
beforeAll(async () => {
  ground = openGround(await sharedLab());
});
afterAll(() => ground.close());

const seed = (migration: Migration, more: Partial<Parameters<typeof seedOffsets>[1]> = {}) =>
  seedOffsets(ground, { migration, ...more }, attempt());

const committed = async (group: string) =>
  Object.fromEntries(
    [...((await ground.target.committedOffsets([group])).get(group)?.value ?? [])]
      .map(([key, { offset }]) => [key, Number(offset)] as const)
      .sort(([one], [other]) => one.localeCompare(other)),
  );

const forget = (group: string, topic: string, ...partitions: number[]) =>
  ground.admin.target.deleteOffsets(
    group,
    partitions.map((partition) => ({ topic, partition })),
  );

/** By group what was committed for it, by partition on the target. */
const unpackedMade = (migration: Migration, made: readonly MadeOffsets[]) =>
  made
    .map((one): [string, Record<string, bigint>] => [
      one.group,
      Object.fromEntries([...unpackCommits(migration, one)].map(([key, { offset }]) => [key, offset])),
    ])
    .toSorted(([one], [other]) => one.localeCompare(other));

test('every group gets a start on every partition of what it reads, and a second time changes nothing', async () => {
  await createOn(
    ground.admin.target,
    { name: 'seed.new', partitions: 3 },
    { name: 'seed.two', partitions: 1 },
  );
  const migration = migrationOf({
    name: 'seed',
    topics: [{ name: 'seed.one', newName: 'seed.new' }, { name: 'seed.two' }],
    consumers: [
      { group: 'seed.all' },
      { group: 'seed.some', newGroup: 'seed.renamed', topics: ['seed.one'] },
    ],
  });
  const attempts = new Attempts();
  const first = await seedOffsets(ground, { migration }, attempts.next());
  expect(first.findings).toEqual([]);
  expect(readable(first.start)).toEqual({ 'seed.new': ['0', '0', '0'], 'seed.two': ['0'] });
  expect(first.sentence).toBe(
    'seed.all and seed.renamed have starting offsets on target: 7 committed now, each read back.',
  );
  const made = [
    ['seed.all', { 'seed.new/0': 0n, 'seed.new/1': 0n, 'seed.new/2': 0n, 'seed.two/0': 0n }],
    ['seed.renamed', { 'seed.new/0': 0n, 'seed.new/1': 0n, 'seed.new/2': 0n }],
  ];
  expect(unpackedMade(migration, first.made)).toEqual(made);
  expect(await committed('seed.all')).toEqual({
    'seed.new/0': 0,
    'seed.new/1': 0,
    'seed.new/2': 0,
    'seed.two/0': 0,
  });
  expect(await committed('seed.renamed')).toEqual({ 'seed.new/0': 0, 'seed.new/1': 0, 'seed.new/2': 0 });
  expect(await committed('seed.some')).toEqual({});

  // Records that came since are after the start: a lost answer must not move it past them.
  await produce(ground.lab.target, 'seed.new', 4);
  const second = await seedOffsets(ground, { migration }, attempts.next());
  expect(second.findings).toEqual([]);
  expect(second.start).toEqual(first.start);
  expect(unpackedMade(migration, second.made)).toEqual(made);
  expect(second.sentence).toContain(': 0 committed now');
  // So does a later call, which is told what was made.
  const third = await seed(migration, { start: first.start, made: first.made });
  expect(third.sentence).toContain(': 0 committed now');
});

test('records that are there already are counted and asked about', async () => {
  await createOn(ground.admin.target, { name: 'seed.used' }, { name: 'seed.unused' });
  await produce(ground.lab.target, 'seed.used', 5);
  const migration = migrationOf({
    name: 'seed-used',
    topics: [{ name: 'seed.used' }, { name: 'seed.unused' }],
    consumers: [{ group: 'seed.used.group' }],
  });
  const asked = await seed(migration);
  expect(keysOf(asked.findings)).toEqual(['asks records-on-target:seed.used+8']);
  expect(sentenceOf(asked.findings, 'records-on-target:seed.used+8')).toBe(
    'seed.used on target holds 5 records already, which no group of the migration will get when it starts after them: accept that (it counts for up to 8), or empty the topic.',
  );
  expect(asked.made).toEqual([]);
  expect(await committed('seed.used.group')).toEqual({});

  // After an aborted migration a group may have a commit among records that are nowhere else.
  await commit(ground.target, 'seed.used.group', 'seed.used', [0n]);
  expect(sentenceOf((await seed(migration)).findings, 'records-on-target:seed.used+8')).toMatch(
    /already, and seed\.used\.group \(at offset 0\) has committed an offset among them and goes on from it; .*do not empty the topic/,
  );
  await ground.target.deleteOffsets('seed.used.group', [{ topic: 'seed.used', partition: 0 }]);
  const { start } = await seed(migration, { accepted: ['records-on-target:seed.used+8'] });
  expect(readable(start)).toEqual({ 'seed.used': ['5', '0'], 'seed.unused': ['0', '0'] });
  expect(await committed('seed.used.group')).toMatchObject({ 'seed.used/0': 5, 'seed.unused/1': 0 });
});

test("a group's own commits are asked about and never overwritten", async () => {
  await createOn(ground.admin.target, { name: 'seed.foreign' });
  await produce(ground.lab.target, 'seed.foreign', 9);
  await commit(ground.admin.target, 'seed.foreign.group', 'seed.foreign', [4n]);
  const migration = migrationOf({
    name: 'seed-foreign',
    topics: [{ name: 'seed.foreign' }],
    consumers: [{ group: 'seed.foreign.group' }],
  });
  const accepted = ['records-on-target:seed.foreign+16'];
  const asked = await seed(migration, { accepted });
  expect(keysOf(asked.findings)).toContain('asks offset-on-target:seed.foreign.group');
  expect(sentenceOf(asked.findings, 'offset-on-target:seed.foreign.group')).toBe(
    'seed.foreign.group has committed 4 for seed.foreign 0 on target itself, where it would start at 9: accept that it goes on from its own offsets, or delete them there, then try again.',
  );
  expect(await committed('seed.foreign.group')).toEqual({ 'seed.foreign/0': 4 });

  await seed(migration, { accepted: [...accepted, 'offset-on-target:seed.foreign.group'] });
  expect(await committed('seed.foreign.group')).toEqual({ 'seed.foreign/0': 4, 'seed.foreign/1': 0 });
});

describe('a group that is live on the target', () => {
  test('blocks while it lacks a start, and is seeded when it has stopped', async () => {
    await createOn(ground.admin.target, { name: 'seed.live' });
    const migration = migrationOf({
      name: 'seed-live',
      topics: [{ name: 'seed.live' }],
      consumers: [{ group: 'seed.live.group' }],
    });
    const member = await join(ground.lab.target, 'seed.live.group', 'seed.live');
    try {
      const { findings, made } = await seed(migration);
      expect(keysOf(findings)).toEqual(['blocks group-live-on-target:seed.live.group']);
      expect(findings[0]?.sentence).toBe(
        'seed.live.group has 1 member on target and no starting offset for 2 partitions (first: seed.live 0), where it would start by auto.offset.reset: stop it there, then try again.',
      );
      expect(made).toEqual([]);
    } finally {
      await member.stop();
    }
    expect((await seed(migration)).findings).toEqual([]);
    expect(await committed('seed.live.group')).toEqual({ 'seed.live/0': 0, 'seed.live/1': 0 });
  });

  test('is left alone where it moves on beyond its start', async () => {
    await createOn(ground.admin.target, { name: 'seed.moving', partitions: 1 });
    const migration = migrationOf({
      name: 'seed-moving',
      topics: [{ name: 'seed.moving' }],
      consumers: [{ group: 'seed.moving.group' }],
    });
    const { start } = await seed(migration);
    await produce(ground.lab.target, 'seed.moving', 6);
    await commit(ground.admin.target, 'seed.moving.group', 'seed.moving', [3n]);
    const restarting = await seed(migration, { start });
    expect(keysOf(restarting.findings)).toEqual(['notes offset-on-target:seed.moving.group']);
    const member = await join(ground.lab.target, 'seed.moving.group', 'seed.moving');
    try {
      const { findings, made } = await seed(migration, { start });
      expect(keysOf(findings)).toEqual(['notes offset-on-target:seed.moving.group']);
      expect(made).toEqual([]);
    } finally {
      await member.stop();
    }
    expect(await committed('seed.moving.group')).toEqual({ 'seed.moving/0': 3 });
  });
});

describe('offsets that were seeded earlier', () => {
  test('are committed anew at the recorded start when they have expired', async () => {
    await createOn(ground.admin.target, { name: 'seed.expired' });
    const migration = migrationOf({
      name: 'seed-expired',
      topics: [{ name: 'seed.expired' }],
      consumers: [{ group: 'seed.expired.a' }, { group: 'seed.expired.b' }],
    });
    const { start, made: before } = await seed(migration);
    await produce(ground.lab.target, 'seed.expired', 8);
    await forget('seed.expired.a', 'seed.expired', 0, 1);
    await forget('seed.expired.b', 'seed.expired', 1);
    const { made, findings } = await seed(migration, {
      ...{ start, made: before },
      groups: ['seed.expired.a'],
    });
    expect(findings).toEqual([]);
    expect(unpackedMade(migration, made)).toEqual([
      ['seed.expired.a', { 'seed.expired/0': 0n, 'seed.expired/1': 0n }],
    ]);
    expect(await committed('seed.expired.a')).toEqual({ 'seed.expired/0': 0, 'seed.expired/1': 0 });
    expect(await committed('seed.expired.b')).toEqual({ 'seed.expired/0': 0 });
  });

  test('are asked about when the target has deleted records that nobody read', async () => {
    await createOn(ground.admin.target, { name: 'seed.lost', partitions: 1 });
    const migration = migrationOf({
      name: 'seed-lost',
      topics: [{ name: 'seed.lost' }],
      consumers: [{ group: 'seed.lost.group' }],
    });
    const { start, made } = await seed(migration);
    await produce(ground.lab.target, 'seed.lost', 10);
    await expireBefore(ground.lab.target, 'seed.lost', 7);
    await eventually(
      async () =>
        (await ground.target.watermarks([{ topic: 'seed.lost', partition: 0 }])).get('seed.lost/0')?.value,
      (marks) => marks?.logStart === 7n,
    );
    const key = 'expired-on-target:seed.lost.group:seed.lost+7@7';
    const asked = await seed(migration, { start, made });
    expect(keysOf(asked.findings)).toEqual([`asks ${key}`]);
    expect(asked.findings[0]?.sentence).toContain(
      'has lost 7 offsets to its retention before seed.lost.group',
    );
    // A commit that nobody remembers making is the group's own, and never overwritten.
    const unknown = await seed(migration, { start });
    expect(keysOf(unknown.findings)).toEqual(['asks offset-on-target:seed.lost.group']);
    const accepted = await seed(migration, { start, made, accepted: [key] });
    expect(accepted.start).toEqual(start);
    expect(await committed('seed.lost.group')).toEqual({ 'seed.lost/0': 7 });
  });

  test('block when the topic ends before them', async () => {
    await createOn(ground.admin.target, { name: 'seed.rewound', partitions: 1 });
    const migration = migrationOf({
      name: 'seed-rewound',
      topics: [{ name: 'seed.rewound' }],
      consumers: [{ group: 'seed.rewound.group' }],
    });
    const { findings } = await seed(migration, { start: { 'seed.rewound': ['12'] } });
    expect(keysOf(findings)).toEqual(['blocks topic-rewound:seed.rewound']);
  });
});

test('many groups are seeded in one call', async () => {
  await createOn(ground.admin.target, { name: 'seed.many', partitions: 4 });
  const groups = Array.from({ length: 40 }, (_, index) => `seed.many.${index}`);
  const migration = migrationOf({
    name: 'seed-many',
    topics: [{ name: 'seed.many' }],
    consumers: groups.map((group) => ({ group })),
  });
  const { made, findings } = await seed(migration);
  expect(findings).toEqual([]);
  expect(made).toHaveLength(40);
  const rows = await ground.target.committedOffsets(groups);
  expect(groups.filter((group) => rows.get(group)?.value?.size === 4)).toHaveLength(40);
});

test('what has been written to the target since is told by topic', async () => {
  await createOn(ground.admin.target, { name: 'written.yes' }, { name: 'written.no' });
  const migration = migrationOf({
    name: 'written',
    topics: [{ name: 'written.yes' }, { name: 'written.no' }],
  });
  const { start } = await seed(migration);
  expect(await targetWrites(ground, { migration, start }, attempt())).toEqual({ written: [] });
  await produce(ground.lab.target, 'written.yes', 3);
  expect(
    await targetWrites(
      ground,
      { migration, start: { ...readable(start), 'written.gone': ['0'] } },
      attempt(),
    ),
  ).toEqual({
    written: [
      'written.yes on target has 3 offsets more than when it was prepared, in partition 0: something writes to it.',
    ],
  });
});
