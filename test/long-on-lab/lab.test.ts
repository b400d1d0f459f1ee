import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import kafkajs, { type Kafka } from 'kafkajs';
import { parse } from 'yaml';
import { attachLab, type Lab, type LabCluster, startLab } from '../../lab/lab.js';
import { CertificateAuthority } from '../../lab/kafka/certificates.js';
import { sharedLab } from '../lab/shared.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } =
  kafkajs;
const anyAcl = {
  resourceType: AclResourceTypes.ANY,
  resourcePatternType: ResourcePatternTypes.ANY,
  operation: AclOperationTypes.ANY,
  permissionType: AclPermissionTypes.ANY,
};
// What is refused is refused at once; trying again only takes time.
const noRetry = { retry: { retries: 0 } };
// How kafkajs words the broker's GROUP_AUTHORIZATION_FAILED.
const NO_COORDINATOR = 'Failed to find group coordinator';

let lab: Lab;
beforeAll(async () => {
  lab = await sharedLab();
});

const clusters = ['source', 'target'] as const;

describe.each(clusters)('the %s cluster', (name) => {
  const granted = `lab.granted.${name}`;
  const ungranted = `lab.ungranted.${name}`;
  let cluster: LabCluster;

  beforeAll(async () => {
    cluster = lab[name];
    await withAdmin(cluster.kafkajs('admin'), (admin) =>
      admin.createTopics({ topics: [{ topic: granted }, { topic: ungranted }], waitForLeaders: true }),
    );
    await cluster.allow('orders-web', { write: [granted] });
    await cluster.allow('billing', { read: [granted], groups: ['billing'] });
  });

  test('lets an application do what it was granted', async () => {
    await send(cluster.kafkajs('orders-web'), granted, 'hello');
    expect(await readOne(cluster.kafkajs('billing'), granted, 'billing')).toBe('hello');
  });

  test('denies a topic, a direction and a group that were not granted', async () => {
    await expect(send(cluster.kafkajs('orders-web', noRetry), ungranted, 'no')).rejects.toThrow(
      /[Nn]ot authorized/,
    );
    await expect(send(cluster.kafkajs('billing', noRetry), granted, 'no')).rejects.toThrow(
      /[Nn]ot authorized/,
    );
    await expect(readOne(cluster.kafkajs('billing'), granted, 'shipping')).rejects.toThrow(NO_COORDINATOR);
  });

  test('denies the ferry what no migration needs', async () => {
    const brokerSetting = withAdmin(cluster.kafkajs('ferry', noRetry), (admin) =>
      admin.alterConfigs({
        validateOnly: true,
        resources: [{ type: ConfigResourceTypes.BROKER, name: '1', configEntries: [] }],
      }),
    );
    await expect(brokerSetting).rejects.toThrow(/[Aa]uthorization failed/);
    // It mirrors to the target, and writes nowhere else.
    const write = send(cluster.kafkajs('ferry', noRetry), granted, 'no');
    if (cluster.name === 'source') await expect(write).rejects.toThrow(/[Nn]ot authorized/);
    else await write;
  });

  test('shows the ferry the ACLs and the groups of others', async () => {
    await withAdmin(cluster.kafkajs('ferry'), async (admin) => {
      const { resources } = await admin.describeAcls(anyAcl);
      const writers = resources
        .filter(({ resourceName }) => resourceName === granted)
        .flatMap(({ acls }) => acls);
      expect(writers.map(({ principal }) => principal)).toContain(cluster.clients['orders-web']?.principal);
      expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).toContain('billing');
    });
  });

  test('keeps address and data when its broker is killed and started again', async () => {
    await send(cluster.kafkajs('orders-web'), granted, 'before the crash');
    const before = await endOffset(cluster, granted);
    await cluster.kill();
    expect(cluster.isRunning()).toBe(false);
    await expect(endOffset(cluster, granted)).rejects.toThrow();
    await cluster.start();
    expect(await endOffset(cluster, granted)).toBe(before);
    await send(cluster.kafkajs('orders-web'), granted, 'after the crash');
    expect(await endOffset(cluster, granted)).toBe(before + 1n);
  });

  test("gives client files that Kafka's own tools take", async () => {
    const { stdout } = await labCommand('status', '--name', 'test', '--json');
    const status = JSON.parse(stdout) as {
      kafkaTools: { command: string; classes: { topics: string } };
      clusters: Record<string, { bootstrap: string[]; clients: Record<string, { java: string }> }>;
    };
    const { bootstrap, clients } = status.clusters[name]!;
    const { command, classes } = status.kafkaTools;
    const listing = await promisify(execFile)('sh', [
      '-c',
      `${command} ${classes.topics} --list --bootstrap-server ${bootstrap.join()} --command-config ${clients['billing']!.java}`,
    ]);
    const topics = listing.stdout.trim().split('\n');
    expect(topics).toContain(granted);
    expect(topics).not.toContain(ungranted);
  });
});

test('the source refuses a user it does not know', async () => {
  const { source } = lab;
  const stranger = source.kafkajs('ferry', {
    ...once,
    sasl: { mechanism: 'scram-sha-512', username: 'stranger', password: 'guessed' },
  });
  await expect(endOffsetAs(stranger, 'lab.granted.source')).rejects.toThrow(/authentication/i);
});

