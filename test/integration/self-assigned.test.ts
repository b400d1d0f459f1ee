import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { drainActivities } from '../../activities/drain/drain.js';
import { consumerActivities } from '../../activities/groups/consumers.js';
import { watch } from '../../activities/kit/watch.js';
import {
  stillShape,
  type Still,
  type TranslateAnswer,
  type TranslateInput,
} from '../../activities/offsets/translation-state.js';
import { Translation } from '../../activities/offsets/translation.js';
import { checkPlan } from '../../activities/plan/plan.js';
import { startApplications, type Applications } from '../../lab/java/application.js';
import type { Lab, LabCluster } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { connectionOf, run } from './kafka-cluster.js';
import { commit, consume, makeTopic, messages, migrationOf, running, send } from './watching.js';

let lab: Lab;
let source: Cluster;
let target: Cluster;
let admin: Cluster;
const ending: (() => Promise<void>)[] = [];

beforeAll(async () => {
  lab = await sharedLab();
  source = openCluster('source', connectionOf(lab.source, 'ferry'));
  target = openCluster('target', connectionOf(lab.target, 'ferry'));
  admin = openCluster('source', connectionOf(lab.source, 'admin'));
});
afterAll(() => Promise.all([source.close(), target.close(), admin.close()]));
afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()));
});

const clusters = (name: string): Cluster => (name === 'source' ? source : target);

/** A consumer that assigns all partitions of the topic to itself and commits every second. */
async function pinned(there: LabCluster, id: string, topic: string): Promise<Applications> {
  const { files } = there.clients['admin']!;
  const started = await startApplications('pinned', files.java, [{ id, topic }], () => undefined);
  ending.push(() => started.stop());
  await eventually(
    async () => {
      if (started.lines.some((line) => line.startsWith('Exception')))
        throw new Error(started.lines.join('\n'));
      return started.processed(id).length;
    },
    (processed) => processed > 0,
    60_000,
  );
  return started;
}

/** A producer that writes one record after the other. */
function writing(there: LabCluster, topic: string): void {
  let stopped = false;
  const writes = (async () => {
    while (!stopped) await send(there, topic, [...messages(1), ...messages(1, 1)]);
  })();
  ending.push(async () => {
    stopped = true;
    await writes;
  });
}

async function prepared(what: string) {
  const topic = `pinned.${run}.${what}`;
  const group = `${topic}.group`;
  await makeTopic(admin, topic, 2);
  await makeTopic(target, `${topic}.new`, 2);
  const migration = migrationOf({
    name: 'pinned',
    topics: [{ name: topic, newName: `${topic}.new` }],
    consumers: [{ group, newGroup: `${group}.new`, commitsEvery: '1s' }],
    waits: { patience: '60s' },
  });
  return { topic, group, migration };
}

/** Resolves when the group has committed twice more. */
async function commitsTwice(cluster: Cluster, group: string): Promise<void> {
  const sum = async () =>
    [...((await cluster.committedOffsets([group])).get(group)?.value?.values() ?? [])].reduce(
      (all, { offset }) => all + offset,
      0n,
    );
  for (let times = 0; times < 2; times += 1) {
    const before = await sum();
    await eventually(sum, (now) => now > before, 20_000);
  }
}

test('a group that nobody ever joined is told from one whose members have left', async () => {
  for (const [there, cluster] of [
    [lab.source, source],
    [lab.target, target],
  ] as const) {
    const topic = `pinned.${run}.told`;
    const [tool, member] = [`${topic}.tool`, `${topic}.member`];
    await makeTopic(cluster === source ? admin : target, topic, 1);
    await send(there, topic, messages(3));
    await commit(cluster === source ? admin : target, tool, topic, [1n]);
    const consumer = await consume(there, member, [topic]);
    await eventually(
      async () => (await cluster.committedOffsets([member])).get(member)?.value?.size,
      (size) => size === 1,
    );
    await consumer.stop();
    const described = await eventually(
      () => cluster.describeGroups([tool, member]),
      (rows) => rows.get(member)?.value?.state === 'empty',
    );
    expect(described.get(tool)?.value).toMatchObject({ state: 'empty', neverJoined: true });
    expect(described.get(member)?.value?.neverJoined).toBeUndefined();
    const listed = new Map((await cluster.groups()).map((one) => [one.group, one.neverJoined]));
    expect([listed.get(tool), listed.get(member)]).toEqual([true, undefined]);
  }
});

