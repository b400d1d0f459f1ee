import { describe, expect, test } from '@jest/globals';
import { historyOf } from '../../activities/mirror/history.js';
import { targetWrites } from '../../activities/offsets/offsets.js';
import { producersOnTargetActivities } from '../../activities/mirror/producers-on-target.js';
import { undo } from '../../activities/retire/undo.js';
import type { Migration } from '../../src/migration/file.js';
import { readPositions } from '../../src/mirror/map-topic.js';
import { eventually } from '../eventually.js';
import { readable } from '../offsets.js';
import { attempt, keysOf } from './prepare-ground.js';
import { makeTopic, messages, running, send } from './watching.js';
import {
  ground,
  engine,
  topic,
  sliceMs,
  mirroring,
  prepared,
  partitions,
  copying,
  mirrored,
} from './mirrored-topic.js';

describe('what is on the target beside what the mirror wrote', () => {
  const watchProducers = (migration: Migration, more: object) =>
    running(producersOnTargetActivities(ground).watchProducers, {
      ...{ migration, sliceMs, ends: {}, mirrored: {}, frozen: true, ...more },
    });

  test('is what shows that producers have moved, and what keeps an abort from taking anything back', async () => {
    await prepared();
    const migration = mirroring({ waits: { patience: '2s', quiet: '1s' } });
    const copy = await mirrored(migration);
    // A second attempt seals again: its markers are no records.
    await copying(migration).stop();
    const made = { topics: [], acls: [], offsets: [] };
    expect(await targetWrites(ground, { migration, start: {} }, attempt())).toMatchObject({ written: [] });
    expect(await watchProducers(migration, copy).answer).toMatchObject({
      state: 'contradicted',
      sentence: expect.stringContaining(`Nobody has written to ${topic}.new on target within 2s`),
    });
    expect(await watchProducers(migration, { ...copy, accepted: ['not-written'] }).answer).toMatchObject({
      state: 'writing',
      written: [],
    });

    await send(ground.lab.target, `${topic}.new`, messages(2, 1));
    expect(await watchProducers(migration, copy).answer).toMatchObject({
      state: 'writing',
      written: [`${topic}.new`],
    });
    const { written } = await targetWrites(ground, { migration, start: {} }, attempt());
    expect(written).toEqual([expect.stringContaining(`${topic}.new on target has 2 offsets more`)]);
    // The same when the map is gone, by what was taken down.
    await running(engine.removeMirror, { migration }).answer;
    expect((await targetWrites(ground, { migration, start: copy.mirrored }, attempt())).written).toHaveLength(
      1,
    );
    expect(await undo(ground, { migration, made, mirrored: copy.mirrored }, attempt())).toEqual({
      undone: [],
      left: [],
    });

    // Records that come to the source now cannot be mirrored behind those any more.
    await send(ground.lab.source, topic, messages(1));
    const late = await watchProducers(migration, copy).answer;
    const [accepted] = late.state === 'asks' ? late.findings.map(({ key }) => key) : [];
    expect(late).toMatchObject({ state: 'asks', findings: [{ key: `late-record:${topic}+1` }] });
    // Accepting that one accepts no other.
    const again = async () => watchProducers(migration, { ...copy, accepted: [accepted ?? ''] }).answer;
    expect(await again()).toMatchObject({ state: 'writing' });
    await send(ground.lab.source, topic, messages(1));
    expect(await again()).toMatchObject({ state: 'asks', findings: [{ key: `late-record:${topic}+2` }] });
    // Whoever overrode the proof of a quiet source is told what came, not that nothing did.
    expect(await watchProducers(migration, { ...copy, frozen: false }).answer).toMatchObject({
      state: 'writing',
      sentence: expect.stringContaining(
        `and up to 2 records (${topic}) came since; nothing of that is copied`,
      ),
    });
  });

  test('is waited for in each topic, and after a while those are named in which there is nothing', async () => {
    await prepared();
    const copy = await mirrored(mirroring());
    const seldom = `${topic}.seldom`;
    await makeTopic(ground.admin.source, seldom, 1);
    await makeTopic(ground.target, seldom, 1);
    const migration = mirroring({
      topics: [{ name: topic, newName: `${topic}.new` }, { name: seldom }],
      waits: { quiet: '5s' },
    });
    const both = {
      ends: { ...copy.ends, [seldom]: ['0'] },
      mirrored: { ...readable(copy.mirrored), [seldom]: ['0'] },
    };
    await send(ground.lab.target, `${topic}.new`, messages(2));
    const some = watchProducers(migration, both);
    expect(await some.answer).toMatchObject({
      state: 'writing',
      written: [`${topic}.new`],
      sentence: expect.stringContaining(`(not verified: to ${seldom} nobody has written yet)`),
    });
    expect(some.heartbeats).toContainEqual(
      expect.objectContaining({
        says: `waiting for records on target that the mirror did not write in ${seldom}, as there are in ${topic}.new`,
      }),
    );
    const patient = mirroring({ topics: migration.topics, waits: { quiet: '10m', patience: '20m' } });
    await send(ground.lab.target, seldom, messages(1));
    expect(await watchProducers(patient, both).answer).toMatchObject({
      state: 'writing',
      written: [`${topic}.new`, seldom],
    });
  });

  test('as long as there is nothing, a late record on the source lets the mirror go on', async () => {
    await prepared();
    const migration = mirroring();
    const copy = await mirrored(migration);
    await send(ground.lab.source, topic, messages(1));
    expect(await watchProducers(migration, copy).answer).toMatchObject({ state: 'grew' });
  });

  test('is looked at behind the stored position, before a killed mirror is taken for a stranger', async () => {
    await prepared();
    const migration = mirroring();
    await running(engine.prepareMirror, { migration }).answer;
    const share = copying(migration);
    const fate = share.answer.catch((error: Error) => error);
    const positions = async () => {
      const rows = await ground.target.watermarks([{ topic: `${topic}.new`, partition: 0 }]);
      const stored = (await readPositions(ground.target, migration.name)).get(`${topic}/0`);
      return { end: rows.get(`${topic}.new/0`)?.value?.highWatermark ?? 0n, stored };
    };
    await eventually(positions, ({ stored }) => (stored?.sourceNext ?? 0n) >= 10n);
    // It writes more than it has stored, until it is caught at that; then it is shut out, as one that was killed.
    await eventually(
      async () => {
        await send(ground.lab.source, topic, messages(200));
        expect(await historyOf(ground, { migration })).toEqual([]);
        return positions();
      },
      ({ end, stored }) => stored !== undefined && end > stored.targetNext,
    );
    const seen = await targetWrites(ground, { migration, start: {}, partitions: partitions() }, attempt());
    expect(seen.written).toEqual([]);
    share.cancel();
    await fate;
    const { end } = await positions();
    expect(readable(seen.mirrored ?? [])[`${topic}.new`]?.[0]).toBe(String(end));

    // A record of somebody else is named, with its offset, and what was looked at is not taken back.
    await send(ground.lab.target, `${topic}.new`, messages(1));
    expect(
      (await targetWrites(ground, { migration, start: {}, partitions: partitions() }, attempt())).written,
    ).toEqual([
      expect.stringMatching(
        /^.*\.new on target has \d+ offsets more than .*\. Another writer appeared on .* at offset/,
      ),
    ]);
    expect(keysOf(await historyOf(ground, { migration }))).toEqual([
      `blocks records-before-history:${topic}.new`,
    ]);
  });

  test('is nothing after a copy, so an abort deletes the topic that the ferry made, with what was copied', async () => {
    await prepared();
    const migration = mirroring();
    const copy = await mirrored(migration);
    const facts = await ground.target.topics([`${topic}.new`]);
    const topicId = facts.get(`${topic}.new`)?.value?.topicId ?? null;
    const made = { topics: [{ name: `${topic}.new`, topicId }], acls: [], offsets: [] };
    expect(await undo(ground, { migration, made, mirrored: copy.mirrored }, attempt())).toEqual({
      undone: [
        `Deleted the topic ${topic}.new on target, which held nothing but what the mirror had copied.`,
      ],
      left: [],
    });
    await eventually(
      async () => (await ground.target.topics([`${topic}.new`])).get(`${topic}.new`)?.error?.type,
      (type) => type === 'NotFound',
    );
  });
});

test('what an earlier run of the same mirror has copied is no strange record', async () => {
  await prepared();
  const migration = mirroring();
  await mirrored(migration);
  expect(await historyOf(ground, { migration })).toEqual([]);
  await send(ground.lab.target, `${topic}.new`, messages(1));
  expect(keysOf(await historyOf(ground, { migration }))).toEqual([
    `blocks records-before-history:${topic}.new`,
  ]);
});
