import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setQuota } from '../../lab/kafka/quotas.js';
import type { Lab } from '../../lab/lab.js';
import { parseInventory } from '../../src/inventory/inventory.js';
import { scan } from '../../src/inventory/scan.js';
import { openCluster } from '../../src/kafka/open.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { runFerry } from './command-line.js';
import { connectionOf, run } from './kafka-cluster.js';

const plain = `scan.${run}.plain`;
const schemas = `scan.${run}.schemas`;
const compacted = `scan.${run}.compacted`;
const both = `scan.${run}.both\u001b[31m`;

const limited = `scan-${run}`;

let lab: Lab;
let admin: Cluster;
let folder: string;

/** Young enough for a retention of an hour. */
const writtenAt = Date.now() - 60_000;

beforeAll(async () => {
  lab = await sharedLab();
  folder = mkdtempSync(join(tmpdir(), 'ferry-scan-'));
  admin = openCluster('source', connectionOf(lab.source, 'admin'));
  const made = await admin.createTopics([
    { name: plain, partitions: 2, replicationFactor: 1, config: { 'retention.ms': '3600000' } },
    { name: schemas, partitions: 1, replicationFactor: 1, config: {} },
    { name: compacted, partitions: 1, replicationFactor: 1, config: { 'cleanup.policy': 'compact' } },
  ]);
  expect([...made.values()].flatMap(({ error }) => error ?? [])).toEqual([]);
  await setQuota(lab.source, { user: limited, clientId: 'any' }, { producer_byte_rate: 1_000_000 });
  const producer = lab.source.kafkajs('admin').producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({
    topic: plain,
    messages: [0, 1, 0].map((partition) => ({ partition, value: 'plain', timestamp: String(writtenAt) })),
  });
  await producer.send({ topic: schemas, messages: [{ value: Buffer.from([0, 0, 0, 0, 42, 1]) }] });
  await producer.disconnect();
  const commits = [
    { topic: plain, partition: 0, offset: 1n },
    { topic: schemas, partition: 0, offset: 1n },
  ];
  const rows = await admin.commitOffsets(both, commits);
  expect([...rows.values()].flatMap(({ error }) => error ?? [])).toEqual([]);
});

afterAll(async () => {
  await admin.close();
  rmSync(folder, { recursive: true });
});

async function ferryOf(...words: string[]) {
  const { code, out, err } = await runFerry(lab.ferryYaml, words);
  return { code, out, err: err.join('\n') };
}

