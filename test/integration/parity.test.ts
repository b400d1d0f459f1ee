import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs, { type Message } from 'kafkajs';
import { stringify } from 'yaml';
import { parityActivities } from '../../activities/mirror/parity.js';
import type { Lab, LabCluster } from '../../lab/lab.js';
import { ferry } from '../../app/cli/program.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { openRegistries } from '../../app/connections/registries.js';
import { sharedLab } from '../lab/shared.js';
import { connectionOf, run } from './kafka-cluster.js';
import { makeTopic, migrationOf, running, sendInTransaction } from './watching.js';

let lab: Lab;
let clusters: Record<'source' | 'target', Cluster>;
let admins: Record<'source' | 'target', Cluster>;
let watchParity: Activities['watchParity'];

beforeAll(async () => {
  lab = await sharedLab();
  const open = (user: string) => ({
    source: openCluster('source', connectionOf(lab.source, user)),
    target: openCluster('target', connectionOf(lab.target, user)),
  });
  clusters = open('ferry');
  admins = open('admin');
  ({ watchParity } = parityActivities({
    clusters: (name) => clusters[name as 'source' | 'target'],
    registries: openRegistries({}).get,
  }));
});
afterAll(() => Promise.all([...Object.values(clusters), ...Object.values(admins)].map((one) => one.close())));

const nameOf = (what: string) => `parity.${run}.${what}`;
const begun = Date.now() - 3_600_000;
const numbered = (amount: number, from = 0): Message[] =>
  Array.from({ length: amount }, (_, at) => ({
    key: `key ${from + at}`,
    value: `value ${from + at}`.repeat(20),
    headers: { trace: [`a${from + at}`, 'b'], empty: '' },
    timestamp: String(begun + from + at),
    partition: 0,
  }));

async function send(
  there: LabCluster,
  topic: string,
  batches: readonly Message[][],
  compression = kafkajs.CompressionTypes.None,
): Promise<void> {
  const producer = there.kafkajs('admin').producer();
  await producer.connect();
  try {
    for (const messages of batches) await producer.send({ topic, messages, compression });
  } finally {
    await producer.disconnect();
  }
}

async function make(topic: string, config: Record<string, string> = {}): Promise<void> {
  await makeTopic(admins.source, topic, 1, config);
  await makeTopic(admins.target, topic, 1, config);
}

async function tables(topic: string) {
  const end = async (cluster: Cluster) =>
    String((await cluster.watermarks([{ topic, partition: 0 }])).get(`${topic}/0`)!.value!.highWatermark);
  return {
    ends: { [topic]: [await end(admins.source)] },
    mirrored: { [topic]: [await end(admins.target)] },
  };
}

async function input(topic: string) {
  return {
    migration: migrationOf({ name: 'parity', strategy: 'simpleMirroring', topics: [{ name: topic }] }),
    sliceMs: 60_000,
    producersWrite: false,
    ...(await tables(topic)),
  };
}

const parity = async (topic: string) => running(watchParity, await input(topic)).answer;

/** Removes the records before an offset, as retention does. */
async function trim(there: LabCluster, topic: string, offset: number): Promise<void> {
  const admin = there.kafkajs('admin').admin();
  await admin.connect();
  try {
    // Without it this client does not know the leader.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  } finally {
    await admin.disconnect();
  }
}

