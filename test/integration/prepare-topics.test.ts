import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compareTopics, createTopics } from '../../activities/topics/topics.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { sharedLab } from '../lab/shared.js';
import {
  attempt,
  Attempts,
  createOn,
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

const topicOn = async (cluster: Cluster, name: string) => (await cluster.topics([name])).get(name);
const explicitOn = async (cluster: Cluster, name: string) =>
  Object.fromEntries(
    ((await cluster.topicConfigs([name])).get(name)?.value ?? [])
      .filter(({ source }) => source === 'topic')
      .map((entry) => [entry.name, entry.value]),
  );

describe('creating topics', () => {
  test('takes partitions and what was set explicitly; the file adds, renames and overrides', async () => {
    await createOn(
      ground.admin.source,
      {
        name: 'made.plain',
        partitions: 3,
        config: { 'retention.ms': '86400000', 'cleanup.policy': 'compact,delete' },
      },
      { name: 'made.asked', partitions: 2, config: { 'segment.ms': '3600000' } },
    );
    const migration = migrationOf({
      name: 'made',
      topics: [
        { name: 'made.plain' },
        { name: 'made.asked', newName: 'made.renamed', partitions: 4, config: { 'segment.ms': 7200000 } },
      ],
    });
    const { made, findings, sentence } = await createTopics(ground, { migration }, attempt());
    expect(keysOf(findings)).toEqual(['notes partitions:made.asked']);
    expect(sentence).toBe('made.plain and made.renamed created on target.');
    const plain = await topicOn(ground.target, 'made.plain');
    const renamed = await topicOn(ground.target, 'made.renamed');
    expect(made).toEqual([
      { name: 'made.plain', topicId: plain?.value?.topicId },
      { name: 'made.renamed', topicId: renamed?.value?.topicId },
    ]);
    expect(plain?.value?.partitions).toHaveLength(3);
    expect(renamed?.value?.partitions).toHaveLength(4);
    expect(await explicitOn(ground.target, 'made.plain')).toEqual({
      'retention.ms': '86400000',
      'cleanup.policy': 'compact,delete',
    });
    expect(await explicitOn(ground.target, 'made.renamed')).toEqual({ 'segment.ms': '7200000' });

    const again = await createTopics(ground, { migration }, attempt());
    expect(again.made).toEqual([]);
    expect(again.sentence).toBe('No topic had to be created on target. 2 topics there already, compared.');
    const compared = await compareTopics(ground, { migration, topics: ['made.plain', 'made.asked'] });
    expect(compared.sentence).toBe('made.plain and made.renamed on target are as the migration needs.');
  });

  test('leaves out what only means something on the source, and entries that the target does not know', async () => {
    await createOn(ground.admin.source, {
      name: 'old.entries',
      config: {
        'follower.replication.throttled.replicas': '0:1',
        // Kafka 4 no longer knows this entry.
        'message.format.version': '3.0',
        'max.message.bytes': '2000000',
      },
    });
    const migration = migrationOf({ name: 'old', topics: [{ name: 'old.entries' }] });
    const { made, findings } = await createTopics(ground, { migration }, attempt());
    expect(made).toHaveLength(1);
    expect(keysOf(findings)).toContain('notes config-refused:old.entries:message.format.version');
    expect(sentenceOf(findings, 'config-refused:old.entries:message.format.version')).toBe(
      'target does not take message.format.version=3.0 for old.entries: it is left out.',
    );
    expect(await explicitOn(ground.target, 'old.entries')).toEqual({ 'max.message.bytes': '2000000' });
  });

  test('blocks on an entry of the file that the target does not take, and creates nothing', async () => {
    await createOn(ground.admin.source, { name: 'bad.entry' }, { name: 'bad.sibling' });
    const migration = migrationOf({
      name: 'bad',
      topics: [{ name: 'bad.entry', config: { 'retention.mss': 5 } }, { name: 'bad.sibling' }],
    });
    const { made, findings, sentence } = await createTopics(ground, { migration }, attempt());
    expect(made).toEqual([]);
    expect(keysOf(findings)).toEqual(['blocks config-refused:bad.entry:retention.mss']);
    expect(sentence).toBe('Nothing was created on target: 1 finding to be mended or accepted first.');
    expect((await topicOn(ground.target, 'bad.sibling'))?.error?.type).toBe('NotFound');
  });

  test('names the topic with which a name collides, and is told of others by no other sentence', async () => {
    await createOn(ground.admin.source, { name: 'col.li_de' }, { name: 'col_li_fine' });
    await createOn(ground.admin.target, { name: 'col_li.de' });
    const migration = migrationOf({
      name: 'collide',
      topics: [{ name: 'col.li_de' }, { name: 'col_li_fine' }],
    });
    const { made, findings } = await createTopics(ground, { migration }, attempt());
    expect(findings).toEqual([
      {
        weight: 'blocks',
        key: 'topic-collides:col.li_de',
        sentence:
          'col.li_de cannot be created on target beside col_li.de, which is there: brokers keep metrics of both under one name, in which a dot is an underscore; give it another newName in the file.',
      },
    ]);
    expect(made).toEqual([]);
  });

  test('says what replication the target can give', async () => {
    await createOn(
      ground.admin.source,
      { name: 'replica.asked' },
      { name: 'replica.insync', config: { 'min.insync.replicas': '2' } },
      { name: 'replica.fewer', partitions: 4 },
    );
    const migration = migrationOf({
      name: 'replica',
      topics: [
        { name: 'replica.asked', replicationFactor: 3 },
        { name: 'replica.insync' },
        { name: 'replica.fewer', partitions: 2 },
      ],
    });
    const { findings } = await createTopics(ground, { migration }, attempt());
    expect(keysOf(findings)).toEqual([
      'blocks partitions:replica.fewer',
      'blocks replication:replica.asked',
      'blocks unwritable:replica.insync',
    ]);
    expect(sentenceOf(findings, 'replication:replica.asked')).toBe(
      'replica.asked is to have replication factor 3, and target has 1 broker: ask for 1 at most, or add brokers.',
    );
  });

  test('a topic that was re-created since the plan is not the one that was planned', async () => {
    await createOn(ground.admin.source, { name: 'changed' });
    const migration = migrationOf({ name: 'changed', topics: [{ name: 'changed' }] });
    const topicIds = { changed: 'AAAAAAAAAAAAAAAAAAAAAQ' };
    const { findings } = await createTopics(ground, { migration, topicIds }, attempt());
    expect(keysOf(findings)).toEqual(['blocks topic-recreated:changed']);
  });
});

describe('a topic that is there already', () => {
  test('blocks for every difference that an application would notice', async () => {
    const wanted = {
      'cleanup.policy': 'compact,delete',
      'retention.ms': '604800000',
      'retention.bytes': '-1',
      'max.message.bytes': '2000000',
      'message.timestamp.type': 'CreateTime',
    };
    await createOn(ground.admin.source, { name: 'there.worse', partitions: 3, config: wanted });
    await createOn(ground.admin.source, { name: 'there.wider', partitions: 2 });
    await createOn(ground.admin.source, {
      name: 'there.fine',
      config: { 'cleanup.policy': 'compact,delete', 'retention.ms': '1000000', 'segment.ms': '5000000' },
    });
    await createOn(ground.admin.target, {
      name: 'there.worse',
      partitions: 2,
      config: {
        'cleanup.policy': 'delete',
        'retention.ms': '3600000',
        'retention.bytes': '1000',
        'max.message.bytes': '1000000',
        'message.timestamp.type': 'LogAppendTime',
      },
    });
    await createOn(ground.admin.target, { name: 'there.wider', partitions: 5 });
    await createOn(ground.admin.target, {
      name: 'there.fine',
      config: { 'cleanup.policy': 'delete,compact', 'retention.ms': '2000000' },
    });
    const topics = ['there.worse', 'there.wider', 'there.fine'];
    const migration = migrationOf({ name: 'there', topics: topics.map((name) => ({ name })) });
    const { findings, sentence } = await compareTopics(ground, { migration, topics });
    expect(keysOf(findings)).toEqual([
      'blocks config-differs:there.worse:cleanup.policy',
      'blocks config-differs:there.worse:max.message.bytes',
      'blocks config-differs:there.worse:message.timestamp.type',
      'blocks config-differs:there.worse:retention.bytes',
      'blocks config-differs:there.worse:retention.ms',
      'blocks partitions-differ:there.wider',
      'blocks partitions-differ:there.worse',
      'notes config-differs:there.fine:retention.ms',
      'notes config-differs:there.fine:segment.ms',
    ]);
    expect(sentence).toBe('1 of 3 topics on target are as the migration needs.');
    expect(sentenceOf(findings, 'config-differs:there.worse:retention.ms')).toBe(
      'there.worse on target has retention.ms=3600000 (1h) and the migration needs retention.ms=604800000 (7d): records would expire sooner than on the source; change it there, or say what is wanted under config in the file.',
    );
    const created = await createTopics(ground, { migration }, attempt());
    expect(created.made).toEqual([]);
    expect(keysOf(created.findings)).toEqual(keysOf(findings));
  });

  test('people create it, or nobody does', async () => {
    await createOn(ground.admin.source, { name: 'people.own', partitions: 3 });
    const migration = migrationOf({ name: 'people', topics: [{ name: 'people.own', createdBy: 'people' }] });
    const work = { migration, topics: ['people.own'] };
    const missing = ['blocks topic-missing:target/people.own'];
    expect(keysOf((await compareTopics(ground, work)).findings)).toEqual(missing);
    const blocked = await createTopics(ground, work, attempt());
    expect(keysOf(blocked.findings)).toEqual(missing);
    expect((await topicOn(ground.target, 'people.own'))?.error?.type).toBe('NotFound');

    await createOn(ground.admin.target, { name: 'people.own', partitions: 3 });
    expect((await compareTopics(ground, work)).findings).toEqual([]);
    expect((await createTopics(ground, work, attempt())).made).toEqual([]);
  });
});

describe('an attempt whose answer was lost', () => {
  /** Its worker dies when the broker has created the topics and nobody has heard of it. */
  const lost = (): Ground => ({
    ...ground,
    clusters: (name) => {
      const cluster = ground.clusters(name);
      return {
        ...cluster,
        createTopics: async (topics, options) => {
          const rows = await cluster.createTopics(topics, options);
          if (!options?.validateOnly) throw new FerryError('Unreachable', 'The connection broke.');
          return rows;
        },
      };
    },
  });

  test('is followed by one that knows which topics are its own', async () => {
    await createOn(
      ground.admin.source,
      { name: 'lost.first' },
      { name: 'lost.there' },
      { name: 'lost.second' },
    );
    await createOn(ground.admin.target, { name: 'lost.there' });
    const migration = migrationOf({
      name: 'lost',
      topics: [{ name: 'lost.first' }, { name: 'lost.there' }, { name: 'lost.second' }],
    });
    const attempts = new Attempts();
    await expect(createTopics(lost(), { migration }, attempts.next())).rejects.toThrow(
      'The connection broke.',
    );
    const { made } = await createTopics(ground, { migration }, attempts.next());
    expect(made.map(({ name }) => name)).toEqual(['lost.first', 'lost.second']);
    expect(made[0]?.topicId).toBe((await topicOn(ground.target, 'lost.first'))?.value?.topicId);
  });

  test('does not take a topic for its own that somebody else made differently meanwhile', async () => {
    await createOn(ground.admin.source, { name: 'lost.other' });
    const migration = migrationOf({ name: 'lost-other', topics: [{ name: 'lost.other' }] });
    const attempts = new Attempts();
    const refused: Ground = {
      ...ground,
      clusters: (name) => ({
        ...ground.clusters(name),
        createTopics: async (topics, options) => {
          if (options?.validateOnly) return ground.clusters(name).createTopics(topics, options);
          throw new FerryError('Unreachable', 'The connection broke.');
        },
      }),
    };
    await expect(createTopics(refused, { migration }, attempts.next())).rejects.toThrow(
      'The connection broke.',
    );
    await createOn(ground.admin.target, { name: 'lost.other', partitions: 7 });
    await produce(ground.lab.target, 'lost.other', 1);
    const { made, findings } = await createTopics(ground, { migration }, attempts.next());
    expect(made).toEqual([]);
    expect(keysOf(findings)).toEqual(['blocks partitions-differ:lost.other']);
  });
});
