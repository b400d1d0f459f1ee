import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { Lab, LabCluster } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { statusQuery, workflowId } from '../../src/migration/messages.js';
import { defaultTaskQueue } from '../../src/migration/queues.js';
import type { Step, StepStatus } from '../../src/migration/state.js';
import type { Status } from '../../src/migration/status.js';
import type { StepId, Strategy } from '../../src/migration/strategies.js';
import { eventually } from '../eventually.js';
import { WorkerProcess } from '../hands/ferry.js';
import { sharedLab } from '../lab/shared.js';
import { connectionOf, run } from './kafka-cluster.js';
import { consume, makeTopic, messages, send } from './watching.js';

/*
 * Whole migrations on real servers: what was not proved to be elsewhere is never deleted without a question that names the
 * number.
 */
let lab: Lab;
let worker: WorkerProcess;
let connection: Connection;
let admin: Cluster;
let target: Cluster;

beforeAll(async () => {
  lab = await sharedLab();
  [worker, connection] = await Promise.all([
    WorkerProcess.start(lab),
    Connection.connect({ address: lab.temporal.address }),
  ]);
  admin = openCluster('source', connectionOf(lab.source, 'admin'));
  target = openCluster('target', connectionOf(lab.target, 'ferry'));
});
afterAll(async () => {
  await worker.stop();
  await Promise.all([connection.close(), admin.close(), target.close()]);
});

let count = 0;
let topic: string;
let group: string;
beforeEach(() => {
  count += 1;
  topic = `proof.${run}.${count}`;
  group = `${topic}.group`;
});

const waitMs = 120_000;

/** A migration as a person sees it. */
class Followed {
  private constructor(private readonly handle: WorkflowHandle) {}

  static async start(strategy: Strategy, more: Partial<MigrationFile> = {}): Promise<Followed> {
    const client = new Client({ connection, namespace: lab.temporal.namespace });
    const file: MigrationFile = {
      name: topic,
      strategy,
      source: 'source',
      target: 'target',
      topics: [{ name: topic }],
      producers: [{ name: 'web' }],
      consumers: [{ group }],
      leaveBehind: { principals: ['User:ferry', 'User:connect'] },
      messages: { idempotent: true },
      ...more,
      waits: { quiet: '2s', probe: '200ms', patience: '60s', soak: '1s', ...more.waits },
    };
    return new Followed(
      await client.workflow.start(strategy, {
        workflowId: workflowId(topic),
        taskQueue: defaultTaskQueue,
        args: [file],
      }),
    );
  }

  async until(holds: (status: Status) => boolean): Promise<Status> {
    try {
      return await eventually(() => this.handle.query<Status>(statusQuery), holds, waitMs);
    } catch (error) {
      const { waitingFor, steps } = await this.handle.query<Status>(statusQuery);
      const now = steps.find(({ status }) => status !== 'done' && status !== 'pending');
      throw new Error(`${now?.id} ${now?.status}: ${waitingFor}`, { cause: error });
    }
  }

  async at(id: StepId, status: StepStatus): Promise<Step> {
    const of = ({ steps }: Status) => steps.find((step) => step.id === id && step.status === status);
    return of(await this.until((seen) => of(seen) !== undefined))!;
  }

  say(name: string, input: object = {}): Promise<string> {
    return this.handle.executeUpdate<string, [unknown]>(name, { args: [{ by: 'ann', ...input }] });
  }

  /** What is asked about now. */
  async asked(id: StepId): Promise<{ key: string; sentence: string }[]> {
    const { problem } = await this.at(id, 'blocked');
    return (problem?.findings ?? []).filter(({ weight }) => weight === 'asks');
  }

  accept(): Promise<string> {
    return this.say('retry', { accept: ['*'], note: 'they are not needed' });
  }

  end(): Promise<{ result: string }> {
    return this.handle.result() as Promise<{ result: string }>;
  }
}

let numbered = 0;
/** Messages that nobody has sent before. */
const fresh = (amount: number) => messages(amount, 0).map((one) => ({ ...one, value: `m${numbered++}` }));

/** Writes the same to each of the clusters until it is told to stop. */
function writing(...clusters: LabCluster[]): { stop(): Promise<void> } {
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const batch = fresh(5);
      for (const cluster of clusters) await send(cluster, topic, batch);
      await sleep(50);
    }
  })();
  return { stop: () => ((stopped = true), loop) };
}

const isThere = async () => (await admin.topics([topic])).get(topic)?.value !== undefined;

