import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Admin } from 'kafkajs';
import type { Lab } from '../../lab/lab.js';
import {
  type ConsumerConfig,
  type LedgerConsumer,
  type LedgerProducer,
  ledgerVerdict,
  type ProducerConfig,
  settledVerdict,
  type Side,
  startConsumer,
  startProducer,
} from '../../lab/ledger/ledger.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';

const groups = ['billing', 'shipping', 'audit'] as const;
const sides = ['source', 'target'] as const;

let lab: Lab;
let admins: Record<Side, Admin>;
let folder: string;
let topic: string;
let running: (LedgerProducer | LedgerConsumer)[];
let runs = 0;

beforeAll(async () => {
  lab = await sharedLab();
  admins = { source: lab.source.kafkajs('admin').admin(), target: lab.target.kafkajs('admin').admin() };
  await Promise.all(sides.map((side) => admins[side].connect()));
});

afterAll(() => Promise.all(sides.map((side) => admins[side].disconnect())));

beforeEach(async () => {
  await mkdir(join(lab.folder, 'ledger'), { recursive: true });
  folder = await mkdtemp(join(lab.folder, 'ledger', 'run-'));
  topic = `ledger-${Date.now().toString(36)}-${++runs}`;
  running = [];
  for (const side of sides) {
    await admins[side].createTopics({ topics: [{ topic, numPartitions: 3 }] });
    for (const user of ['orders-web', 'orders-batch'])
      await lab[side].allow(user, { write: [topic], transactionalIds: [`ledger-${user}`] });
    for (const user of groups) await lab[side].allow(user, { read: [topic], groups: [groupOf(user)] });
  }
});

afterEach(async () => {
  await Promise.all(running.map((application) => application.kill()));
  await rm(folder, { recursive: true });
});

const connection = (side: Side, user: string) => {
  const { sasl, tls } = lab[side].clients[user] ?? {};
  return { bootstrap: lab[side].bootstrap, sasl, tls };
};

const groupOf = (user: string) => `${topic}-${user}`;

async function produce(
  name: 'orders-web' | 'orders-batch',
  config: Partial<ProducerConfig> = {},
): Promise<LedgerProducer> {
  const at = (side: Side) => ({ connection: connection(side, name), topic });
  const application = await startProducer({
    name,
    folder,
    source: at('source'),
    target: at('target'),
    keys: 20,
    ...(name === 'orders-batch' && { transactions: { share: 0.5, aborted: 0.25 } }),
    ...config,
  });
  running.push(application);
  return application;
}

async function consume(
  user: (typeof groups)[number],
  config: Partial<ConsumerConfig> = {},
): Promise<LedgerConsumer> {
  const at = (side: Side) => ({ connection: connection(side, user), topics: [topic] });
  const application = await startConsumer({
    group: groupOf(user),
    folder,
    source: at('source'),
    target: at('target'),
    ...config,
  });
  running.push(application);
  return application;
}

const both = (rate: number) =>
  Promise.all([produce('orders-web', { rate, headers: true }), produce('orders-batch', { rate })]);
const three = () => Promise.all(groups.map((user) => consume(user)));

const acknowledges = (producer: LedgerProducer, more: number) =>
  producer.status().then(({ acknowledged }) =>
    eventually(
      () => producer.status(),
      (status) => status.acknowledged >= acknowledged + more,
    ),
  );

const caughtUp = () =>
  eventually(
    () => ledgerVerdict({ folder, strategy: 'simplestCase' }),
    ({ lost }) => lost === 0,
  );

/** What a migration must do before producers write to the target: without it the groups start at its end. */
const seedTarget = async () => {
  const partitions = await admins.target.fetchTopicOffsets(topic);
  for (const user of groups)
    await admins.target.setOffsets({
      groupId: groupOf(user),
      topic,
      partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })),
    });
};

async function runSimplestCase(): Promise<void> {
  const consumers = await three();
  const producers = await both(1_000);
  await Promise.all(producers.map((producer) => acknowledges(producer, 500)));
  await Promise.all(producers.map((producer) => producer.switch()));
  await Promise.all(producers.map((producer) => acknowledges(producer, 500)));
  await eventually(
    async () => {
      const written = await Promise.all(producers.map((producer) => producer.status()));
      const read = await Promise.all(consumers.map((consumer) => consumer.status()));
      const onSource = written.reduce((sum, { acknowledgedBy }) => sum + acknowledgedBy.source, 0);
      return read.every(({ processedFrom }) => processedFrom.source === onSource);
    },
    (drained) => drained,
  );
  expect(await Promise.all(consumers.map((consumer) => consumer.switch()))).toEqual(
    groups.map(() => ({ uncommitted: 0 })),
  );
  await Promise.all(producers.map((producer) => acknowledges(producer, 500)));
  await Promise.all(producers.map((producer) => producer.stop()));
}

