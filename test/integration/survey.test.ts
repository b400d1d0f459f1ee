import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { parse, stringify } from 'yaml';
import { freePorts } from '../../lab/host/ports.js';
import type { Lab } from '../../lab/lab.js';
import { parseInventory, type Inventory } from '../../src/inventory/inventory.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import { surveyId } from '../../src/migration/messages.js';
import { unpackSeen } from '../../src/migration/packed-survey.js';
import type { Status } from '../../src/migration/status.js';
import { surveyQuery } from '../../src/migration/survey.js';
import type { SurveyAnswer } from '../../src/migration/survey-state.js';
import { eventually } from '../eventually.js';
import { WorkerProcess } from '../hands/ferry.js';
import { sharedLab } from '../lab/shared.js';
import { runFerry } from './command-line.js';
import { connectionOf, run } from './kafka-cluster.js';

const watched = `watched-${run}`;
const locked = `locked-${run}`;
const seldom = `survey.${run}.seldom`;
const still = `survey.${run}.still`;
const both = `survey.${run}.both`;
const group = `survey.${run}.comes-and-goes\u001b[31m`;

let lab: Lab;
let admin: Cluster;
let folder: string;
let connection: Connection;
let client: Client;

interface ConfigFile {
  temporal: { taskQueue?: string };
  clusters: Record<string, { sasl?: { passwordFile?: string; password?: string } }>;
  worker?: { health: string };
}

beforeAll(async () => {
  lab = await sharedLab();
  folder = mkdtempSync(join(tmpdir(), 'ferry-survey-'));
  const config = parse(readFileSync(lab.ferryYaml, 'utf8')) as ConfigFile;
  const [port] = await freePorts(1);
  // Names and a queue of its own: no other test's survey or worker is met.
  config.temporal.taskQueue = `survey-${run}`;
  config.worker = { health: `127.0.0.1:${port ?? 0}` };
  const { source } = config.clusters;
  if (!source) throw new Error('the lab has no source');
  config.clusters[watched] = source;
  config.clusters[locked] = {
    ...source,
    sasl: { ...source.sasl, passwordFile: undefined, password: 'hunter2' },
  };
  writeFileSync(join(folder, 'ferry.yaml'), stringify(config));
  admin = openCluster('source', connectionOf(lab.source, 'admin'));
  const made = await admin.createTopics(
    [seldom, still, both].map((name) => ({ name, partitions: 2, replicationFactor: 1, config: {} })),
  );
  expect([...made.values()].flatMap(({ error }) => error ?? [])).toEqual([]);
  connection = await Connection.connect({ address: lab.temporal.address });
  client = new Client({ connection, namespace: lab.temporal.namespace });
});

afterAll(async () => {
  for (const name of [watched, locked])
    await client.workflow
      .getHandle(surveyId(name))
      .terminate()
      .catch(() => undefined);
  await connection.close();
  await admin.close();
  rmSync(folder, { recursive: true });
});

async function ferryOf(...words: string[]) {
  const { code, out, err } = await runFerry(join(folder, 'ferry.yaml'), words);
  return { code, out, err: err.join('\n') };
}

const startWorker = () => WorkerProcess.start({ ...lab, ferryYaml: join(folder, 'ferry.yaml') });
const seenNow = async () =>
  unpackSeen((await client.workflow.getHandle(surveyId(watched)).query<SurveyAnswer>(surveyQuery)).seen);
const until = (holds: (seen: Awaited<ReturnType<typeof seenNow>>) => boolean) => eventually(seenNow, holds);
/** Two, so that one of them was begun after now. */
const twoLooks = async () => {
  const { looks } = await seenNow();
  await until((seen) => seen.looks >= looks + 2);
};

async function inventoryOf(...words: string[]): Promise<{ inventory: Inventory; out: string }> {
  const file = join(folder, 'inventory.json');
  const { code, err, out } = await ferryOf('scan', '--survey', watched, '--out', file, ...words);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const { inventory, mistake } = parseInventory(JSON.parse(readFileSync(file, 'utf8')));
  if (!inventory) throw new Error(mistake);
  return { inventory, out };
}

test('before anything is started: a wrong name, and a survey that is not there, are one sentence', async () => {
  expect(await ferryOf('scan', 'nowhere', '--for', '7d')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^ferry\.yaml has no cluster "nowhere"; it has .*\.$/),
  });
  for (const more of [['--stop'], []])
    expect(await ferryOf('scan', '--survey', watched, ...more)).toEqual({
      ...{ code: 2, out: '' },
      err: `There is no survey of ${watched} that Temporal still knows: ferry scan ${watched} --for 7d starts one.`,
    });
});