describe('both clusters are equal', () => {
  test('through other batches, compression, transactions and aborted records', async () => {
    const topic = nameOf('equal');
    await make(topic);
    await send(lab.source, topic, [numbered(50)], kafkajs.CompressionTypes.GZIP);
    await sendInTransaction(lab.source, `${topic}.a`, topic, numbered(30, 50) as never, 'commit');
    await sendInTransaction(lab.source, `${topic}.a`, topic, numbered(30, 900) as never, 'abort');
    await send(lab.source, topic, [numbered(20, 80)]);
    await send(lab.target, topic, [numbered(7), numbered(93, 7)]);
    const answer = await parity(topic);
    expect(answer).toMatchObject({
      state: 'equal',
      sentence: '100 records are equal on both clusters, in the same order.',
      report: { records: '100', differences: [], unverifiable: [] },
    });
    expect(answer).toHaveProperty(['data', 'hashes', topic], expect.stringMatching(/^[0-9a-f]{64}$/));
  });

  test('by the latest record of each key where a topic is compacted', async () => {
    const topic = nameOf('compacted');
    await make(topic, { 'cleanup.policy': 'compact' });
    const of = (key: string, value: string | null, at: number): Message => ({
      key,
      value,
      timestamp: String(begun + at),
      partition: 0,
    });
    await send(lab.source, topic, [[of('a', '1', 1), of('b', '1', 2), of('a', '2', 3), of('c', null, 4)]]);
    await send(lab.target, topic, [[of('b', '1', 2), of('a', '2', 3)]]);
    expect(await parity(topic)).toMatchObject({
      state: 'equal',
      sentence:
        'Of 2 keys of compacted topics both clusters hold the same latest record; in which order was not compared.',
      report: { records: '2', differences: [] },
    });
    await send(lab.target, topic, [[of('b', '2', 5)]]);
    expect(await parity(topic)).toMatchObject({
      state: 'differs',
      report: { differences: [{ source: '1', target: '2' }] },
    });
  });
});

describe('both clusters differ', () => {
  const at = (all: Message[], change: (all: Message[]) => Message[]) => [change(all)];
  const cases: [string, (all: Message[]) => Message[], object[]][] = [
    [
      'by a record that was altered',
      (all) => all.with(40, { ...all[40]!, value: 'something else' }),
      [
        {
          source: '40',
          target: '40',
          what: expect.stringMatching(/^value differs: \d+ bytes \(sha256 \w{16}\)/),
        },
      ],
    ],
    ['by one that is missing', (all) => all.toSpliced(40, 1), [{ source: '40', target: null }]],
    ['by one too much', (all) => all.toSpliced(40, 0, ...numbered(1, 900)), [{ source: null, target: '40' }]],
    [
      'by two in another order',
      (all) => all.with(40, all[41]!).with(41, all[40]!),
      [
        { source: '40', target: '41', what: expect.stringContaining('in another order') },
        { source: '41', target: '40' },
      ],
    ],
  ];
  test.each(cases)('%s', async (what, change, differences) => {
    const topic = nameOf(what.replaceAll(/\W+/g, '-'));
    await make(topic);
    const all = numbered(100);
    await send(lab.source, topic, [all]);
    await send(lab.target, topic, at(all, change));
    const answer = await parity(topic);
    expect(answer).toMatchObject({ state: 'differs', report: { differences } });
    expect(JSON.stringify(answer)).not.toContain('value 4');
  });
});

test('what was removed on one side is unverifiable, and the rest is compared', async () => {
  const topic = nameOf('trimmed');
  await make(topic);
  const all = [numbered(300), numbered(300, 300)];
  await send(lab.source, topic, all);
  await send(lab.target, topic, all);
  await trim(lab.target, topic, 250);
  expect(await parity(topic)).toMatchObject({
    state: 'not-proved',
    report: { records: '350', unverifiable: [{ topic, partition: 0, from: '0', to: '250' }] },
    sentence: expect.stringContaining('1 range could not be compared'),
  });
  await trim(lab.source, topic, 400);
  expect(await parity(topic)).toMatchObject({
    state: 'not-proved',
    report: { records: '200', unverifiable: [{ topic, partition: 0, to: '400' }] },
  });
});

test('a target that has lost all its records is not equal to anything', async () => {
  const topic = nameOf('emptied');
  await make(topic);
  await send(lab.source, topic, [numbered(40)]);
  await send(lab.target, topic, [numbered(40)]);
  await trim(lab.target, topic, 40);
  expect(await parity(topic)).toMatchObject({
    state: 'not-proved',
    sentence: expect.stringMatching(/^No record was compared\. 1 range could not be compared: /),
    report: { records: '0', unverifiable: [{ onSourceAlone: 40 }] },
    findings: [{ weight: 'asks', key: `not-compared:${topic}+40@40` }],
  });
  const { code, text } = await verify(topic, '--json');
  expect(code).toBe(4);
  expect(JSON.parse(text)).toMatchObject({ state: 'not-proved', records: '0' });
});

