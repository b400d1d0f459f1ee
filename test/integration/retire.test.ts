import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { retireActivities } from '../../activities/retire/retire.js';
import { openRegistries } from '../../app/connections/registries.js';
import type { Lab } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import type { MigrationFile } from '../../src/migration/file.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { pack } from '../../src/migration/packed.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { connectionOf, run } from './kafka-cluster.js';
import { rebalancing, seeingRebalance } from './rebalancing.js';
import {
  commit,
  consume,
  makeTopic,
  messages,
  migrationOf,
  openTransaction,
  running,
  send,
} from './watching.js';

let lab: Lab;
let source: Cluster;
let admin: Cluster;
let activities: Pick<Activities, 'finalCheck' | 'deleteSource' | 'watchDeleted'>;

beforeAll(async () => {
  lab = await sharedLab();
  source = openCluster('source', connectionOf(lab.source, 'ferry'));
  admin = openCluster('source', connectionOf(lab.source, 'admin'));
  activities = retireActivities({ clusters: () => source, registries: openRegistries({}).get });
});
afterAll(() => Promise.all([source.close(), admin.close()]));

/** A topic with three records that its group has read, ready to be deleted. */
async function drained(what: string, file: Partial<MigrationFile> = {}) {
  const topic = `retire.${run}.${what}`;
  const group = `${topic}.group`;
  const topicId = await makeTopic(admin, topic, 1, { 'retention.ms': '86400000' });
  await send(lab.source, topic, messages(3));
  await commit(admin, group, topic, [3n]);
  const work = {
    migration: migrationOf({ name: 'retire', topics: [{ name: topic }], consumers: [{ group }], ...file }),
    topicIds: { [topic]: topicId },
    ends: { [topic]: ['3'] },
    sliceMs: 30_000,
  };
  return { topic, group, topicId, work };
}

const finalCheck = (work: Parameters<Activities['finalCheck']>[0]) =>
  running(activities.finalCheck, work).answer;
const committedOn = async (group: string) => (await source.committedOffsets([group])).get(group)?.value;