test('a group that comes and goes, and a producer that writes between two looks, are in its inventory', async () => {
  const started = await ferryOf(
    'scan',
    watched,
    '--for',
    '2h',
    '--every',
    '1s',
    '--topics',
    `survey.${run}.*`,
  );
  expect(started).toMatchObject({
    ...{ code: 0, err: '' },
    out: expect.stringContaining(`Started survey/${watched}: it looks at ${watched} every 1s for 2h.`),
  });
  expect(started.out).toContain(`No worker has asked queue survey-${run}`);
  expect(await ferryOf('scan', watched, '--for', '2h')).toMatchObject({
    code: 2,
    err: expect.stringContaining(`survey/${watched} runs already`),
  });

  let worker = await startWorker();
  try {
    await until(({ looks }) => looks > 0);
    const producer = lab.source.kafkajs('admin').producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await producer.send({ topic: seldom, messages: [{ value: 'one' }, { value: 'two' }] });
    await until(({ topics }) => topics.get(seldom)?.written === 2n);

    const consumer = lab.source.kafkajs('admin').consumer({ groupId: group, sessionTimeout: 30_000 });
    await consumer.connect();
    await consumer.subscribe({ topics: [seldom, both], fromBeginning: true });
    await consumer.run({ eachMessage: async () => undefined });
    await until(({ groups }) => groups.get(group)?.lastMembers !== undefined);
    await producer.send({ topic: both, messages: [{ partition: 0, value: 'one' }] });
    await producer.disconnect();
    await until(({ groups }) => groups.get(group)?.lastMoved !== undefined);
    await consumer.disconnect();
    const gone = await eventually(
      () => admin.deleteGroups([group]),
      (rows) => rows.get(group)?.error === undefined,
    );
    expect(gone.get(group)?.error).toBeUndefined();
    await until(({ groups, lastGroups }) => (groups.get(group)?.lastSeen ?? lastGroups) < lastGroups);

    // A worker that is gone costs looks, and nothing that was seen.
    await worker.stop();
    worker = await startWorker();
    await twoLooks();

    const status = JSON.parse((await ferryOf('status', `survey/${watched}`, '--json')).out) as Status;
    expect(status).toMatchObject({ name: `survey/${watched}`, strategy: 'survey', state: 'running' });
    expect((await ferryOf('status', `survey/${watched}`)).out).toMatch(
      new RegExp(`^survey/${watched}: survey, running`),
    );

    const { inventory, out } = await inventoryOf('--topics', `survey.${run}.*`);
    const topics = new Map(inventory.topics.map((topic) => [topic.name, topic]));
    expect(topics.get(seldom)).toMatchObject({
      rate: { value: 0 },
      overTime: {
        value: {
          written: { value: { first: expect.any(Number), last: expect.any(Number), records: 2 } },
          producers: { value: [{ transactional: false }] },
        },
      },
    });
    expect(topics.get(still)?.overTime?.value?.written).toEqual({
      value: { first: null, last: null, records: 0, peak: 0 },
    });
    const left = inventory.groups.value?.find((one) => one.group === group);
    expect(left).toMatchObject({
      state: 'dead',
      members: { value: [] },
      committed: { value: [{ topic: both }, { topic: seldom }] },
      overTime: {
        value: { moved: { value: { last: expect.any(Number) } }, lastMembers: { value: expect.any(Number) } },
      },
    });
    expect(inventory.survey).toMatchObject({ running: true, everySeconds: 1, missed: { count: 0 } });
    expect(out).toContain(`Groups that have left: "survey.${run}.comes-and-goes\\u001b[31m"`);
    expect(out).toContain(`Written to, and not now: ${both}, ${seldom}`);

    // What it read moves together, and it is asked for.
    const advised = await ferryOf('advise', join(folder, 'inventory.json'), '--topic', seldom, '--json');
    expect(JSON.parse(advised.out)).toMatchObject({
      sets: [
        {
          topics: [both, seldom],
          groups: [group],
          warnings: expect.arrayContaining([expect.stringContaining('ask whether it comes back')]),
        },
      ],
    });

    expect(await ferryOf('scan', '--survey', watched, '--stop')).toEqual({
      ...{ code: 0, err: '' },
      out: `survey/${watched}: ends, and keeps what it has seen`,
    });
    await client.workflow.getHandle(surveyId(watched)).result();
    const after = await inventoryOf('--topics', `survey.${run}.*`);
    expect(after.inventory.survey).toMatchObject({ running: false });
    expect(after.inventory.groups.value?.find((one) => one.group === group)?.state).toBe('dead');
    expect(await ferryOf('scan', '--survey', watched, '--stop')).toMatchObject({
      code: 2,
      err: `survey/${watched} has ended already.`,
    });
  } finally {
    await worker.stop();
  }
});

test('looks that cannot see the cluster are told with why, and the survey goes on', async () => {
  const worker = await startWorker();
  try {
    expect(await ferryOf('scan', locked, '--for', '2h', '--every', '1s')).toMatchObject({ code: 0 });
    const handle = client.workflow.getHandle(surveyId(locked));
    const { missed } = await eventually(
      () => handle.query<SurveyAnswer>(surveyQuery),
      (answer) => answer.missed.count >= 2,
    );
    expect(missed.latest[0]?.why).toContain('scram-sha-512, user "ferry"');
    expect(JSON.stringify(missed)).not.toContain('hunter2');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect((await ferryOf('abort', `survey/${locked}`)).code).toBe(0);
    expect(await handle.result()).toMatchObject({ result: 'done' });
  } finally {
    await worker.stop();
  }
});
