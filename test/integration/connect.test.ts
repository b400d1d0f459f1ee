import { MockActivityEnvironment } from '@temporalio/testing';
import { CancelledFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs, { type Message } from 'kafkajs';
import { followMirrorMaker } from '../../activities/connect/connect-following.js';
import { translateOverMirrorMaker } from '../../activities/connect/connect-groups.js';
import { readSyncs, translatePositions, type Mirrored } from '../../activities/connect/connect-offsets.js';
import {
  prepareMirrorMaker,
  removeMirrorMaker,
  stopMirrorMaker,
} from '../../activities/connect/connect-setup.js';
import { watchMirrorMaker } from '../../activities/connect/connect-watching.js';
import { historyOf } from '../../activities/mirror/history.js';
import { targetWrites } from '../../activities/offsets/offsets.js';
import { liveReaders } from '../../activities/groups/membership.js';
import { CONNECT_GROUP } from '../../lab/connect/settings.js';
import type { LabConnect } from '../../lab/lab.js';
import { checkpointOf } from '../../src/connect/checkpoints.js';
import type { ConnectConnection } from '../../src/connect/connect-connection.js';
import { mirrorNames } from '../../src/connect/mirror-maker.js';
import { openConnect, type Connect } from '../../src/connect/rest.js';
import { readRanges } from '../../src/connect/seen-range.js';
import { openConnects } from '../../app/connections/connects.js';
import { partitionKey, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import { batchesIn } from '../../src/kafka/records/batch.js';
import { recordsIn } from '../../src/kafka/records/records.js';
import type { Migration } from '../../src/migration/file.js';
import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import { offsetAt, offsetTable, partitionsOf, type SourceOffsets } from '../../src/migration/offsets.js';
import { unpackTranslated } from '../../src/migration/translated.js';
import { eventually } from '../eventually.js';
import { markersWritten } from './watching.js';
import { sharedLab } from '../lab/shared.js';
import { run } from './kafka-cluster.js';
import {
  allow,
  attempt,
  commit,
  createOn,
  grant,
  keysOf,
  migrationOf,
  openGround,
  sentenceOf,
  type Ground,
} from './prepare-ground.js';

let ground: Ground;
let connect: LabConnect;
let connection: ConnectConnection;
let rest: Connect;
beforeAll(async () => {
  const lab = await sharedLab();
  connect = await lab.startConnect();
  const { url, clientProperties } = connect;
  connection = { url, sourceClient: clientProperties.source, targetClient: clientProperties.target };
  ground = { ...openGround(lab), connects: openConnects({ lab: connection }) };
  rest = openConnect('lab', connection);
});
afterAll(async () => {
  await connect.stop();
  await ground.close();
});

const mirroring = (name: string, topics: string[], groups: string[] = []): Migration =>
  migrationOf({
    name,
    strategy: 'advancedMirroring',
    connect: 'lab',
    topics: topics.map((topic) => ({ name: topic })),
    consumers: groups.map((group) => ({ group, isolation: 'read_committed' as const })),
    waits: { quiet: '100ms', probe: '200ms', agreeing: 2, patience: '60s' },
  });

/** Follows the connectors, slice after slice, until it is told to stop. */
function following(migration: Migration, partitions: Record<string, number>) {
  let stopped = false;
  const failed = (async () => {
    let carry: unknown;
    while (!stopped)
      ({ carry } = await followMirrorMaker(ground, {
        migration,
        share: 0,
        shares: 1,
        partitions,
        sliceMs: 3_000,
        carry,
      }));
  })();
  failed.catch(() => undefined);
  return {
    failed,
    stop: async () => {
      stopped = true;
      await failed;
    },
  };
}

/** Once each transaction has its marker, which a coordinator writes after it has answered that it is committed. */
async function endsOf(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<SourceOffsets> {
  const rows = await markersWritten(cluster, partitions);
  return offsetTable(
    partitions.map((at) => ({ ...at, offset: rows.get(partitionKey(at))?.value?.highWatermark ?? -1n })),
  );
}

async function everything(cluster: Cluster, at: TopicPartition) {
  const row = (await cluster.watermarks([at])).get(partitionKey(at))?.value;
  if (!row) throw new Error('no watermarks');
  const [range] = await readRanges(cluster, [
    { ...at, logStart: row.logStart, from: 0n, to: row.lastStable },
  ]);
  if (!range) throw new Error('nothing was read');
  return range.records;
}

describe('a mirror by MirrorMaker', () => {
  const topic = `connect.orders.${run}`;
  const group = `connect.billing.${run}`;
  const migration = mirroring(`connect-${run}`, [topic], [group]);
  const names = mirrorNames(migration.name);
  const partitions = { [topic]: 2 };
  const both: TopicPartition[] = [0, 1].map((partition) => ({ topic, partition }));
  const started = Date.now() - 600_000;
  let sent = 0;

  /** Transactions, every third of them aborted, with headers that repeat, tombstones, and many records that are the same. */
  async function send(transactions: number): Promise<void> {
    const producer = ground.lab.source.kafkajs('admin').producer({
      transactionalId: `connect-${run}-${sent}`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    for (let index = 0; index < transactions; index++, sent++) {
      const transaction = await producer.transaction();
      const messages = Array.from({ length: 5 }, (_, at): Message => ({
        partition: at % 2,
        key: at === 0 ? null : `key-${sent % 3}`,
        value: at === 1 ? null : sent % 2 === 0 ? 'the same' : `value ${sent} ${at}`,
        // Of this hour: the lab's retention looks every second.
        timestamp: String(started + Math.floor(sent / 4)),
        headers: { trace: [`${sent % 2}`, Buffer.from([0xff, 0x00])], empty: '' },
      }));
      await transaction.send({ topic, messages });
      await (sent % 3 === 2 ? transaction.abort() : transaction.commit());
    }
    await producer.disconnect();
  }

  const mirrored = (): Mirrored => ({
    source: ground.source,
    target: ground.target,
    offsetSyncs: names.offsetSyncs,
    exactlyOnce: true,
  });

  test('is prepared stopped, with everything checked first', async () => {
    await createOn(ground.admin.source, { name: topic });
    await createOn(ground.admin.target, { name: topic });
    await send(20);
    await commit(ground.admin.source, group, topic, [37n, 41n]);
    const prepared = await prepareMirrorMaker(ground, { migration }, attempt());
    expect(prepared.findings).toEqual([]);
    expect(prepared.partitions).toEqual(partitions);
    expect(prepared.sentence).toContain(', exactly once, ');
    for (const connector of [names.source, names.checkpoint])
      expect((await rest.status(connector))?.connector.state).toBe('STOPPED');
    // Again: the same answer, and still nothing runs.
    expect(await prepareMirrorMaker(ground, { migration }, attempt())).toEqual(prepared);
    const kept = JSON.stringify(await rest.config(names.source));
    expect(kept).not.toContain(ground.lab.source.clients['connect']?.sasl?.password);
  });

  test('copies each record once and in order, also when Connect is killed on the way', async () => {
    const mirror = following(migration, partitions);
    const steady = await watchMirrorMaker(ground, { migration, partitions, sliceMs: 60_000 });
    expect(steady.state).toBe('caught-up');
    await send(20);
    await connect.kill();
    await send(20);
    const ends = await endsOf(ground.source, both);
    const whileDown = await watchMirrorMaker(ground, {
      migration,
      partitions,
      to: ends,
      frozen: true,
      sliceMs: 1,
    });
    expect(whileDown).toMatchObject({
      state: 'watching',
      sentence: expect.stringContaining('did not answer (ECONNREFUSED)'),
    });
    await connect.start();
    const empty = await watchMirrorMaker(ground, {
      migration,
      partitions,
      to: ends,
      frozen: true,
      sliceMs: 60_000,
    });
    expect(empty).toMatchObject({ state: 'caught-up', mirrored: await endsOf(ground.target, both) });
    await mirror.stop();
    for (const at of both) {
      const [originals, copies] = [await everything(ground.source, at), await everything(ground.target, at)];
      expect(originals.length).toBeGreaterThan(50);
      const content = ({ digest, timestamp }: (typeof copies)[number]) => ({ digest, timestamp });
      expect(copies.map(content)).toEqual(originals.map(content));
    }
  });

  test('says that the source has grown after its end was frozen', async () => {
    const ends = await endsOf(ground.source, both);
    const early = offsetTable<'source'>(
      partitionsOf(ends).map(({ offset, ...at }) => ({ ...at, offset: offset - 1n })),
    );
    const answer = await watchMirrorMaker(ground, {
      migration,
      partitions,
      to: early,
      frozen: true,
      sliceMs: 10_000,
    });
    expect(answer).toMatchObject({ state: 'grew', sentence: expect.stringContaining(topic) });
  });

  test('has every position of a group exact, whatever was committed, and knows where records lie in a row', async () => {
    const inARow = 5n;
    const cases = await Promise.all(
      both.map(async (at) => {
        const [originals, copies] = [
          await everything(ground.source, at),
          await everything(ground.target, at),
        ];
        const end = offsetAt(await endsOf(ground.source, [at]), topic, at.partition) ?? 0n;
        return Array.from({ length: Number(end) + 1 }, (_, committed) => {
          const before = originals.filter(({ offset }) => offset < BigInt(committed)).length;
          return { at: { ...at, committed: BigInt(committed), names: inARow }, before, originals, copies };
        });
      }),
    );
    const all = cases.flat();
    const answers = await translatePositions(
      mirrored(),
      all.map(({ at }) => at),
    );
    const together = (log: readonly { offset: bigint }[], from: bigint) =>
      log.filter(({ offset }) => offset >= from && offset < from + inARow).length === Number(inARow);
    const wrong = all.flatMap(({ at, before, originals, copies }, index) => {
      const answer = answers[index];
      const right =
        answer?.certainty === 'exact' &&
        copies.filter(({ offset }) => offset < answer.target).length === before &&
        (answer.together ?? false) === (together(originals, at.committed) && together(copies, answer.target));
      return right ? [] : [{ ...at, answer }];
    });
    expect(all.length).toBeGreaterThan(200);
    expect(wrong).toEqual([]);
  });

  test('moves a group that has stopped to the very record, and leaves a commit of its own alone', async () => {
    const first = await translateOverMirrorMaker(ground, {
      migration,
      groups: [group],
      translated: [],
      sliceMs: 60_000,
    });
    if (first.state !== 'translated') throw new Error(JSON.stringify(first));
    const moved = unpackTranslated(migration, first.translated).flatMap(({ partitions: of }) => of);
    expect(moved.map(({ source, certainty }) => ({ source, certainty }))).toEqual([
      { source: '37', certainty: 'exact' },
      { source: '41', certainty: 'exact' },
    ]);
    const committed = (await ground.target.committedOffsets([group], both)).get(group)?.value;
    for (const at of moved) {
      expect(String(committed?.get(partitionKey(at))?.offset)).toBe(at.target);
      const left = (records: readonly { offset: bigint }[], from: string | null) =>
        records.filter(({ offset }) => offset >= BigInt(from ?? 0)).length;
      expect(left(await everything(ground.target, at), at.target)).toBe(
        left(await everything(ground.source, at), at.source),
      );
    }
    // Its own commit on the target, and alive on the source once more.
    await commit(ground.admin.target, group, topic, [40n, 62n]);
    const settled = { migration, groups: [group], translated: first.translated, sliceMs: 60_000 };
    expect(await translateOverMirrorMaker(ground, settled)).toMatchObject({
      state: 'translated',
      // What they are counted from was answered the first time.
      translated: first.translated.filter(({ group: name }) => name === group),
    });
    await commit(ground.admin.source, group, topic, [39n, 41n]);
    const again = await translateOverMirrorMaker(ground, settled);
    if (again.state !== 'asks') throw new Error(JSON.stringify(again));
    expect(keysOf(again.findings)).toEqual([`asks group-on-both:${group}:1@39`]);
  });

  test('stands still when the workflow cancels it, and runs on when only its worker ends', async () => {
    const input = { migration, share: 0, shares: 1, partitions, sliceMs: 60_000 };
    const state = async () => (await rest.status(names.source))?.connector.state;
    const follow = async (reason: 'CANCELLED' | 'WORKER_SHUTDOWN') => {
      const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
      const seen = new Promise<MirrorHeartbeat>((resolve) =>
        environment.on('heartbeat', (beat: MirrorHeartbeat) => beat.mirror && resolve(beat)),
      );
      const run = environment.run(() => followMirrorMaker(ground, input));
      run.catch(() => undefined);
      expect((await seen).mirror.lag).toBe(0);
      environment.cancel(reason);
      await expect(run).rejects.toThrow(CancelledFailure);
    };
    await follow('WORKER_SHUTDOWN');
    expect(await state()).toBe('RUNNING');
    await follow('CANCELLED');
    expect(await state()).toBe('STOPPED');
  });

  test("leaves MirrorMaker's own pairs and checkpoints readable", async () => {
    const syncs = await readSyncs(ground.target, names.offsetSyncs);
    expect([...syncs.keys()].sort()).toEqual(both.map(partitionKey));
    const at = { topic: names.checkpoints, partition: 0 };
    const checkpoints = await eventually(
      async () => {
        const row = (
          await ground.target.fetch([{ ...at, offset: 0n }], {
            isolation: 'uncommitted',
            maxBytes: 1_000_000,
            maxWaitMs: 0,
          })
        ).get(partitionKey(at));
        return [...batchesIn(row?.value?.batches ?? Buffer.alloc(0))].flatMap((batch) =>
          batch.kind === 'batch' ? [...recordsIn(batch)].flatMap((record) => checkpointOf(record) ?? []) : [],
        );
      },
      (all) => all.length > 0,
    );
    expect(checkpoints[0]).toMatchObject({ group, topic });
  });

  test('leaves nothing when it is removed, and is removed once', async () => {
    const removed = await removeMirrorMaker(ground, { migration }, attempt());
    expect(removed.sentence).toContain(names.offsetSyncs);
    expect(await rest.config(names.source)).toBeUndefined();
    expect(await rest.config(names.checkpoint)).toBeUndefined();
    const left = await eventually(
      async () =>
        [...(await ground.admin.target.topics()).keys()].filter((name) => name.includes(names.alias)),
      (topics) => topics.length === 0,
    );
    expect(left).toEqual([]);
    expect(await removeMirrorMaker(ground, { migration }, attempt())).toEqual({
      sentence: 'Nothing of MirrorMaker is left: it was removed before.',
    });
    // A mirror of the same name begins at the beginning.
    const anew = { migration: mirroring(migration.name, [topic]) };
    await prepareMirrorMaker(ground, anew, attempt());
    expect(await rest.offsets(names.source)).toEqual([]);
    await removeMirrorMaker(ground, anew, attempt());
  });
});

test("the workers' own group reads no topic, although it has members", async () => {
  const target = ground.clusters('target');
  const { group } = (await target.groups()).find(({ coordinatesOther }) => coordinatesOther) ?? {};
  expect(group).toBe(CONNECT_GROUP);
  expect((await target.describeGroups([CONNECT_GROUP])).get(CONNECT_GROUP)?.value).toMatchObject({
    coordinatesOther: true,
    members: [{ subscribed: [], assigned: [] }],
  });
  expect(liveReaders(await target.groups())).not.toContain(CONNECT_GROUP);
});

describe('what goes wrong', () => {
  test('a task that may not write is restarted, and then asks with one sentence', async () => {
    const topic = `connect.denied.${run}`;
    const migration = mirroring(`connect-denied-${run}`, [topic]);
    await createOn(ground.admin.source, { name: topic, partitions: 1 });
    await createOn(ground.admin.target, { name: topic, partitions: 1 });
    const { principal } = ground.lab.target.clients['connect'] ?? { principal: '' };
    await grant(ground.admin.target, allow(principal, 'write', 'topic', topic, { permission: 'deny' }));
    const producer = ground.lab.source.kafkajs('admin').producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ value: 'a secret value' }] });
    await producer.disconnect();
    await prepareMirrorMaker(ground, { migration }, attempt());
    const failure = await following(migration, { [topic]: 1 }).failed.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      name: 'FerryError',
      type: 'Unauthorized',
      message: `MirrorMaker on Kafka Connect "lab" fails again after 3 restarts: task 0 of ${mirrorNames(migration.name).source}: the principal of Connect is not authorized: grant it what it lacks (TopicAuthorizationException). Then retry.`,
    });
    await removeMirrorMaker(ground, { migration }, attempt());
  });

  test('a Connect on another cluster, and one without a plugin, are found before anything is made', async () => {
    const topic = `connect.elsewhere.${run}`;
    await createOn(ground.admin.source, { name: topic, partitions: 1 });
    const migration = mirroring(`connect-elsewhere-${run}`, [topic]);
    const { findings } = await prepareMirrorMaker(
      { ...ground, clusters: () => ground.source },
      { migration },
      attempt(),
    );
    expect(keysOf(findings)).toEqual(['blocks connect-elsewhere']);
    expect(await rest.config(mirrorNames(migration.name).source)).toBeUndefined();
    await expect(rest.validate({ 'connector.class': 'org.example.Missing' })).rejects.toMatchObject({
      type: 'NotFound',
      message: expect.stringContaining('no plugin org.example.Missing'),
    });
  });

  test('a client that Connect cannot make is named by its settings, without their values', async () => {
    const topic = `connect.refused.${run}`;
    await createOn(ground.admin.source, { name: topic, partitions: 1 });
    const migration = mirroring(`connect-refused-${run}`, [topic]);
    const wrong = { ...connection, targetClient: { ...connection.targetClient } };
    const clients = { ...wrong, url: connection.url };
    const { findings } = await prepareMirrorMaker(
      {
        clusters: ground.clusters,
        connects: () => ({
          clients,
          // The class is there, and says no to one of its settings.
          rest: {
            ...rest,
            validate: (config) => rest.validate({ ...config, 'offset-syncs.topic.location': 'secret-place' }),
          },
        }),
      },
      { migration },
      attempt(),
    );
    expect(keysOf(findings)).toEqual(['blocks connector-refused']);
    expect(sentenceOf(findings, 'connector-refused')).toContain('offset-syncs.topic.location');
    expect(sentenceOf(findings, 'connector-refused')).not.toContain('secret-place');
  });

  test('a Connect that does not answer is one sentence', async () => {
    const silent = openConnect('lab', { ...connection, url: 'http://127.0.0.1:9' });
    await expect(silent.worker()).rejects.toMatchObject({
      type: 'Unreachable',
      message:
        'Kafka Connect "lab" at http://127.0.0.1:9 did not answer (ECONNREFUSED): check url under connect in ferry.yaml and that a worker runs.',
    });
    const broker = openConnect('lab', { ...connection, url: ground.lab.temporal.ui });
    await expect(broker.worker()).rejects.toMatchObject({ type: 'Unexpected' });
  });
});