describe('the last check before the deletion', () => {
  test('finds nothing against it, and notes what will be deleted', async () => {
    const { topic, topicId, work } = await drained('clean');
    expect(await finalCheck(work)).toEqual({
      findings: [],
      manifest: [
        {
          ...{ topic, topicId, partitions: 1, replicationFactor: 1, highWatermarks: pack([3n]) },
          config: { 'retention.ms': '86400000' },
        },
      ],
      sentence: `Nothing was written to ${topic} on source since the end was frozen, no transaction is open there and no member of a group reads from it.`,
    });
  });

  test('waits for a group that rebalances to say what it reads, before it says that nobody can tell', async () => {
    const { topic, work } = await drained('rebalance');
    const elsewhere = `${topic}.elsewhere`;
    const group = `${topic}.others`;
    await makeTopic(admin, elsewhere, 2);
    await send(lab.source, elsewhere, messages(2));
    const others = await rebalancing(lab.source, source, group, elsewhere);
    try {
      const { cluster, seen } = seeingRebalance(source, group);
      const retire = retireActivities({ clusters: () => cluster, registries: openRegistries({}).get });
      const check = running(retire.finalCheck, work).answer;
      await seen;
      await others.settle();
      const keys = (await check).findings.map(({ key }) => key);
      expect(keys).not.toContain(`members-unknown:${group}`);
      expect(keys).not.toContain(`still-reading:${group}`);
    } finally {
      await others.close();
    }
  });

  test('finds a record that came late, a reader, an open transaction and unread records', async () => {
    const { topic, group, work } = await drained('busy');
    const stranger = await consume(lab.source, `${topic}.stranger`, [topic]);
    const open = await openTransaction(lab.source, `${topic}.id`, topic, messages(1));
    try {
      await eventually(
        async () => (await source.describeGroups([`${topic}.stranger`])).get(`${topic}.stranger`)?.value,
        (facts) => facts?.members[0]?.assigned.length === 1,
      );
      const { findings, sentence } = await finalCheck(work);
      expect(findings.map(({ weight, key }) => `${weight} ${key}`)).toEqual(
        expect.arrayContaining([
          `blocks grew:${topic}/0`,
          `blocks open-transaction:${topic}.id`,
          `blocks still-reading:${topic}.stranger`,
        ]),
      );
      const said = findings.map((finding) => finding.sentence).join('\n');
      expect(said).toContain(
        `After its end was frozen, records came to source: ${topic}/0 offset 3 (1 record), the last of ${topic}/0 at offset 3, written at`,
      );
      expect(said).toContain(
        `${topic}.stranger still reads source: admin (/127.0.0.1) on ${topic}/0. Stop it`,
      );
      expect(sentence).toContain('Deleting from source is held up');
      await open.commit();
      // The marker follows the answer to the commit.
      await eventually(
        () => finalCheck(work),
        (after) =>
          after.findings.some(
            ({ weight, key }) => weight === 'asks' && key === `unread:${group}:${topic}+2@5`,
          ),
      );
    } finally {
      await stranger.stop();
    }
  });

  test('tells who else has read the topics, and forgives the reading of what was found on both clusters', async () => {
    const { topic, group, work } = await drained('doubled', { strategy: 'doubleProducer' });
    await commit(admin, `${topic}.other`, topic, [1n]);
    await commit(admin, group, topic, [2n]);
    const marks = { [topic]: ['2'] };
    const next = { source: work.ends, target: { [topic]: ['1'] } };
    const keys = async (more: object) =>
      (await finalCheck({ ...work, marks, ...more })).findings.map(({ weight, key }) => `${weight} ${key}`);
    const others = `asks may-still-read:${topic}.other`;
    const unread = (what: string) => `asks unread:${topic}.other:${topic}+${what}`;
    expect(await keys({ doubled: { to: work.ends, next, alone: [] } })).toEqual([others, unread('1@2')]);
    // Who was asked about by the plan, and accepted, is not asked about again.
    expect(
      await keys({
        doubled: { to: work.ends, next, alone: [] },
        accepted: [`group-not-in-file:${topic}.other`],
      }),
    ).toEqual([`notes other-commits:${topic}.other`]);
    // Nothing is taken to be on both that nobody has looked for.
    expect(await keys({})).toEqual([`asks on-source-alone:${topic}+1@3`, others, unread('1@2')]);
    expect(await keys({ marks: { [topic]: ['3'] } })).toEqual([
      `asks unread:${group}:${topic}+1@3`,
      others,
      unread('2@3'),
    ]);
    // Who reads to the end on the source has got all of it.
    await commit(admin, group, topic, [3n]);
    expect(await keys({})).toEqual([others, unread('1@2')]);
  });

  test('does not ask about what a group was seen to have read before its offsets expired', async () => {
    const { topic, group, work } = await drained('expired');
    await admin.deleteOffsets(group, [{ topic, partition: 0 }]);
    expect((await finalCheck({ ...work, drained: work.ends })).findings).toEqual([]);
    expect((await finalCheck(work)).findings).toMatchObject([
      { weight: 'asks', key: `no-commit:${group}:${topic}+3@3` },
    ]);
  });

  test('asks about late records where the source was never seen quiet, by their number', async () => {
    const { topic, work } = await drained('unproved');
    await send(lab.source, topic, messages(9));
    const { findings } = await finalCheck({ ...work, unproved: true });
    expect(findings).toMatchObject([
      { weight: 'asks', key: `late-record:${topic}+9` },
      { weight: 'asks', key: `unread:${topic}.group:${topic}+9@12` },
    ]);
  });

  test('does not take a topic of that name for the one that was migrated', async () => {
    const { topic, work } = await drained('imposter');
    const wrong = { ...work, topicIds: { [topic]: 'AAAAAAAAAAAAAAAAAAAAAQ' } };
    expect((await finalCheck(wrong)).findings).toMatchObject([
      { weight: 'blocks', key: `recreated:${topic}` },
    ]);
  });

  test('blocks what was never frozen', async () => {
    const { topic, work } = await drained('unfrozen');
    expect((await finalCheck({ ...work, ends: {} })).findings).toMatchObject([
      { weight: 'blocks', key: `not-frozen:${topic}` },
    ]);
  });
});

