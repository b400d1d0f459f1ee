import { describe, expect, test } from '@jest/globals';
import { producersOnTargetActivities } from '../../activities/mirror/producers-on-target.js';
import { readPositions } from '../../src/mirror/map-topic.js';
import { eventually } from '../eventually.js';
import { messages, running, send, type Running } from './watching.js';
import {
  ground,
  engine,
  topic,
  group,
  sliceMs,
  mirroring,
  prepared,
  partitions,
  copying,
  mirrored,
} from './mirrored-topic.js';

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
