import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { drainActivities } from '../../activities/drain/drain.js';
import type { Dependencies } from '../../activities/kit/dependencies.js';
import { engineActivities } from '../../activities/mirror/engine.js';
import { parityActivities } from '../../activities/mirror/parity.js';
import { checkPlan } from '../../activities/plan/plan.js';
import { openRegistries } from '../../app/connections/registries.js';
import { setQuota, type Quota } from '../../lab/kafka/quotas.js';
import type { Lab } from '../../lab/lab.js';
import type { Cluster, HeldBack } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { readPositions } from '../../src/mirror/map-topic.js';
import { eventually } from '../eventually.js';
import { sharedLab } from '../lab/shared.js';
import { connectionOf, run } from './kafka-cluster.js';
import { openMirroring, recordsOf, writeBatches, zero, type Mirroring } from './mirroring.js';
import { commit, makeTopic, messages, migrationOf, running, sendInTransaction } from './watching.js';

type Side = 'source' | 'target';

let lab: Lab;
let world: Mirroring;
const opened: Cluster[] = [];

beforeAll(async () => {
  lab = await sharedLab();
  world = openMirroring(lab);
});
afterAll(() => Promise.all([world.close(), ...opened.map((cluster) => cluster.close())]));

const nameOf = (what: string) => `quotas-${run}-${what}`;

/** The ferry as a client of a name of its own, which alone has these quotas. */
async function held(what: string, quotas: Partial<Record<Side, Quota>>) {
  const clientId = nameOf(what);
  const open = async (side: Side) => {
    const quota = quotas[side];
    if (quota) await setQuota(lab[side], { user: 'ferry', clientId }, quota);
    const cluster = openCluster(side, { ...connectionOf(lab[side], 'ferry'), clientId });
    opened.push(cluster);
    return cluster;
  };
  const [source, target] = await Promise.all([open('source'), open('target')]);
  const dependencies: Dependencies = {
    clusters: (name) => (name === 'source' ? source : target),
    registries: openRegistries({}).get,
    holds: { take: async () => [], release: async () => undefined, held: async () => [] },
    otherMigrations: async () => [],
  };
  return { source, target, dependencies };
}

/** What was seen of quotas while the work lasted. */
async function watched<T>(cluster: Cluster, work: Promise<T>): Promise<{ result: T; seen: HeldBack[] }> {
  const seen: HeldBack[] = [];
  const timer = setInterval(() => {
    const now = cluster.heldBack();
    if (now) seen.push(now);
  }, 20);
  try {
    return { result: await work, seen };
  } finally {
    clearInterval(timer);
  }
}

const amount = 20_000;
const large = nameOf('large');
const padded = (number: number) => String(number).padEnd(1_000, 'x');

