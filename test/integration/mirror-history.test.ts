import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { engineActivities } from '../../activities/mirror/engine.js';
import { historyOf } from '../../activities/mirror/history.js';
import { checkPlan } from '../../activities/plan/plan.js';
import type { Migration, MigrationFile } from '../../src/migration/file.js';
import { mapTopic } from '../../src/mirror/map-topic.js';
import { eventually } from '../eventually.js';
import { sharedLab } from '../lab/shared.js';
import { run } from './kafka-cluster.js';
import { keysOf, openGround, sentenceOf, type Ground } from './prepare-ground.js';
import { makeTopic, migrationOf, running, send } from './watching.js';

// What is found out about a topic's history, and about the target that is to take it, before anything is copied.
let ground: Ground;
beforeAll(async () => {
  ground = openGround(await sharedLab());
});
afterAll(() => ground.close());

let count = 0;
let topic: string;
beforeEach(() => {
  count += 1;
  topic = `history.${run}.${count}`;
});

const day = 86_400_000;
const mirroring = (more: Partial<MigrationFile> = {}): Migration =>
  migrationOf({
    name: topic,
    strategy: 'simpleMirroring',
    topics: [{ name: topic, newName: `${topic}.new` }],
    consumers: [{ group: `${topic}.group` }],
    ...more,
  });
const findings = (migration: Migration) => historyOf(ground, { migration });

test('a target that would delete, refuse or change the history is told of in one go', async () => {
  await makeTopic(ground.admin.source, topic, 1, { 'retention.ms': '-1' });
  const old = String(Date.now() - 30 * day);
  const future = String(Date.now() + 3 * day);
  await send(ground.lab.source, topic, [
    { value: 'old', partition: 0, timestamp: old },
    { value: 'new', partition: 0, timestamp: future },
  ]);
  await makeTopic(ground.target, `${topic}.new`, 1, {
    'retention.ms': String(7 * day),
    'retention.bytes': '1000000',
    'message.timestamp.before.max.ms': String(day),
  });
  const found = await findings(mirroring());
  expect(keysOf(found)).toEqual([
    `asks history-too-large:${topic}`,
    `blocks history-expires:${topic}`,
    `blocks timestamps-ahead:${topic}`,
    `blocks timestamps-too-old:${topic}`,
  ]);
  expect(sentenceOf(found, `history-expires:${topic}`)).toBe(
    `${topic} holds records that are 30d old, and ${topic}.new on target deletes what is older than 7d (retention.ms): they would be gone soon after they were copied; set retention.ms on ${topic}.new of target to 3283200000 (38d) at least until the migration has ended.`,
  );
});

test('a topic that the ferry makes is judged by what it will get', async () => {
  await makeTopic(ground.admin.source, topic, 1, {
    'retention.ms': String(7 * day),
    'message.timestamp.type': 'LogAppendTime',
  });
  const found = await findings(mirroring({ topics: [{ name: topic, partitions: 3 }] }));
  expect(keysOf(found)).toEqual([
    `blocks partitions-mirrored:${topic}`,
    `blocks timestamps-replaced:${topic}`,
  ]);
  const mended = mirroring({
    topics: [{ name: topic, config: { 'message.timestamp.type': 'CreateTime' } }],
  });
  expect(await findings(mended)).toEqual([]);
});

test('batches that are larger than their copy takes are found before they are refused', async () => {
  await makeTopic(ground.admin.source, topic, 2);
  const value = randomBytes(200_000).toString('base64');
  await send(ground.lab.source, topic, [{ value: 'small', partition: 1 }]);
  await send(ground.lab.source, topic, [{ value, partition: 0 }]);
  await send(ground.lab.source, topic, [{ value: 'small', partition: 0 }]);
  expect(await findings(mirroring())).toEqual([]);
  await ground.admin.source.alterTopicConfigs(new Map([[topic, { 'max.message.bytes': '100000' }]]));
  const limited = async () =>
    (await ground.source.topicConfigs([topic]))
      .get(topic)
      ?.value?.find(({ name }) => name === 'max.message.bytes')?.value;
  await eventually(limited, (bytes) => bytes === '100000');
  const found = await findings(mirroring());
  expect(keysOf(found)).toEqual([`blocks batches-too-large:${topic}`]);
  expect(sentenceOf(found, `batches-too-large:${topic}`)).toMatch(
    new RegExp(
      `^${topic} holds a batch of 26\\d{4} bytes at offset 0 of ${topic}/0, where the topic takes 100000 now, and ${topic}.new on target takes at most 100000 \\(max.message.bytes\\); .*: say max.message.bytes under config of ${topic} in the file to 1048576 or more until the migration has ended.$`,
    ),
  );
  const mended = mirroring({ topics: [{ name: topic, config: { 'max.message.bytes': 1048576 } }] });
  expect(await findings(mended)).toEqual([]);
});

test('records without a key, ids of schemas, and records that are there already are found in the plan', async () => {
  await makeTopic(ground.admin.source, topic, 1);
  await send(
    ground.lab.source,
    topic,
    Array.from({ length: 20 }, () => ({ value: '\0\0\0\0\u0007payload', partition: 0 })),
  );
  await makeTopic(ground.target, `${topic}.new`, 1, { 'cleanup.policy': 'compact' });
  await send(ground.lab.target, `${topic}.new`, [{ key: 'k', value: 'strange', partition: 0 }]);
  const { findings: found, will } = await checkPlan(ground, { migration: mirroring() }, 'own');
  const keys = keysOf(found);
  expect(keys).toEqual(
    expect.arrayContaining([
      `asks schemas-in-topic:${topic}`,
      `blocks records-before-history:${topic}.new`,
      `blocks records-without-key:${topic}`,
    ]),
  );
  expect(keys.filter((key) => key.includes('records-on-target'))).toEqual([]);
  expect(sentenceOf(found, `schemas-in-topic:${topic}`)).toContain('use advancedMirroring');
  expect(will).toContainEqual(
    expect.stringMatching(
      new RegExp(
        `^Copy ${topic} from source to target record by record, and go on while the source grows \\(\\d+ B on the disks of source; 1s at 50 MB a second, if nothing holds it back\\)\\.$`,
      ),
    ),
  );
});

test('more shares than Temporal takes at once are refused by the plan, and before a mirror is made', async () => {
  await makeTopic(ground.admin.source, topic, 64);
  await makeTopic(ground.target, `${topic}.new`, 64);
  const shares = (shares: number) => mirroring({ description: 'x'.repeat(60_000), copying: { shares } });
  const { findings: planned } = await checkPlan(ground, { migration: shares(64) }, 'own');
  expect(sentenceOf(planned, 'too-many-shares')).toMatch(/set copying.shares to at most 3\d,/);
  const engine = engineActivities(ground);
  const refused = await running(engine.prepareMirror, { migration: shares(64) }).answer;
  expect(keysOf(refused.findings)).toEqual(['blocks too-many-shares']);
  expect((await ground.target.topics([mapTopic(topic)])).get(mapTopic(topic))?.error?.type).toBe('NotFound');
  expect((await running(engine.prepareMirror, { migration: shares(30) }).answer).findings).toEqual([]);
});
