import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { engineActivities } from '../../activities/mirror/engine.js';
import { historyOf } from '../../activities/mirror/history.js';
import { targetWrites } from '../../activities/offsets/offsets.js';
import { producersOnTargetActivities } from '../../activities/mirror/producers-on-target.js';
import { undo } from '../../activities/retire/undo.js';
import { groupOffsets } from '../../app/cli/offsets.js';
import type { Migration, MigrationFile } from '../../src/migration/file.js';
import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import type { TranslatedGroup } from '../../src/migration/work/offsets.js';
import { unpackTranslated } from '../../src/migration/translated.js';
import { mapTopic, readPositions } from '../../src/mirror/map-topic.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { readable } from '../offsets.js';
import { run } from './kafka-cluster.js';
import { attempt, expireBefore, join, keysOf, openGround, type Ground } from './prepare-ground.js';
import {
  commit,
  makeTopic,
  messages,
  migrationOf,
  running,
  send,
  sendInTransaction,
  type Running,
} from './watching.js';

let ground: Ground;
let engine: ReturnType<typeof engineActivities>;
beforeAll(async () => {
  ground = openGround(await sharedLab());
  engine = engineActivities(ground);
});
afterAll(() => ground.close());

let count = 0;
let topic: string;
let group: string;
beforeEach(() => {
  count += 1;
  topic = `simple.${run}.${count}`;
  group = `${topic}.group`;
});

const sliceMs = 30_000;

const mirroring = (more: Partial<MigrationFile> = {}): Migration =>
  migrationOf({
    name: topic,
    strategy: 'simpleMirroring',
    topics: [{ name: topic, newName: `${topic}.new` }],
    consumers: [{ group }],
    ...more,
  });

/** A topic with two partitions and its twin on the target, ten records in the first, a transaction in the second. */
async function prepared(): Promise<void> {
  await makeTopic(ground.admin.source, topic, 2);
  await makeTopic(ground.target, `${topic}.new`, 2);
  await send(ground.lab.source, topic, messages(10));
  const [aborted, committed] = [messages(3, 1), messages(4, 1)];
  await sendInTransaction(ground.lab.source, `${topic}.tx`, topic, aborted, 'abort');
  await sendInTransaction(ground.lab.source, `${topic}.tx`, topic, committed, 'commit');
}

const partitions = () => ({ [topic]: 2 });
const ends = async () => {
  const marks = await ground.source.watermarks([0, 1].map((partition) => ({ topic, partition })));
  return {
    [topic]: [0, 1].map((partition) => String(marks.get(`${topic}/${partition}`)?.value?.highWatermark)),
  };
};

/** Runs the mirror in the background, as the workflow does; `stop` waits until it has ended. */
function copying(migration: Migration): Running<unknown> & { stop(): Promise<unknown> } {
  const share = running(
    engine.mirror,
    { migration, sliceMs, share: 0, shares: 1, partitions: partitions() },
    { heartbeatTimeoutMs: 1_000 },
  );
  return { ...share, stop: async () => (share.cancel(), share.answer) };
}

/** Everything copied up to the ends, and the mirror stopped. */
async function mirrored(migration: Migration) {
  const prepare = running(engine.prepareMirror, { migration });
  expect(await prepare.answer).toMatchObject({ partitions: partitions(), findings: [] });
  const share = copying(migration);
  const to = await ends();
  const seen = await running(engine.watchMirror, {
    ...{ migration, sliceMs, partitions: partitions(), to, frozen: true },
  }).answer;
  if (seen.state !== 'caught-up') throw new Error(`${seen.state}: ${JSON.stringify(seen)}`);
  expect(await share.stop()).toMatchObject({ state: 'watching' });
  return { ends: to, mirrored: seen.mirrored, heartbeats: share.heartbeats as MirrorHeartbeat[] };
}

async function translate(migration: Migration, before: TranslatedGroup[] = [], to = {}) {
  return running(engine.translateGroups, {
    ...{ migration, sliceMs, groups: [group], translated: before, ...to },
  }).answer;
}