describe('records under quotas of reading and of writing', () => {
  test('are all mirrored, once, and the live line says what holds it back', async () => {
    const { partitions } = await world.topic(large);
    const perBatch = 100;
    const batches = Array.from({ length: amount / perBatch }, (_, batch) =>
      encodeBatch(
        Array.from({ length: perBatch }, (_, i) => ({
          timestamp: BigInt(Date.now()),
          key: null,
          value: Buffer.from(padded(batch * perBatch + i)),
          headers: [],
        })),
      ),
    );
    await writeBatches(world.sourceAdmin, zero(large), batches);
    const { dependencies, target } = await held('mirror', {
      source: { consumer_byte_rate: 1_600_000 },
      target: { producer_byte_rate: 1_400_000 },
    });
    const mirror = running(engineActivities(dependencies).mirror, {
      migration: migrationOf({ name: large, strategy: 'simpleMirroring', topics: [{ name: large }] }),
      sliceMs: 120_000,
      ...{ share: 0, shares: 1, partitions: { [large]: 1 } },
    });
    // A mirror that ends is told at once.
    await Promise.race([
      mirror.answer,
      eventually(
        () => readPositions(world.targetAdmin, large, partitions),
        (positions) => positions.get(`${large}/0`)?.sourceNext === BigInt(amount),
      ),
    ]);
    mirror.cancel();
    await mirror.answer;
    const said = mirror.heartbeats.map(({ says }) => says);
    expect(said).toContainEqual(
      expect.stringMatching(/, held back by a quota of the source, [\d.]+ [kM]B\/s/),
    );
    expect(said).toContainEqual(expect.stringMatching(/by a quota of the target, [\d.]+ [kM]B\/s$/));
    expect(target.heldBack()?.requests).toContain('Produce');
    const values = (await recordsOf(world.targetAdmin, zero(large))).map(({ value }) => value?.toString());
    expect(values).toEqual(Array.from({ length: amount }, (_, number) => padded(number)));
  });

  test('are compared to the end', async () => {
    const { dependencies } = await held('parity', { source: { consumer_byte_rate: 1_600_000 } });
    const ends = async (cluster: Cluster) => {
      const row = (await cluster.watermarks([zero(large)])).get(`${large}/0`);
      return { [large]: [String(row?.value?.highWatermark)] };
    };
    const parity = running(parityActivities(dependencies).watchParity, {
      migration: migrationOf({ name: large, strategy: 'simpleMirroring', topics: [{ name: large }] }),
      sliceMs: 120_000,
      ends: await ends(world.sourceAdmin),
      mirrored: await ends(world.targetAdmin),
    });
    const { result, seen } = await watched(dependencies.clusters('source'), parity.answer);
    expect(result).toMatchObject({
      state: 'equal',
      report: { records: String(amount), differences: [], unverifiable: [] },
    });
    expect(seen.map(({ requests }) => requests)).toContainEqual(['Fetch']);
  });

  test('are looked through for what a group has left', async () => {
    const topic = nameOf('tail');
    const group = `${topic}.group`;
    await makeTopic(world.sourceAdmin, topic);
    await sendInTransaction(lab.source, topic, topic, messages(3), 'commit');
    await commit(world.sourceAdmin, group, topic, [3n]);
    // In ten seconds one answer with the marker, of 78 bytes and 52 to 182 around it, and not two.
    const { source, dependencies } = await held('tail', { source: { consumer_byte_rate: 26 } });
    await source.fetch([{ ...zero(topic), offset: 3n }], {
      ...{ isolation: 'uncommitted', maxBytes: 32 * 1024, maxWaitMs: 0 },
    });
    const drain = running(drainActivities(dependencies).watchDrain, {
      migration: migrationOf({
        name: 'tail',
        topics: [{ name: topic }],
        consumers: [{ group, isolation: 'read_committed' }],
      }),
      ...{ sliceMs: 60_000, to: { [topic]: ['4'] }, frozen: true },
    });
    const { result, seen } = await watched(source, drain.answer);
    expect(result).toMatchObject({
      state: 'drained',
      lag: [{ group, verdicts: { 'drained-control-only': 1 } }],
    });
    expect(seen).not.toEqual([]);
  });
});

describe('topics under a quota of mutations', () => {
  test('are all made, and all deleted, as fast as it allows', async () => {
    const { target } = await held('topics', { target: { controller_mutation_rate: 3 } });
    const names = Array.from({ length: 20 }, (_, i) => nameOf(`made-${i}`));
    const { result, seen } = await watched(
      target,
      target.createTopics(names.map((name) => ({ name, partitions: 2, replicationFactor: 1, config: {} }))),
    );
    expect([...result.values()].map(({ error }) => error)).toEqual(names.map(() => undefined));
    expect(seen.flatMap(({ requests }) => requests)).toContain('CreateTopics');
    const there = await world.targetAdmin.topics(names);
    expect(names.filter((name) => there.get(name)?.value?.partitions.length !== 2)).toEqual([]);

    const doomed = names.slice(0, 4).map((name) => ({ name, topicId: there.get(name)!.value!.topicId }));
    const gone = await watched(target, target.deleteTopics(doomed));
    expect([...gone.result.values()].map(({ error }) => error)).toEqual(doomed.map(() => undefined));
    expect(gone.seen.flatMap(({ requests }) => requests)).toContain('DeleteTopics');
  });
});

test('under a quota of request time a plan finds the same', async () => {
  const topic = nameOf('planned');
  await makeTopic(world.sourceAdmin, topic, 2);
  const migration = migrationOf({
    name: 'planned',
    topics: [{ name: topic }],
    leaveBehind: { principals: ['User:ferry', 'User:connect'] },
  });
  const plan = (dependencies: Dependencies) => checkPlan(dependencies, { migration }, 'planned');
  const free = await held('plan-free', {});
  const { source, dependencies } = await held('plan-held', { source: { request_percentage: 0.5 } });
  const before = await eventually(
    async () => {
      await Promise.all(Array.from({ length: 10 }, () => source.topics([topic])));
      return source.heldBack();
    },
    (now) => now !== undefined,
  );
  const found = await plan(free.dependencies);
  // How many requests a broker takes before it holds them back is its own affair.
  await eventually(
    async () => {
      const { result, seen } = await watched(source, plan(dependencies));
      expect(result).toEqual(found);
      return Math.max(...seen.map(({ until }) => until));
    },
    (until) => until > before!.until,
  );
});
