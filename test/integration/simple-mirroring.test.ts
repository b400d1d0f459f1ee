import { describe, expect, test } from '@jest/globals';
import { groupOffsets } from '../../app/cli/offsets.js';
import { unpackTranslated } from '../../src/migration/translated.js';
import { mapTopic } from '../../src/mirror/map-topic.js';
import { expireBefore, join } from './prepare-ground.js';
import { commit, messages, running, send } from './watching.js';
import {
  ground,
  engine,
  topic,
  group,
  sliceMs,
  mirroring,
  prepared,
  partitions,
  ends,
  copying,
  mirrored,
  translate,
  unpacked,
  withBase,
  committedOnTarget,
} from './mirrored-topic.js';

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
      findings: [{ weight: 'asks', key: `group-on-both:${group}:1@9` }],
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
