import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import type { MirrorPlan } from '../../src/mirror/plan.js';
import { prepareMap, removeMap } from '../../src/mirror/map-topic.js';
import { runMirror } from '../../src/mirror/mirror.js';
import { transactionalIdOf } from '../../src/mirror/takeover.js';
import { withAdmin } from '../../lab/kafka/admin.js';
import type { Lab } from '../../lab/lab.js';
import { eventually } from '../eventually.js';
import { failureOf } from '../failure-of.js';
import { sharedLab } from '../lab/shared.js';
import { run } from './kafka-cluster.js';
import {
  mirrorToEnd,
  numbered,
  openMirroring,
  positionOf,
  recordsOf,
  upTo,
  values,
  writeBatches,
  zero,
  type Mirroring,
} from './mirroring.js';

let lab: Lab;
let world: Mirroring;
beforeAll(async () => {
  lab = await sharedLab();
  world = openMirroring(lab);
});
afterAll(() => world.close());

const write = (topic: string, from: number, count: number) =>
  writeBatches(world.sourceAdmin, zero(topic), numbered(from, count, 10));

/** DeleteRecords, which moves the log start as retention does. */
async function expire(topic: string, below: number): Promise<void> {
  const admin = lab.source.kafkajs('admin').admin();
  await admin.connect();
  await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(below) }] });
  await admin.disconnect();
}

async function recreate(topic: string): Promise<void> {
  const id = (await world.sourceAdmin.topics([topic])).get(topic)?.value?.topicId ?? null;
  await world.sourceAdmin.deleteTopics([{ name: topic, topicId: id }]);
  await eventually(
    async () => (await world.sourceAdmin.topics([topic])).get(topic)?.error?.type,
    (type) => type === 'NotFound',
  );
  await eventually(
    () => world.sourceAdmin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1, config: {} }]),
    (rows) => rows.get(topic)?.value !== undefined,
  );
}

/** A mirror that has copied what is there and waits for more; `failure` is what ends it. */
async function waitingMirror(plan: MirrorPlan, records: bigint) {
  const stop = new AbortController();
  let copied = 0n;
  const failure = failureOf(
    runMirror(world.source, world.target, plan, {
      signal: stop.signal,
      progress: (progress) => (copied = progress.records),
    }),
  );
  await eventually(
    () => copied,
    (copied) => copied >= records,
  );
  return { failure, stop };
}

describe('a source whose records expire', () => {
  test('before they were copied is fatal, with the count, and stays so', async () => {
    const plan = await world.topic(`expired.${run}`);
    await write(plan.migration, 0, 100);
    await mirrorToEnd(world, plan);
    await write(plan.migration, 100, 100);
    await expire(plan.migration, 150);
    for (let attempt = 0; attempt < 2; attempt++) {
      const failure = await failureOf(mirrorToEnd(world, plan));
      expect(failure.type).toBe('Changed');
      expect(failure.message).toContain(
        `begins at offset 150 and the mirror has copied up to 100: 50 offsets expired before they were copied`,
      );
    }
    expect(values(await recordsOf(world.target, zero(plan.migration)))).toEqual(upTo(100));
  });

  test('after they were copied does not matter, whatever was stored', async () => {
    const plan = await world.topic(`expired.${run}.later`);
    await write(plan.migration, 0, 100);
    await mirrorToEnd(world, plan);
    await write(plan.migration, 100, 100);
    await expire(plan.migration, 100);
    await mirrorToEnd(world, plan);
    await expire(plan.migration, 150);
    await mirrorToEnd(world, plan);
    expect(values(await recordsOf(world.target, zero(plan.migration)))).toEqual(upTo(200));
    const { map } = await positionOf(world.target, plan);
    for (const { offset, value } of await recordsOf(world.target, zero(plan.migration)))
      expect(map.translate(BigInt(value!.toString()))).toBe(offset);
  });
});

describe('a source topic that is deleted and made again', () => {
  test('between two attempts is told by its id', async () => {
    const plan = await world.topic(`recreated.${run}`);
    await write(plan.migration, 0, 10);
    await mirrorToEnd(world, plan);
    await recreate(plan.migration);
    await write(plan.migration, 0, 100);
    const failure = await failureOf(mirrorToEnd(world, plan));
    expect(failure.type).toBe('Changed');
    expect(failure.message).toContain(
      `Topic "${plan.migration}" of cluster "source" has been re-created since the mirror began`,
    );
    expect(values(await recordsOf(world.target, zero(plan.migration)))).toEqual(upTo(10));
  });

  test('under a running mirror ends it, and nothing of the new one is copied', async () => {
    const plan = await world.topic(`recreated.${run}.running`);
    await write(plan.migration, 0, 100);
    const { failure } = await waitingMirror(plan, 100n);
    await recreate(plan.migration);
    expect((await failure).type).toMatch(/Changed|NotFound/);
    expect(values(await recordsOf(world.target, zero(plan.migration)))).toEqual(upTo(100));
    expect((await failureOf(mirrorToEnd(world, plan))).type).toBe('Changed');
  });
});