describe('on sound clusters the ledger is clean', () => {
  it('through a source broker killed and started again under load', async () => {
    const consumers = await three();
    const [web, batch] = await Promise.all([
      produce('orders-web'),
      produce('orders-batch', { batchSize: 200 }),
    ]);
    await Promise.all([acknowledges(web, 3_000), acknowledges(batch, 3_000)]);
    await lab.source.kill();
    try {
      const { problem } = await eventually(
        () => web.status(),
        (status) => status.problem !== null,
      );
      expect(problem).toMatch(/^The source \(127.0.0.1:\d+\) did not let orders-web write to /);
    } finally {
      await lab.source.start();
    }
    await Promise.all([acknowledges(web, 15_000), acknowledges(batch, 15_000)]);
    await Promise.all([web.stop(), batch.stop()]);
    const verdict = await settledVerdict({ folder, strategy: 'simplestCase', groups: groups.map(groupOf) });
    expect(verdict).toMatchObject({
      promiseHeld: true,
      faults: [],
      lost: 0,
      duplicates: 0,
      reordered: 0,
      abortedSeen: 0,
    });
    expect(verdict.produced.acknowledged + verdict.produced.uncertain).toBeGreaterThanOrEqual(30_000);
    expect(verdict.produced.aborted).toBeGreaterThan(0);
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  });

  it('when producers switch, and consumers follow to where their offsets were committed before', async () => {
    await seedTarget();
    await runSimplestCase();
    const verdict = await settledVerdict({ folder, strategy: 'simplestCase' });
    expect(verdict).toMatchObject({ promiseHeld: true, faults: [] });
    expect(verdict.produced.to.source).toBeGreaterThan(0);
    expect(verdict.produced.to.target).toBeGreaterThan(0);
    expect(verdict.produced.to.both).toBe(0);
  });

  it('when producers write both, then groups move, then the old writing stops', async () => {
    const consumers = await three();
    const producers = await both(1_000);
    await Promise.all(producers.map((producer) => acknowledges(producer, 300)));
    await seedTarget();
    await Promise.all(producers.map((producer) => producer.writeBoth()));
    await Promise.all(producers.map((producer) => acknowledges(producer, 500)));
    await Promise.all(consumers.map((consumer) => consumer.switch()));
    await Promise.all(producers.map((producer) => producer.stopOld()));
    await Promise.all(producers.map((producer) => acknowledges(producer, 300)));
    await Promise.all(producers.map((producer) => producer.stop()));
    const verdict = await settledVerdict({ folder, strategy: 'doubleProducer' });
    expect(verdict).toMatchObject({ promiseHeld: true, faults: [] });
    expect(Object.values(verdict.produced.to).every((count) => count > 0)).toBe(true);
    expect(verdict.duplicatesAllowed).toBeGreaterThan(0);
    expect(await ledgerVerdict({ folder, strategy: 'simplestCase' })).toMatchObject({
      promiseHeld: false,
      duplicates: verdict.duplicatesAllowed,
    });
  });

  it('when groups read both, then producers switch, then the old reading stops', async () => {
    const consumers = await three();
    const producers = await both(1_000);
    await Promise.all(producers.map((producer) => acknowledges(producer, 300)));
    await Promise.all(consumers.map((consumer) => consumer.readBoth()));
    await Promise.all(producers.map((producer) => producer.switch()));
    await Promise.all(producers.map((producer) => acknowledges(producer, 300)));
    await Promise.all(producers.map((producer) => producer.stop()));
    await caughtUp();
    for (const consumer of consumers) expect(await consumer.stopOld()).toEqual({ uncommitted: 0 });
    expect((await consumers[0]?.status())?.reads).toEqual(['target']);
    const verdict = await settledVerdict({ folder, strategy: 'doubleConsumers' });
    expect(verdict).toMatchObject({ promiseHeld: true, faults: [], duplicates: 0 });
  });

  it('when a producer in the middle of its transactions and a consumer are killed and started again', async () => {
    const [consumer, producer] = [await consume('billing'), await produce('orders-batch', { rate: 2_000 })];
    await acknowledges(producer, 1_000);
    await Promise.all([consumer.kill(), producer.kill()]);
    await expect(producer.status()).rejects.toThrow(
      /^The producer orders-batch has ended \(SIGKILL\); its log is /,
    );
    const [again, next] = [await consume('billing'), await produce('orders-batch', { rate: 2_000 })];
    await acknowledges(next, 1_000);
    await next.stop();
    const verdict = await settledVerdict({ folder, strategy: 'simplestCase' });
    expect(verdict).toMatchObject({ promiseHeld: true, faults: [] });
    expect(verdict.produced.acknowledged).toBeGreaterThanOrEqual(2_000);
    expect((await again.stop()).uncommitted).toBe(0);
  });
});