describe('the deletion', () => {
  test('takes the topic with its ACLs and offsets, is proved by id, and may be asked for again', async () => {
    const { topic, group, work } = await drained('deleted');
    const kept = await makeTopic(admin, `${topic}.kept`).then(() => `${topic}.kept`);
    await commit(admin, group, kept, [0n]);
    await lab.source.allow('billing', { read: [topic, kept] });
    const lines = ['allow User:billing describe from *', 'allow User:billing read from *'];
    expect((await finalCheck(work)).manifest).toMatchObject([{ topic, acls: lines }]);
    expect(await running(activities.deleteSource, work).answer).toEqual({
      sentence: `Deleted 1 topic on source, 2 ACLs and the committed offsets of the migration's groups.`,
      acls: [{ topic, acls: lines }],
    });
    expect(await running(activities.watchDeleted, work).answer).toEqual({
      state: 'gone',
      recreated: [],
      sentence: '1 topic id gone from source.',
    });
    const acls = await eventually(
      () => source.acls({ resourceType: 'topic', patternType: 'literal' }),
      (bindings) => !bindings?.some(({ resourceName }) => resourceName === topic),
    );
    expect(acls?.filter(({ resourceName }) => resourceName === kept)).toHaveLength(2);
    await eventually(
      () => committedOn(group),
      (offsets) => offsets?.size === 1 && offsets.has(`${kept}/0`),
    );
    expect(await running(activities.deleteSource, work).answer).toEqual({
      sentence: `Deleted 1 topic on source, 0 ACLs and the committed offsets of the migration's groups.`,
      acls: [],
    });
  });

  test('takes no ACL that people were not shown, and still tells what a lost attempt took', async () => {
    const { topic, work } = await drained('shown');
    await lab.source.allow('billing', { read: [topic] });
    const shown = [{ topic, acls: ['allow User:billing read from *'] }];
    const first = running(activities.deleteSource, { ...work, acls: shown });
    expect(await first.answer).toEqual({
      sentence: `Deleted 1 topic on source, 1 ACL and the committed offsets of the migration's groups. 1 ACL for the same names on source, made since the plan, is left.`,
      acls: shown,
    });
    // The first note comes before anything is looked at.
    const lost = first.heartbeats.findLast(({ carry }) => carry);
    expect(lost?.carry).toEqual({ acls: shown, unseen: [] });
    const again = running(activities.deleteSource, { ...work, acls: shown }, { heartbeatDetails: lost });
    expect((await again.answer).acls).toEqual(shown);
  });

  test('leaves a topic alone that was made anew under the name, and tells of it', async () => {
    const { topic, topicId, work } = await drained('again');
    await running(activities.deleteSource, work).answer;
    const now = await eventually(
      () => makeTopic(admin, topic).catch(() => undefined),
      (id) => id !== undefined,
    );
    await lab.source.allow('billing', { read: [topic] });
    expect((await running(activities.deleteSource, work).answer).sentence).toMatch(
      `${topic} is there again under another id, and was left alone with its ACLs.`,
    );
    expect(await running(activities.watchDeleted, work).answer).toEqual({
      state: 'gone',
      recreated: [topic],
      sentence: `1 topic id gone from source. A client that still asks for it has made ${topic} (was ${topicId}, is ${now}) anew: find it and stop it, then delete that topic.`,
    });
    const acls = await source.acls({ resourceType: 'topic', patternType: 'literal', resourceName: topic });
    expect(acls).toHaveLength(2);
  });

  test('is not made when records have come since the check, unless a person was shown how many', async () => {
    const { topic, work } = await drained('since');
    await send(lab.source, topic, messages(2));
    const late = await running(activities.deleteSource, work).answer;
    expect(late).toMatchObject({ findings: [{ key: `late-record:${topic}+2` }], begun: false });
    expect((await source.topics([topic])).get(topic)?.value).toBeDefined();
    const accepted = [`late-record:${topic}+2`];
    const { sentence } = await running(activities.deleteSource, { ...work, accepted }).answer;
    expect(sentence).toContain('Deleted 1 topic');
  });

  test('is not believed while the topic is there', async () => {
    const { topic, work } = await drained('there');
    const impatient = migrationOf({ ...work.migration, waits: { patience: '1500ms' } });
    const watch = running(activities.watchDeleted, { ...work, migration: impatient });
    expect(await watch.answer).toMatchObject({
      state: 'contradicted',
      sentence: expect.stringContaining(`${topic} is still on source after 1.5s`),
    });
  });

  test('is left to people where the broker gave the topic no id', async () => {
    const { topic, work } = await drained('idless');
    const deletion = running(activities.deleteSource, { ...work, topicIds: { [topic]: null } });
    await expect(deletion.answer).rejects.toMatchObject({
      type: 'Unsupported',
      message: expect.stringContaining(`gave no topic id for ${topic}`),
    });
  });
});