test('it has moved when its commits stand still on the source and move on the target', async () => {
  const { topic, group, migration } = await prepared('moved');
  writing(lab.source, topic);
  writing(lab.target, `${topic}.new`);
  const old = await pinned(lab.source, group, topic);
  const { watchConsumers } = consumerActivities({ clusters });
  const moved = running(watchConsumers, { migration, groups: [group], expected: 'moved', sliceMs: 90_000 });
  let answered = false;
  void moved.answer.finally(() => (answered = true));
  await moved.says(
    new RegExp(
      `^${group} commits without a member, .* still for .* of 2s on source and ${group}.new has no member on target, nor has a commit`,
    ),
  );
  await pinned(lab.target, `${group}.new`, `${topic}.new`);
  await moved.says(new RegExp(`^${group} commits without a member, [^,]*, and its commits [^,]* on source$`));
  await commitsTwice(source, group);
  expect(answered).toBe(false);
  await old.stop();
  expect(await moved.answer).toMatchObject({
    state: 'agrees',
    sentence: `${group} has left source and reads ${topic}.new on target as its commits show, which move.`,
  });
});

test('its offsets are translated when its commits stand still, and not before', async () => {
  const { topic, group, migration } = await prepared('translated');
  writing(lab.source, topic);
  await send(lab.target, `${topic}.new`, [...messages(1), ...messages(1, 1)]);
  const old = await pinned(lab.source, group, topic);
  const input: TranslateInput = { migration, groups: [group], translated: [], sliceMs: 90_000 };
  const translation = new Translation(input, source, target, async (asked) =>
    asked.map(() => ({ certainty: 'exact' as const, target: 1n, reason: 'the test says so' })),
  );
  const translated = running(
    (of: TranslateInput) =>
      watch<TranslateAnswer, Still>(of, stillShape, (moment) => translation.probe(moment)),
    input,
  );
  let answered = false;
  void translated.answer.finally(() => (answered = true));
  await translated.says(new RegExp(`^${group} commits without a member, .* of 2s on source$`));
  await commitsTwice(source, group);
  expect(answered).toBe(false);
  await old.stop();
  expect(await translated.answer).toMatchObject({ state: 'translated' });
});

test('a drain sees it read by its commits alone', async () => {
  const { topic, group, migration } = await prepared('drain');
  await send(lab.source, topic, messages(3));
  await commit(admin, group, topic, [1n, 0n]);
  const { watchDrain } = drainActivities({ clusters });
  const drain = running(watchDrain, {
    migration: { ...migration, consumers: migration.consumers.map(({ commitsEvery: _, ...one }) => one) },
    to: { [topic]: ['3', '0'] },
    frozen: true,
    sliceMs: 30_000,
  });
  await drain.says(/nobody is consuming them/);
  await commit(admin, group, topic, [2n, 0n]);
  await drain.says(
    /1 record behind on 1 partition, read without a member, by a consumer that assigns partitions to itself$/,
  );
  await commit(admin, group, topic, [3n, 0n]);
  expect(await drain.answer).toMatchObject({ state: 'drained' });
});

test('the plan says by what it will be told whether it runs, until the file says how often it commits', async () => {
  const { topic, group, migration } = await prepared('planned');
  await send(lab.source, topic, messages(1));
  await commit(admin, group, topic, [1n, 0n]);
  const keys = async (consumers: typeof migration.consumers) =>
    (
      await checkPlan(
        {
          clusters,
          otherMigrations: async () => [],
          holds: { held: async () => [] },
          registries: () => {
            throw new Error('not asked');
          },
          connects: () => {
            throw new Error('not asked');
          },
        },
        { migration: { ...migration, consumers } },
        'none',
      )
    ).findings.map(({ weight, key }) => `${weight} ${key}`);
  const note = `notes commits-without-member:${group}`;
  expect(await keys(migration.consumers)).not.toContain(note);
  expect(await keys(migration.consumers.map(({ commitsEvery: _, ...one }) => one))).toContain(note);
});