test('the target refuses who has no certificate, or one from elsewhere', async () => {
  const ca = await readFile(lab.target.clients['ferry']!.tls!.ca, 'utf8');
  await expect(
    endOffsetAs(lab.target.kafkajs('ferry', { ...once, ssl: { ca } }), 'lab.granted.target'),
  ).rejects.toThrow();
  const elsewhere = await (await CertificateAuthority.create('elsewhere')).issueClient('ferry');
  await expect(
    endOffsetAs(
      lab.target.kafkajs('ferry', { ...once, ssl: { ca, cert: elsewhere.certificate, key: elsewhere.key } }),
      'lab.granted.target',
    ),
  ).rejects.toThrow();
});

test('the two clusters have ids of their own', async () => {
  const ids = await Promise.all(
    clusters.map((name) =>
      withAdmin(lab[name].kafkajs('admin'), async (admin) => (await admin.describeCluster()).clusterId),
    ),
  );
  expect(new Set(ids).size).toBe(2);
});

test('Temporal keeps history when it is killed and started again', async () => {
  const start = async <T>(use: (client: Client) => Promise<T>) => {
    const connection = await Connection.connect({ address: lab.temporal.address });
    return use(new Client({ connection })).finally(() => connection.close());
  };
  await start((client) =>
    client.workflow.start('nobodyRunsThis', { taskQueue: 'nobody', workflowId: 'lab-restart', args: [] }),
  );
  await lab.temporal.kill();
  expect(lab.temporal.isRunning()).toBe(false);
  await lab.temporal.start();
  const { status } = await start((client) => client.workflow.getHandle('lab-restart').describe());
  expect(status.name).toBe('RUNNING');
  await start((client) => client.workflow.getHandle('lab-restart').terminate());
});

test("the worker's configuration names the clusters and holds no secret", async () => {
  const text = await readFile(lab.ferryYaml, 'utf8');
  const config = parse(text) as { clusters: Record<string, { bootstrap: string[] }> };
  expect(config.clusters['source']?.bootstrap).toEqual(lab.source.bootstrap);
  expect(config.clusters['target']?.bootstrap).toEqual(lab.target.bootstrap);
  expect(text).not.toContain(lab.source.clients['ferry']!.sasl!.password);
  expect((await stat(lab.folder)).mode & 0o777).toBe(0o700);
  expect((await stat(lab.source.clients['ferry']!.sasl!.passwordFile)).mode & 0o777).toBe(0o600);
});

test('attaching to a lab that is not there says how to start one', async () => {
  await expect(attachLab('nowhere')).rejects.toThrow(
    'There is no lab nowhere: start it with `npm run lab -- up --name nowhere`.',
  );
});

describe('a lab whose starter was killed', () => {
  const name = 'test-crash';

  afterAll(() => labCommand('down', '--name', name));

  // The moment between the birth of a process and the note of it is too short to be met by chance.
  test('leaves no process that was not written down', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ferry-remembered-'));
    const script = 'test/integration/killed-starter.ts';
    const [, signal] = (await once(
      spawn(process.execPath, ['--import', 'tsx', script, folder], { stdio: 'inherit' }),
      'exit',
    )) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    await until(() => processesOf(folder).length === 0);
    expect(readdirSync(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  test('is cleaned up by the next start, and down leaves no process and no file', async () => {
    const starter = spawn(process.execPath, ['--import', 'tsx', 'lab/main.ts', 'up', '--name', name]);
    const folder = join('.lab', name);
    await until(() => processesOf(folder).length >= 2);
    const leftovers = processesOf(folder);
    const gone = new Promise((resolve) => starter.once('exit', resolve));
    starter.kill('SIGKILL');
    await gone;

    const fresh = await startLab({ name });
    const running = processesOf(folder);
    expect(running).toHaveLength(3);
    expect(running.filter((pid) => leftovers.includes(pid))).toEqual([]);
    expect(await endOffsetAs(fresh.source.kafkajs('admin'), '__nothing').catch(() => 'no topic')).toBe(
      'no topic',
    );

    const { stdout } = await labCommand('down', '--name', name);
    expect(stdout).toBe(`The lab ${name} is down.\n`);
    expect(processesOf(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });
});

function labCommand(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ['--import', 'tsx', 'lab/main.ts', ...args]);
}

/** Pids of servers whose command line names the folder, found without the lab's own bookkeeping. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folder}/`);
    } catch {
      return false;
    }
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

async function withAdmin<T>(
  kafka: Kafka,
  use: (admin: ReturnType<Kafka['admin']>) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

async function send(kafka: Kafka, topic: string, value: string): Promise<void> {
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
}

/** The first message that a member of the group is given; rejects when it crashes instead. */
async function readOne(kafka: Kafka, topic: string, groupId: string): Promise<string | undefined> {
  const consumer = kafka.consumer({
    groupId,
    retry: { restartOnFailure: async ({ message }) => !message.includes(NO_COORDINATOR) },
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    return await new Promise((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error));
      consumer
        .run({ eachMessage: async ({ message }) => resolve(message.value?.toString()) })
        .catch((error: unknown) => reject(error instanceof Error ? error : new Error(String(error))));
    });
  } finally {
    await consumer.disconnect();
  }
}

function endOffset(cluster: LabCluster, topic: string): Promise<bigint> {
  return endOffsetAs(cluster.kafkajs('admin', noRetry), topic);
}

async function endOffsetAs(kafka: Kafka, topic: string): Promise<bigint> {
  return withAdmin(kafka, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return BigInt(offsets[0]!.high);
  });
}