test('MirrorMaker is seen to keep up while transactions never cease, neither on the source nor its own', async () => {
  const topic = `connect.busy.${run}`;
  const migration = mirroring(`busy-${run}`, [topic]);
  await createOn(ground.admin.source, { name: topic });
  await createOn(ground.admin.target, { name: topic });
  await prepareMirrorMaker(ground, { migration }, attempt());
  const partitions = { [topic]: 2 };
  const mirror = following(migration, partitions);
  let ended = false;
  const load = (async () => {
    const producer = ground.lab.source.kafkajs('admin').producer({
      transactionalId: `busy-${run}`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    while (!ended) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [0, 1].map((partition) => ({ partition, value: 'busy' })) });
      await transaction.commit();
    }
    await producer.disconnect();
  })();
  const steady = await watchMirrorMaker(ground, { migration, partitions, sliceMs: 150_000 });
  ended = true;
  await load;
  expect(steady).toMatchObject({ state: 'caught-up' });
  await mirror.stop();
  await removeMirrorMaker(ground, { migration }, attempt());
});

test('what MirrorMaker has copied is its own, wherever it was stopped, until somebody else writes there', async () => {
  // More than a report of differences has a place for.
  const topics = Array.from({ length: 12 }, (_, nth) => `connect.left.${run}.${nth}`);
  const migration = mirroring(`left-${run}`, topics);
  for (const name of topics)
    for (const admin of [ground.admin.source, ground.admin.target]) await createOn(admin, { name });
  const write = (cluster: 'source' | 'target', values: string[]) =>
    Promise.all(topics.map((topic) => produce(cluster, topic, values)));
  await write(
    'source',
    Array.from({ length: 30 }, (_, at) => `value ${at}`),
  );
  await prepareMirrorMaker(ground, { migration }, attempt());
  const partitions = Object.fromEntries(topics.map((topic) => [topic, 2]));
  const mirror = following(migration, partitions);
  await watchMirrorMaker(ground, { migration, partitions, sliceMs: 60_000 });
  await write('source', ['not copied any more']);
  await mirror.stop();
  await stopMirrorMaker(ground, { migration }, attempt());
  const look = () => targetWrites(ground, { migration, start: {}, partitions }, attempt());
  const seen = await look();
  expect(seen.written).toEqual([]);
  // A plan beside it says so, and blames nobody.
  expect(keysOf(await historyOf(ground, { migration }))).toContain('notes history-begun');
  await write('target', ['a stranger']);
  const { written } = await look();
  expect(written).toHaveLength(topics.length);
  expect(written.join(' ')).toContain('something else has written there');
  await removeMirrorMaker(ground, { migration }, attempt());
  const found = keysOf(await historyOf(ground, { migration }));
  for (const topic of topics) expect(found).toContain(`blocks records-before-history:${topic}`);
});

async function produce(cluster: 'source' | 'target', topic: string, values: string[]): Promise<void> {
  const producer = ground.lab[cluster].kafkajs('admin').producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) });
  await producer.disconnect();
}