test('a mirror knows what is left before its first record, and when it begins again', async () => {
  const plan = await world.topic(`left.${run}`);
  await write(plan.migration, 0, 100);
  /** Where the first word of an attempt says that it is, and how much it says there is. */
  const firstWord = async () => {
    const said: { copied: number; next: bigint; end: bigint }[] = [];
    await mirrorToEnd(world, plan, {
      progress: ({ copied, partitions: [at] }) =>
        said.push({ copied, next: at!.sourceNext, end: at!.sourceEnd }),
    });
    return said[0];
  };
  expect(await firstWord()).toEqual({ copied: 0, next: 0n, end: 100n });
  await write(plan.migration, 100, 50);
  expect(await firstWord()).toEqual({ copied: 100, next: 100n, end: 150n });
});

test('a target that ends below what was acknowledged is fatal, with the count', async () => {
  const plan = await world.topic(`target-recreated.${run}`);
  await write(plan.migration, 0, 100);
  await mirrorToEnd(world, plan);
  const id = (await world.target.topics([plan.migration])).get(plan.migration)?.value?.topicId ?? null;
  await world.target.deleteTopics([{ name: plan.migration, topicId: id }]);
  await eventually(
    () =>
      world.target.createTopics([{ name: plan.migration, partitions: 1, replicationFactor: 1, config: {} }]),
    (rows) => rows.get(plan.migration)?.value !== undefined,
  );
  expect((await failureOf(mirrorToEnd(world, plan))).message).toContain('has been re-created');
});

test('a compacted target without a place for a record without a key says so', async () => {
  const plan = await world.topic(`keyless.${run}`, { target: { 'cleanup.policy': 'compact' } });
  await writeBatches(world.sourceAdmin, zero(plan.migration), [
    encodeBatch([{ timestamp: 1n, key: null, value: Buffer.from('x'), headers: [] }]),
  ]);
  const failure = await failureOf(mirrorToEnd(world, plan));
  expect(failure.type).toBe('Refused');
  expect(failure.message).toContain('a compacted topic takes none without a key');
});

describe('a mirror whose map is lost', () => {
  const mapOf = (plan: MirrorPlan) => `kafka-ferry.${plan.migration}.map`;
  async function deleteMap(plan: MirrorPlan): Promise<void> {
    await removeMap(world.target, plan.migration);
    await eventually(
      async () => (await world.targetAdmin.topics([mapOf(plan)])).get(mapOf(plan))?.error?.type,
      (type) => type === 'NotFound',
    );
    await prepareMap(world.target, plan.migration);
  }
  const emptied = (cluster: Lab['source'], topic: string, below: string) =>
    withAdmin(cluster.kafkajs('admin'), async (admin) => {
      await admin.fetchTopicMetadata({ topics: [topic] });
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: below }] });
    });

  test('does not copy anew what the target holds; it does when that was emptied', async () => {
    const plan = await world.topic(`lost-map.${run}`);
    await write(plan.migration, 0, 30);
    await mirrorToEnd(world, plan);
    await deleteMap(plan);
    for (let attempt = 0; attempt < 2; attempt++) {
      const failure = await failureOf(mirrorToEnd(world, plan));
      expect(failure.type).toBe('Conflict');
      expect(failure.message).toMatch(
        `Partition ${plan.migration}/0 of cluster "${world.target.name}" holds a record at offset 1, and the offset map of migration "${plan.migration}" knows nothing of it`,
      );
    }
    expect(values(await recordsOf(world.target, zero(plan.migration)))).toEqual(upTo(30));

    await emptied(lab.target, plan.migration, '-1');
    await mirrorToEnd(world, plan);
    expect(values(await recordsOf(world.target, zero(plan.migration)))).toEqual(upTo(30));
  });

  test('in part says so: compaction alone never takes the beginning of a log', async () => {
    const plan = await world.topic(`cut-map.${run}`);
    await write(plan.migration, 0, 10);
    await mirrorToEnd(world, plan);
    // Records of a compacted topic can only be deleted while it is not.
    const policy = (value: string) =>
      world.targetAdmin.alterTopicConfigs(new Map([[mapOf(plan), { 'cleanup.policy': value }]]));
    await policy('delete');
    await eventually(
      () =>
        emptied(lab.target, mapOf(plan), '2').then(
          () => true,
          () => false,
        ),
      (done) => done,
    );
    await policy('compact');
    const failure = await failureOf(mirrorToEnd(world, plan));
    expect(failure.type).toBe('Conflict');
    expect(failure.message).toMatch(
      `The offset map of migration "${plan.migration}" on cluster "${world.target.name}" begins at offset 2`,
    );
  });

  test('is no loss where attempts have left nothing but their markers', async () => {
    const plan = await world.topic(`markers.${run}`);
    await write(plan.migration, 0, 10);
    const seals = [
      ...plan.partitions.map(({ targetTopic, partition }) => ({ topic: targetTopic, partition })),
    ];
    for (let attempt = 0; attempt < 3; attempt++) await world.target.seal(transactionalIdOf(plan), seals);
    await mirrorToEnd(world, plan);
    expect(values(await recordsOf(world.target, zero(plan.migration)))).toEqual(upTo(10));
  });
});
