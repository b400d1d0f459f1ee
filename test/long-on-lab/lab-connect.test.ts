import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs, { type Kafka } from 'kafkajs';
import { attachLab, type Lab, type LabConnect } from '../../lab/lab.js';
import { eventually } from '../eventually.js';
import { sharedLab } from '../lab/shared.js';

const topic = 'lab.connect.mirrored';
const group = 'lab.connect.group';

let lab: Lab;
let connect: LabConnect;
beforeAll(async () => {
  lab = await sharedLab();
  connect = await lab.startConnect();
  const admin = lab.source.kafkajs('admin').admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
  await admin.disconnect();
});
afterAll(async () => {
  for (const name of ['mirror-source', 'mirror-checkpoint'])
    await fetch(`${connect.url}/connectors/${name}`, { method: 'DELETE' });
  await connect.stop();
});

test('whoever attaches to the lab finds the worker', async () => {
  const { connect: found } = await attachLab('test');
  expect(found?.url).toBe(connect.url);
  expect(found?.isRunning()).toBe(true);
});

test('MirrorMaker copies records exactly once and translates offsets, with the rights of its own principal', async () => {
  await send(lab.source.kafkajs('admin'), 'first');
  await commit(lab.source.kafkajs('admin'), '1');
  await create('mirror-source', {
    'connector.class': 'org.apache.kafka.connect.mirror.MirrorSourceConnector',
    topics: topic,
    'exactly.once.support': 'required',
    'consumer.isolation.level': 'read_committed',
    'sync.topic.acls.enabled': 'false',
    'refresh.topics.interval.seconds': '1',
  });
  await create('mirror-checkpoint', {
    'connector.class': 'org.apache.kafka.connect.mirror.MirrorCheckpointConnector',
    groups: group,
    'sync.group.offsets.enabled': 'true',
    'sync.group.offsets.interval.seconds': '1',
    'emit.checkpoints.interval.seconds': '1',
    'refresh.groups.interval.seconds': '1',
    'checkpoints.topic.replication.factor': '1',
  });
  expect(await read(1)).toEqual(['first']);
  await eventually(
    () => committed(lab.target.kafkajs('admin')),
    (offset) => offset === '1',
  );
});

test('no configuration that Connect tells or keeps holds a secret', async () => {
  const { password } = lab.source.clients['connect']!.sasl!;
  const answer = await fetch(`${connect.url}/connectors/mirror-source/config`);
  const config = (await answer.json()) as Record<string, string>;
  expect(config['source.cluster.sasl.jaas.config']).toMatch(/^\$\{file:.*:sasl\.jaas\.config\}$/);
  expect(JSON.stringify(config)).not.toContain(password);
  expect(await readFile(connect.log, 'utf8')).not.toContain(password);
});

test('a worker that was killed comes back with its connectors and goes on where it was', async () => {
  await connect.kill();
  expect(connect.isRunning()).toBe(false);
  await expect(fetch(connect.url)).rejects.toThrow();
  await send(lab.source.kafkajs('admin'), 'second');
  await connect.start();
  expect(await read(2)).toEqual(['first', 'second']);
});

async function create(name: string, config: Record<string, string>): Promise<void> {
  const client = (cluster: 'source' | 'target') =>
    Object.fromEntries(
      Object.entries(connect.clientProperties[cluster]).map(([key, value]) => [
        `${cluster}.cluster.${key}`,
        value,
      ]),
    );
  const common = {
    'source.cluster.alias': 'source',
    'target.cluster.alias': 'target',
    'replication.policy.class': 'org.apache.kafka.connect.mirror.IdentityReplicationPolicy',
    'replication.factor': '1',
    'offset-syncs.topic.location': 'target',
    'offset-syncs.topic.replication.factor': '1',
  };
  const answer = await fetch(`${connect.url}/connectors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name,
      config: { ...common, ...client('source'), ...client('target'), ...config },
    }),
  });
  expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
}

async function send(kafka: Kafka, value: string): Promise<void> {
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [{ value }] });
  await producer.disconnect();
}

async function commit(kafka: Kafka, offset: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset }] });
  await admin.disconnect();
}

async function committed(kafka: Kafka): Promise<string | undefined> {
  const admin = kafka.admin();
  await admin.connect();
  const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  await admin.disconnect();
  return answer?.partitions[0]?.offset;
}

/** The values on the target, once there are that many. */
async function read(count: number): Promise<string[]> {
  const values: string[] = [];
  await eventually(topicsOnTarget, (topics) => topics.includes(topic));
  const consumer = lab.target.kafkajs('admin').consumer({ groupId: `lab.connect.read-${count}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ message }) => {
          values.push(message.value!.toString());
          if (values.length === count) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}

async function topicsOnTarget(): Promise<string[]> {
  const admin = lab.target.kafkajs('admin').admin();
  await admin.connect();
  const topics = await admin.listTopics();
  await admin.disconnect();
  return topics;
}