/** What an answer says of positions; a later one counts them from what the first, `before`, has answered. */
function unpacked<Answer extends { state: string }>(
  migration: Migration,
  answer: Answer,
  before: readonly TranslatedGroup[] = [],
): object {
  const { translated } = answer as { translated?: TranslatedGroup[] };
  return translated
    ? { ...answer, translated: unpackTranslated(migration, withBase(translated, before)) }
    : answer;
}

const withBase = (
  groups: readonly TranslatedGroup[],
  before: readonly TranslatedGroup[],
): TranslatedGroup[] =>
  groups.some(({ group: name }) => name === '')
    ? [...groups]
    : [...before.filter(({ group: name }) => name === ''), ...groups];

const committedOnTarget = async () => {
  const rows = await ground.target.committedOffsets([group]);
  return Object.fromEntries(
    [...(rows.get(group)?.value ?? [])].map(([key, { offset }]) => [key, String(offset)]),
  );
};

describe('the engine as a mirror', () => {
  test('copies a share until it is told to stop, says how far it is, and a group goes on where it stopped', async () => {
    await prepared();
    const migration = mirroring();
    // In the middle of the first partition, and within the aborted transaction of the second.
    await commit(ground.admin.source, group, topic, [6n, 2n]);
    const copy = await mirrored(migration);
    expect(copy.heartbeats.at(-1)?.mirror).toMatchObject({ share: 0, records: 14, lag: 0, lagging: {} });
    expect(copy.heartbeats.at(-1)?.says).toMatch(/^copied 14 records, nothing left for now$/);

    const seen = await translate(migration);
    if (seen.state !== 'translated') throw new Error(JSON.stringify(seen));
    // The mirror has sealed each partition once, so the first record is at offset 1.
    expect(unpackTranslated(migration, seen.translated)).toEqual([
      {
        group,
        partitions: [
          { topic, partition: 0, source: '6', target: '7', certainty: 'exact' },
          { topic, partition: 1, source: '2', target: '1', certainty: 'exact' },
        ],
      },
    ]);
    expect(await committedOnTarget()).toEqual({ [`${topic}.new/0`]: '7', [`${topic}.new/1`]: '1' });

    const [offsets] = await groupOffsets(ground.source, ground.target, migration, seen);
    expect(offsets).toMatchObject({
      partitions: [
        { source: 6n, aheadOnSource: 4n, translated: 7n, aheadOnTarget: 4n, committed: 7n },
        { source: 2n, translated: 1n, aheadOnTarget: 4n, committed: 1n },
      ],
    });

    // Again: nothing has moved. Then its offsets expire, and are committed again.
    expect(unpacked(migration, await translate(migration, seen.translated), seen.translated)).toMatchObject({
      translated: unpackTranslated(migration, seen.translated),
    });
    await ground.target.deleteOffsets(group, [{ topic: `${topic}.new`, partition: 0 }]);
    await translate(migration, seen.translated);
    expect(await committedOnTarget()).toEqual({ [`${topic}.new/0`]: '7', [`${topic}.new/1`]: '1' });

    // It went on on the source: translated anew.
    await commit(ground.admin.source, group, topic, [9n, 2n]);
    const again = await translate(migration, seen.translated);
    expect(unpacked(migration, again, seen.translated)).toMatchObject({
      translated: [{ partitions: [{ source: '9', target: '10' }, {}] }],
    });
    expect(await committedOnTarget()).toMatchObject({ [`${topic}.new/0`]: '10' });

    // The map is gone with the mirror; what was translated is known all the same.
    await running(engine.removeMirror, { migration }).answer;
    await running(engine.removeMirror, { migration }).answer;
    const left = await ground.target.topics([mapTopic(topic)]);
    expect(left.get(mapTopic(topic))?.error?.type).toBe('NotFound');
    if (again.state !== 'translated') throw new Error(again.state);
    const kept = { ...again, translated: withBase(again.translated, seen.translated) };
    expect(await groupOffsets(ground.source, ground.target, migration, kept)).toMatchObject([
      { partitions: [{ translated: 10n }, { translated: 1n }] },
    ]);
  });

  test('takes a commit that has expired on the source for no new position', async () => {
    await prepared();
    const migration = mirroring();
    await commit(ground.admin.source, group, topic, [6n, 2n]);
    await mirrored(migration);
    const seen = await translate(migration);
    if (seen.state !== 'translated') throw new Error(JSON.stringify(seen));
    const before = await committedOnTarget();
    // It has stopped, so both sides forget it after a while.
    const expired = await ground.admin.source.deleteOffsets(
      group,
      [0, 1].map((partition) => ({ topic, partition })),
    );
    expect([...expired.values()].map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(unpacked(migration, await translate(migration, seen.translated), seen.translated)).toMatchObject({
      translated: unpackTranslated(migration, seen.translated),
    });
    await ground.target.deleteGroups([group]);
    expect(await committedOnTarget()).toEqual({});
    expect(unpacked(migration, await translate(migration, seen.translated), seen.translated)).toMatchObject({
      translated: unpackTranslated(migration, seen.translated),
    });
    expect(await committedOnTarget()).toEqual(before);
    // Without what was translated before, the same group has no position.
    const key = `no-commit-to-translate:${group}:2`;
    expect(await translate(migration)).toMatchObject({ state: 'asks', findings: [{ key, weight: 'asks' }] });
    expect(unpacked(migration, await translate(migration, [], { accepted: [key] }))).toMatchObject({
      translated: [{ partitions: [{ source: null }, { source: null }] }],
    });
  });

  test('starts a group without a commit where the file says that its consumers do, and asks where it does not', async () => {
    await prepared();
    await commit(ground.admin.source, group, topic, [2n, null]);
    await mirrored(mirroring());
    expect(await translate(mirroring())).toMatchObject({
      state: 'asks',
      findings: [
        {
          key: `no-commit-to-translate:${group}:1`,
          sentence: expect.stringContaining(
            `has committed nothing on ${topic}/1 of source, which holds records, so that auto.offset.reset`,
          ),
        },
      ],
    });
    const end = (await ground.target.watermarks([{ topic: `${topic}.new`, partition: 1 }])).get(
      `${topic}.new/1`,
    )?.value?.highWatermark;
    expect(end).toBeGreaterThan(0n);
    for (const [autoOffsetReset, target] of [
      ['latest', String(end)],
      ['earliest', '0'],
    ] as const) {
      const declared = mirroring({ consumers: [{ group, autoOffsetReset }] });
      expect(unpacked(declared, await translate(declared))).toMatchObject({
        state: 'translated',
        translated: [{ partitions: [{}, { source: null, target }] }],
      });
      await ground.target.deleteGroups([group]);
    }
  });

  test('starts a group without a commit at the first record, and one whose records expired at what is left', async () => {
    await prepared();
    await expireBefore(ground.lab.source, topic, 4);
    const migration = mirroring({ consumers: [{ group, autoOffsetReset: 'earliest' }] });
    await commit(ground.admin.source, group, topic, [2n, null]);
    await mirrored(migration);
    const seen = await translate(migration);
    if (seen.state !== 'translated') throw new Error(JSON.stringify(seen));
    // Records 4 to 9 are there, behind the marker: the first of them is the one that it gets.
    expect(unpackTranslated(migration, seen.translated)[0]?.partitions).toMatchObject([
      { source: '2', target: '1' },
      { source: null, target: '0' },
    ]);
  });

  test('waits for a group with members that has not read to the end, and contradicts when it stands still', async () => {
    await prepared();
    const migration = mirroring({ waits: { patience: '2s', quiet: '1s' } });
    await commit(ground.admin.source, group, topic, [6n, 2n]);
    const copy = await mirrored(migration);
    const member = await join(ground.lab.source, group, topic);
    try {
      const seen = await translate(migration, [], { ends: copy.ends });
      expect(seen).toMatchObject({
        state: 'contradicted',
        sentence: expect.stringMatching(
          /^.* has 1 member on source: .* and has committed nothing for .*: stop it there, or let it read on\.$/,
        ),
      });
      // Read to the end it may stay: no record will come.
      await member.stop();
      await commit(ground.admin.source, group, topic, copy.ends[topic]!.map(BigInt));
      const back = await join(ground.lab.source, group, topic);
      const done = await translate(migration, [], { ends: copy.ends });
      expect(unpacked(migration, done)).toMatchObject({
        state: 'translated',
        translated: [{ partitions: [{ target: '11' }, {}] }],
      });
      await back.stop();
    } finally {
      await member.stop();
    }
  });

  test('sees a record behind the frozen end, and a group that has read it goes on at the end of what was copied when nobody promised an end', async () => {
    await prepared();
    const migration = mirroring({ waits: { patience: '2s', quiet: '1s' } });
    const copy = await mirrored(migration);
    await send(ground.lab.source, topic, messages(2));
    const copied = (frozen: boolean) => ({ ends: copy.ends, copied: { to: copy.ends, frozen } });
    await commit(ground.admin.source, group, topic, [11n, 2n]);
    expect(await translate(migration, [], copied(true))).toMatchObject({
      state: 'grew',
      sentence: expect.stringMatching(
        `^The source was claimed to be quiet, and then records came to ${topic}/0 at offset 11, .*frozen at 10`,
      ) as unknown,
    });
    // Of a mirror that is to go on it is waited for, and said that it does not come.
    expect(await translate(migration)).toMatchObject({
      state: 'contradicted',
      sentence: expect.stringMatching(
        /stopped at offset 11 of .*: the mirror has copied up to 10 yet, and came no further within 2/,
      ) as unknown,
    });
    expect(await committedOnTarget()).toEqual({});
    expect(unpacked(migration, await translate(migration, [], copied(false)))).toMatchObject({
      state: 'translated',
      translated: [{ partitions: [{ source: '11', target: '11', certainty: 'exact' }, {}] }],
    });
    expect(await committedOnTarget()).toMatchObject({ [`${topic}.new/0`]: '11' });
  });

  test('asks when a group goes on on the source although it runs on the target already', async () => {
    await prepared();
    const migration = mirroring();
    await commit(ground.admin.source, group, topic, [6n, 2n]);
    await mirrored(migration);
    const seen = await translate(migration);
    if (seen.state !== 'translated') throw new Error(JSON.stringify(seen));
    // It reads on the target, commits there, and comes back to life on the source.
    await commit(ground.target, group, `${topic}.new`, [8n, 1n]);
    expect(await translate(migration, seen.translated)).toMatchObject({ state: 'translated' });
    await commit(ground.admin.source, group, topic, [9n, 2n]);
    const back = await translate(migration, seen.translated);
    expect(back).toMatchObject({
      state: 'asks',
      findings: [{ weight: 'asks', key: `group-on-both:${group}` }],
    });
    expect(await committedOnTarget()).toMatchObject({ [`${topic}.new/0`]: '8' });
  });

  test('is seen to keep up while producers go on, although it stores its place more seldom than it is looked at', async () => {
    await prepared();
    const migration = mirroring({ waits: { probe: '100ms', agreeing: 3 } });
    expect(await running(engine.prepareMirror, { migration }).answer).toMatchObject({ findings: [] });
    const share = copying(migration);
    const watched = running(engine.watchMirror, { migration, sliceMs: 60_000, partitions: partitions() });
    let seen: unknown;
    const answered = watched.answer.then((answer) => (seen = answer));
    while (seen === undefined) await send(ground.lab.source, topic, messages(1));
    await answered;
    expect(seen).toMatchObject({
      state: 'caught-up',
      sentence: expect.stringContaining('keeps up') as unknown,
    });
    await share.stop();
  });

  test('sees records that come after the end was frozen', async () => {
    await prepared();
    const migration = mirroring();
    await running(engine.prepareMirror, { migration }).answer;
    const to = await ends();
    await send(ground.lab.source, topic, messages(1));
    const seen = await running(engine.watchMirror, {
      ...{ migration, sliceMs, partitions: partitions(), to, frozen: true },
    }).answer;
    expect(seen).toMatchObject({ state: 'grew', sentence: expect.stringContaining(`${topic}/0`) });
  });
});

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

test('a mirror that nobody carries on is waited for no longer than patience', async () => {
  await prepared();
  const migration = mirroring({ waits: { patience: '6s', quiet: '1s' } });
  await running(engine.prepareMirror, { migration }).answer;
  const watched = running(engine.watchMirror, {
    ...{ migration, sliceMs: 60_000, partitions: partitions(), to: await ends(), frozen: true },
  });
  expect(await watched.answer).toMatchObject({
    state: 'contradicted',
    sentence: expect.stringMatching(/^The mirror has copied nothing for 6.*left to copy/) as unknown,
  });
});

describe('partitions that are added while it is mirrored', () => {
  const add = async (side: 'source' | 'target', name: string) => {
    const admin = ground.lab[side].kafkajs('admin').admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: name, count: 3 }] });
    await admin.disconnect();
  };
  const failure = async (share: Running<unknown>) =>
    share.answer.then(
      () => undefined,
      (error: unknown) => error,
    );

  test('to the source stop the mirror at once', async () => {
    await prepared();
    const migration = mirroring();
    await running(engine.prepareMirror, { migration }).answer;
    const share = copying(migration);
    await add('source', topic);
    expect(await failure(share)).toMatchObject({
      type: 'Changed',
      message: expect.stringContaining(`${topic} on source had 2 partitions and has 3 now`) as unknown,
    });
  });

  test('to the target are asked about by the mirror and by every look', async () => {
    await prepared();
    const migration = mirroring();
    const copy = await mirrored(migration);
    const share = copying(migration);
    await add('target', `${topic}.new`);
    const key = `target-partitions:${topic}.new+1`;
    expect(await failure(share)).toMatchObject({ type: 'Changed', findings: [{ weight: 'asks', key }] });
    for (const look of [
      running(engine.translateGroups, { migration, sliceMs, groups: [group], translated: [] }),
      running(engine.watchMirror, { migration, sliceMs, partitions: partitions(), to: copy.ends }),
      running(producersOnTargetActivities(ground).watchProducers, {
        migration,
        sliceMs,
        ...copy,
        frozen: true,
      }),
    ])
      expect(await failure(look)).toMatchObject({ type: 'Changed', findings: [{ key }] });
    // Whoever accepts it goes on.
    const accepted = running(engine.watchMirror, {
      ...{ migration, sliceMs, partitions: partitions(), to: copy.ends, accepted: [key] },
    });
    expect(await accepted.answer).toMatchObject({ state: 'caught-up' });
  });

  test('with a whole topic are told before what they cause', async () => {
    await prepared();
    const migration = mirroring();
    const { targetIds } = (await running(engine.prepareMirror, { migration }).answer) as {
      targetIds: Record<string, string | null>;
    };
    const share = copying(migration);
    await eventually(
      async () => (await readPositions(ground.target, migration.name)).get(`${topic}/0`)?.sourceNext ?? 0n,
      (next) => next >= 10n,
    );
    const name = `${topic}.new`;
    await ground.admin.target.deleteTopics([{ name, topicId: targetIds[name] ?? null }]);
    await eventually(
      () => ground.admin.target.createTopics([{ name, partitions: 2, replicationFactor: 1, config: {} }]),
      (rows) => rows.get(name)?.value !== undefined,
    );
    await send(ground.lab.source, topic, messages(3));
    expect(await failure(share)).toMatchObject({
      message: expect.stringMatching(
        /has been re-created since the mirror began|There is no topic/,
      ) as unknown,
    });
    const look = running(engine.watchMirror, { migration, sliceMs, partitions: partitions(), targetIds });
    expect(await failure(look)).toMatchObject({
      type: 'Changed',
      message: expect.stringContaining('was deleted and created again') as unknown,
    });
  });
});