test('a cluster is scanned, advised about, and its files are accepted by the plan', async () => {
  const file = join(folder, 'inventory.json');
  const scanned = await ferryOf('scan', 'source', '--topics', `scan.${run}.*`, '--out', file);
  expect(scanned).toMatchObject({ code: 0, err: '' });

  const { inventory } = parseInventory(JSON.parse(readFileSync(file, 'utf8')));
  const topics = new Map(inventory?.topics.map((topic) => [topic.name, topic]));
  expect([...topics.keys()]).toEqual([compacted, plain, schemas]);
  expect(topics.get(plain)).toMatchObject({
    partitions: 2,
    replication: 1,
    config: { value: { 'retention.ms': '3600000' } },
    records: { value: 3 },
    oldest: { value: writtenAt },
    newest: { value: writtenAt },
    schemas: { value: { sampled: 3, ids: [] } },
    producers: { value: [{ transactional: false }] },
    compacted: { value: false },
    bytes: { value: expect.any(Number) },
  });
  expect(topics.get(plain)?.bytes.value).toBeGreaterThan(0);
  expect(topics.get(schemas)?.schemas).toEqual({
    value: { sampled: 1, ids: [42], subjects: { unknown: expect.stringContaining('--registry') } },
  });
  expect(inventory?.quotas.value).toContainEqual({
    entity: expect.arrayContaining([{ type: 'user', name: limited }]),
    limits: { producer_byte_rate: 1_000_000 },
  });
  expect(inventory?.connectors.unknown).toContain('--connect');
  expect(topics.get(compacted)).toMatchObject({ compacted: { value: true }, records: { value: 0 } });
  expect(inventory?.groups.value?.find(({ group }) => group === both)).toMatchObject({
    state: 'empty',
    committed: {
      value: expect.arrayContaining([
        { topic: plain, lag: { unknown: 'the group has committed nothing on 1 partition with records' } },
        { topic: schemas, lag: { value: 0 } },
      ]),
    },
    moved: { value: false },
  });

  // What nobody has answered is no "no".
  const unanswered = await ferryOf('advise', file, '--topic', plain, '--json');
  expect(unanswered.code).toBe(3);
  expect(JSON.parse(unanswered.out)).toMatchObject({
    sets: [{ topics: [plain, schemas], groups: [both], recommended: null }],
  });

  const questions = await ferryOf('advise', file, '--ask');
  const answers = join(folder, 'answers.yaml');
  writeFileSync(
    answers,
    questions.out
      .replaceAll(/(historyNeeded): .*/g, '$1: no')
      .replaceAll(/(producersOurs|consumersOurs|mayPause): .*/g, '$1: yes'),
  );
  const write = join(folder, 'written');
  const advised = await ferryOf(
    'advise',
    file,
    answers,
    '--topic',
    plain,
    '--write',
    write,
    '--target',
    'target',
  );
  expect(advised).toMatchObject({ code: 0, err: '' });
  expect(advised.out).toContain('simplestCase fits');
  const written = join(write, `${plain}.yaml`);
  expect(readFileSync(written, 'utf8')).toContain('# no history needed: yes (answered');

  // It is a file without a mistake: the plan asks nothing, but about the principal of Kafka Connect, if another test has it
  // in this lab: it may read every topic.
  const planned = await ferryOf('plan', written, '--json');
  const { findings, will } = JSON.parse(planned.out) as {
    findings: { weight: string; sentence: string }[];
    will: string[];
  };
  const asked = findings.filter(({ weight }) => weight !== 'notes');
  expect(asked.filter(({ sentence }) => !sentence.includes('User:connect'))).toEqual([]);
  expect(planned.code).toBe(asked.length > 0 ? 3 : 0);
  expect(will.join('\n')).toContain(`Create ${plain} on target with 2 partitions`);

  // A file that a person may have filled in is never written over.
  const again = await ferryOf('advise', file, answers, '--topic', plain, '--write', write);
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
});

test('a group whose commits move while it has no member is seen to do so, with the topics written meanwhile', async () => {
  const inventory = await scan(admin, {
    glob: plain,
    // Everything happens between the two looks.
    pause: async () => {
      await admin.commitOffsets(both, [{ topic: plain, partition: 0, offset: 2n }]);
    },
  });
  expect(inventory.groups.value?.find(({ group }) => group === both)).toMatchObject({
    moved: { value: true },
    movesWithoutMembers: { value: true },
    lastMoved: { value: expect.any(Number) },
  });
});

test('requests do not grow with topics', async () => {
  const more = Array.from({ length: 40 }, (_, index) => `scan.${run}.more-${index}`);
  await admin.createTopics(more.map((name) => ({ name, partitions: 3, replicationFactor: 1, config: {} })));
  // A broker that has yet to learn of a topic is asked again, which is no growth.
  const partitions = more.flatMap((topic) => [0, 1, 2].map((partition) => ({ topic, partition })));
  await eventually(
    () => admin.watermarks(partitions),
    (rows) => [...rows.values()].every(({ value }) => value !== undefined),
  );
  const sent = async (glob: string) => {
    const cluster = openCluster('source', connectionOf(lab.source, 'admin'));
    try {
      await scan(cluster, { glob, pause: async () => undefined });
      return Object.values(cluster.requests()).reduce((sum, one) => sum + one, 0);
    } finally {
      await cluster.close();
    }
  };
  const one = await sent(more[0] ?? '');
  expect(await sent(`scan.${run}.more-*`)).toBeLessThanOrEqual(one + 5);
});

test('what may not be seen is unknown with its reason, and the scan goes on', async () => {
  const blind = openCluster('source', connectionOf(lab.source, 'billing'));
  try {
    const inventory = await scan(blind, { betweenMs: 0, pause: async () => undefined });
    expect(inventory.acls).toEqual({ unknown: expect.stringContaining('DESCRIBE on the cluster') });
    // Kafka lists some of the groups, without a word of the others.
    expect(inventory.groups.value?.map(({ group }) => group)).not.toContain(both);
    expect(inventory.hidden).toContainEqual({
      what: 'groups',
      unknown: expect.stringContaining('only those groups that the ferry may describe'),
    });
  } finally {
    await blind.close();
  }
});