describe('the ledger catches', () => {
  it('groups whose offsets nobody committed on the target', async () => {
    await runSimplestCase();
    const verdict = await settledVerdict({ folder, strategy: 'simplestCase', quietMs: 2_000 });
    expect(verdict.promiseHeld).toBe(false);
    expect(verdict.groups.map(({ lost }) => lost > 0)).toEqual([true, true, true]);
  });

  it.each(['forward', 'back'] as const)('an offset that was reset %s', async (way) => {
    const producer = await produce('orders-web', { total: 2_000 });
    const consumer = await consume('audit', { fromBeginning: true });
    await eventually(
      () => producer.status(),
      ({ finished }) => finished,
    );
    await caughtUp();
    expect((await consumer.stop()).uncommitted).toBe(0);
    await producer.stop();
    const more = await produce('orders-web', { total: 1_000 });
    await eventually(
      () => more.status(),
      ({ finished }) => finished,
    );
    await more.stop();
    await admins.source.resetOffsets({ groupId: groupOf('audit'), topic, earliest: way === 'back' });
    const again = await consume('audit', { fromBeginning: way === 'back' });
    const verdict = await settledVerdict({
      folder,
      strategy: 'simplestCase',
      quietMs: way === 'forward' ? 2_000 : 30_000,
    });
    expect(verdict.promiseHeld).toBe(false);
    expect([verdict.lost, verdict.duplicates]).toEqual(way === 'forward' ? [1_000, 0] : [0, 2_000]);
    await again.stop();
  });
});

describe('an application', () => {
  it('says in one sentence that it lacks an ACL, and goes on once it has it', async () => {
    const denied = { connection: connection('target', 'orders-web'), topic: 'ledger-denied' };
    await admins.target.createTopics({ topics: [{ topic: denied.topic }] });
    await expect(
      consume('billing', {
        reads: 'target',
        target: { connection: connection('target', 'billing'), topics: [denied.topic] },
      }),
    ).rejects.toThrow(
      /^The target \(.*\) did not let the client read ledger-denied as the group .*: TOPIC_AUTHORIZATION_FAILED\.$/,
    );
    const producer = await produce('orders-web', { writes: 'target', target: denied });
    const { problem } = await eventually(
      () => producer.status(),
      (status) => status.problem !== null,
    );
    expect(problem).toMatch(
      /^The target \(.*\) did not let the client write to ledger-denied: TOPIC_AUTHORIZATION_FAILED\.$/,
    );
    await lab.target.allow('orders-web', { write: [denied.topic] });
    await acknowledges(producer, 100);
    expect((await producer.stop()).problem).toBeNull();
  });

  it('ends when the process that drives it is killed', async () => {
    const config: ProducerConfig = {
      name: 'orders-web',
      folder,
      rate: 100,
      source: { connection: connection('source', 'orders-web'), topic },
    };
    const driver = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--input-type=module',
        '--eval',
        `const { startProducer } = await import('./lab/ledger/ledger.ts');
         const { pid } = await startProducer(JSON.parse(process.env.LEDGER_PRODUCER));
         console.log(pid);`,
      ],
      {
        env: { ...process.env, LEDGER_PRODUCER: JSON.stringify(config) },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const pid = await new Promise<number>((resolve) =>
      driver.stdout.once('data', (line: Buffer) => resolve(Number(line.toString()))),
    );
    expect(isAlive(pid)).toBe(true);
    driver.kill('SIGKILL');
    await eventually(
      async () => isAlive(pid),
      (alive) => !alive,
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