test('what a forgotten producer writes while a doubled source soaks is asked about, by its number', async () => {
  await makeTopic(admin, topic, 2);
  await send(lab.source, topic, fresh(20));
  const before = await consume(lab.source, group, [topic]);
  const migration = await Followed.start('doubleProducer', { waits: { soak: '30s' } });
  await migration.at('producerWritesBoth', 'waiting');
  const both = writing(lab.source, lab.target);
  await migration.say('producerWritesBoth');
  const doubled = await migration.at('producerWritesBoth', 'done');
  expect(doubled.says).toMatch(
    /source got \d+ records of .* in 1 of 2 partitions; each has a record of the same key and value on target\./,
  );
  await migration.at('consumerSwitched', 'waiting');
  await before.stop();
  const after = await consume(lab.target, group, [topic]);
  try {
    await migration.say('consumerSwitched');
    await migration.at('oldProducerCodeRemoved', 'waiting');
    await both.stop();
    await migration.say('oldProducerCodeRemoved');
    const removed = await migration.at('oldProducerCodeRemoved', 'done');
    expect(removed.says).toMatch(
      /Each of the \d+ records that came to source after the marks is on target too/,
    );
    await migration.at('soak', 'active');

    await send(lab.source, topic, fresh(9));
    const reopened = await migration.until(({ openedAgain }) => openedAgain !== null);
    expect(reopened.openedAgain).toMatchObject({
      step: 'oldProducerCodeRemoved',
      why: expect.stringMatching(/records came to source: .*\/0 offsets \d+ to \d+ \(9 records\)/),
    });
    await migration.say('oldProducerCodeRemoved');
    const [nine, ...others] = await migration.asked('oldProducerCodeRemoved');
    expect(others).toEqual([]);
    expect(nine?.key).toMatch(`on-source-alone:${topic}+9@`);
    expect(nine?.sentence).toContain(`${group} will not get them`);
    // Nothing was mended: the same question again.
    await migration.say('retry');
    await migration.at('oldProducerCodeRemoved', 'active');
    expect(await migration.asked('oldProducerCodeRemoved')).toEqual([nine]);
    await migration.accept();
    await migration.at('soak', 'active');

    // Who accepts nine accepts no tenth.
    await send(lab.source, topic, fresh(1));
    await migration.at('oldProducerCodeRemoved', 'waiting');
    await migration.say('oldProducerCodeRemoved');
    const [ten] = await migration.asked('oldProducerCodeRemoved');
    expect(ten?.key).toMatch(`on-source-alone:${topic}+10@`);
    expect(await isThere()).toBe(true);
    await migration.accept();
    await migration.at('deletionApproved', 'waiting');
    await migration.say('deletionApproved', { topic });
    expect((await migration.end()).result).toBe('done');
    expect(await isThere()).toBe(false);
  } finally {
    await both.stop();
    await after.stop();
  }
}, 300_000);

test('copies that the target has lost again are asked about, before parity closes and before the deletion', async () => {
  await makeTopic(admin, topic, 1, { 'retention.ms': '-1' });
  for (let batch = 0; batch < 10; batch++) await send(lab.source, topic, fresh(500));
  const reader = await consume(lab.source, group, [topic]);
  const lose = async (offset: number) => {
    const kafkajs = lab.target.kafkajs('admin').admin();
    await kafkajs.connect();
    // kafkajs must have met the topic before it can find its leader.
    await kafkajs.fetchTopicOffsets(topic);
    await kafkajs.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
    await kafkajs.disconnect();
  };
  const at = { topic, partition: 0 };
  const migration = await Followed.start('simpleMirroring');
  await migration.at('producerStopped', 'waiting');
  // The mirror has sealed the partition once, so the first record is at offset 1.
  await eventually(
    async () => (await target.watermarks([at])).get(`${topic}/0`)?.value?.highWatermark,
    (end) => end === 5001n,
    waitMs,
  );
  await eventually(
    async () => (await admin.committedOffsets([group])).get(group)?.value?.get(`${topic}/0`)?.offset,
    (read) => read === 5000n,
    waitMs,
  );
  await reader.stop();
  await lose(3001);
  await migration.say('producerStopped');
  const [lost, ...others] = await migration.asked('parity');
  expect(others).toEqual([]);
  expect(lost).toMatchObject({
    key: `not-compared:${topic}+3000@3000`,
    sentence: expect.stringContaining(`${topic}/0 offsets 0 to 2999 (3,000 records) are on source alone`),
  });
  await migration.accept();
  await migration.at('consumerSwitched', 'waiting');
  await migration.say('consumerSwitched', { override: { reason: 'it is asked elsewhere' } });
  await migration.at('producerSwitched', 'waiting');
  await send(lab.target, topic, fresh(1));
  await migration.say('producerSwitched');
  await migration.at('deletionApproved', 'waiting');

  await lose(3501);
  await migration.say('deletionApproved', { topic });
  const [more] = await migration.asked('deletionApproved');
  expect(more).toMatchObject({
    key: `lost-on-target:${topic}+3500@3500`,
    sentence: expect.stringContaining(`${topic}/0 offsets 0 to 3499 (3,500 records) are on source alone`),
  });
  expect(await isThere()).toBe(true);
  await migration.accept();
  await migration.at('deletionApproved', 'waiting');
  await migration.say('deletionApproved', { topic });
  expect((await migration.end()).result).toBe('done');
}, 300_000);