test('what lies in a partition that the source does not have differs, until producers write to the target', async () => {
  const topic = nameOf('more-partitions');
  await make(topic);
  await send(lab.source, topic, [numbered(5)]);
  await send(lab.target, topic, [numbered(5)]);
  const admin = lab.target.kafkajs('admin').admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
  await admin.disconnect();
  expect(await parity(topic)).toMatchObject({ state: 'equal', report: { records: '5' } });
  await send(lab.target, topic, [numbered(1).map((one) => ({ ...one, partition: 1 }))]);
  expect(await parity(topic)).toMatchObject({
    state: 'differs',
    report: { records: '5', differences: [{ topic, partition: 1, source: null, target: '0' }] },
  });
  const asked = { ...(await input(topic)), producersWrite: true };
  expect(await running(watchParity, asked).answer).toMatchObject({ state: 'equal' });
  expect((await verify(topic)).code).toBe(1);
});

test('goes on from a heartbeat, ends with its slice and when it is cancelled', async () => {
  const topic = nameOf('resumed');
  await make(topic);
  const all = Array.from({ length: 16 }, (_, at) =>
    numbered(200, at * 200).map((one) => ({ ...one, value: Buffer.alloc(1000, String(one.value)) })),
  );
  await send(lab.source, topic, all);
  await send(lab.target, topic, all);
  const asked = await input(topic);
  const whole = (await running(watchParity, asked).answer) as { data: unknown };
  const slice = await running(watchParity, { ...asked, sliceMs: 1 }).answer;
  expect(slice).toMatchObject({ state: 'watching', sentence: expect.stringContaining('compared') });
  const { carry } = slice as { carry: unknown };
  const says = 'lost';
  const resumed = running(watchParity, asked, { heartbeatDetails: { says, at: '', carry } });
  expect(await resumed.answer).toMatchObject({
    state: 'equal',
    report: { records: '3200', differences: [] },
    data: whole.data,
  });
  const cancelled = running(watchParity, asked);
  cancelled.cancel();
  await expect(cancelled.answer).rejects.toThrow('CANCELLED');
});

async function verify(
  topic: string,
  ...words: string[]
): Promise<{ code: number | undefined; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-verify-'));
  const file = join(folder, 'verb.yaml');
  const strategy = words.includes('simplestCase') ? 'simplestCase' : 'simpleMirroring';
  writeFileSync(
    file,
    stringify({ name: topic, source: 'source', target: 'target', topics: [{ name: topic }], strategy }),
  );
  const printed: string[] = [];
  let code: number | undefined;
  const keep = (text: string) => void printed.push(text);
  const flags = words.filter((word) => word.startsWith('--'));
  try {
    await ferry(['verify', '--config', lab.ferryYaml, '--file', file, ...flags], {
      terminal: { print: keep, complain: keep, redraws: false, redraw: keep },
      environment: {},
      end: (with_) => (code = with_),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { code, text: printed.join('\n') };
}

test('ferry verify compares what a migration file names, and says so by its exit code', async () => {
  const topic = nameOf('verb');
  await make(topic);
  await send(lab.source, topic, [numbered(20)]);
  await send(lab.target, topic, [numbered(15)]);
  const differs = await verify(topic);
  expect(differs.code).toBe(1);
  expect(differs.text).toContain(`${topic}/0 source 15 target -: missing on the target`);
  const soFar = await verify(topic, '--so-far', '--json');
  expect(soFar.code).toBe(0);
  expect(JSON.parse(soFar.text)).toMatchObject({
    migration: topic,
    state: 'equal',
    records: '15',
    pending: '5',
    partitions: [{ topic, partition: 0, records: '15', pending: { from: '15', to: '20' } }],
  });
  const refused = await verify(topic, 'simplestCase');
  expect(refused.code).toBe(2);
  expect(refused.text).toContain('takes no history along');
});
