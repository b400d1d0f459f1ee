import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { parse, stringify } from 'yaml';
import { ferry } from '../../app/cli/program.js';
import { freePorts } from '../../lab/host/ports.js';
import type { Lab, LabConnect, LabRegistries } from '../../lab/lab.js';
import { parseInventory, type Inventory } from '../../src/inventory/inventory.js';
import { eventually } from '../eventually.js';
import { sharedLab, stopRegistries } from '../lab/shared.js';
import { run } from './kafka-cluster.js';

// What stands beside the brokers: a registry and Kafka Connect, as they are and where they do not answer.
const withSchemas = `around.${run}.schemas`;
const mirrored = `around.${run}.mirrored`;
const subject = `${withSchemas}-value`;
const connector = `around-${run}`;
const schema = `{"type":"record","name":"Around${run}","fields":[{"name":"id","type":"string"}]}`;

let lab: Lab;
let registries: LabRegistries;
let connect: LabConnect;
let folder: string;
let closedPort: number;
let id: number;

beforeAll(async () => {
  lab = await sharedLab();
  folder = mkdtempSync(join(tmpdir(), 'ferry-around-'));
  registries = await lab.startRegistries();
  connect = await lab.startConnect();
  [closedPort = 0] = await freePorts(1);
  const config = parse(readFileSync(lab.ferryYaml, 'utf8')) as Record<
    'registries' | 'connect',
    Record<string, { url: string }>
  >;
  config.registries['away'] = { url: `http://127.0.0.1:${closedPort}` };
  config.connect['away'] = { ...config.connect['lab'], url: `http://127.0.0.1:${closedPort}` };
  writeFileSync(join(folder, 'ferry.yaml'), stringify(config));

  const admin = lab.source.kafkajs('admin').admin();
  await admin.connect();
  await admin.createTopics({
    topics: [withSchemas, mirrored].map((topic) => ({ topic, numPartitions: 1 })),
    waitForLeaders: true,
  });
  await admin.disconnect();
  const registry = new SchemaRegistry({ host: registries.source.url });
  ({ id } = await registry.register({ type: SchemaType.AVRO, schema }, { subject }));
  const producer = lab.source.kafkajs('admin').producer();
  await producer.connect();
  await producer.send({
    topic: withSchemas,
    messages: [{ value: await registry.encode(id, { id: 'a' }) }],
  });
  await producer.send({ topic: mirrored, messages: [{ value: 'one' }] });
  await producer.disconnect();
});

afterAll(async () => {
  await fetch(`${connect.url}/connectors/${connector}`, { method: 'DELETE' });
  await connect.stop();
  await stopRegistries(registries);
  rmSync(folder, { recursive: true });
});

async function scanned(...words: string[]): Promise<Inventory> {
  const out: string[] = [];
  const err: string[] = [];
  let code: number | undefined;
  await ferry(['scan', ...words, '--json'], {
    terminal: {
      print: (text) => void out.push(text),
      complain: (text) => void err.push(text),
      redraws: false,
      redraw: () => undefined,
    },
    environment: { FERRY_CONFIG: join(folder, 'ferry.yaml') },
    end: (exitCode) => (code = exitCode),
  });
  // A line of progress is no complaint.
  expect({ code, err: err.filter((line) => !line.startsWith('…')) }).toEqual({ code: 0, err: [] });
  const { inventory, mistake } = parseInventory(JSON.parse(out.join('')));
  if (!inventory) throw new Error(mistake);
  return inventory;
}
const schemasOf = ({ topics }: Inventory) => topics.find(({ name }) => name === withSchemas)?.schemas;

test('a registry names the subjects of the ids that records carry', async () => {
  const seen = await scanned('source', '--topics', withSchemas, '--registry', 'source');
  expect(schemasOf(seen)).toEqual({ value: { sampled: 1, ids: [id], subjects: { value: [subject] } } });
});

test('a registry that does not answer leaves the subjects unknown, with the reason, and nothing else', async () => {
  const seen = await scanned('source', '--topics', withSchemas, '--registry', 'away');
  expect(schemasOf(seen)).toEqual({
    value: {
      ...{ sampled: 1, ids: [id] },
      subjects: { unknown: expect.stringContaining(`127.0.0.1:${closedPort}`) },
    },
  });
  expect(seen.groups.unknown).toBeUndefined();
});

test('Kafka Connect tells its connectors, where they read and write', async () => {
  const client = (cluster: 'source' | 'target') =>
    Object.fromEntries(
      Object.entries(connect.clientProperties[cluster]).map(([key, value]) => [
        `${cluster}.cluster.${key}`,
        value,
      ]),
    );
  const answer = await fetch(`${connect.url}/connectors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: connector,
      config: {
        'connector.class': 'org.apache.kafka.connect.mirror.MirrorSourceConnector',
        ...{ 'source.cluster.alias': 'source', 'target.cluster.alias': 'target' },
        'replication.policy.class': 'org.apache.kafka.connect.mirror.IdentityReplicationPolicy',
        ...{ 'replication.factor': '1', 'offset-syncs.topic.replication.factor': '1' },
        'offset-syncs.topic.location': 'target',
        'sync.topic.acls.enabled': 'false',
        topics: mirrored,
        ...client('source'),
        ...client('target'),
      },
    }),
  });
  expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
  // It lives on the target. What it reads on the source is another cluster's.
  const told = await eventually(
    async () =>
      (await scanned('target', '--topics', mirrored, '--connect', 'lab')).connectors.value?.find(
        ({ name }) => name === connector,
      ),
    // A new connector has no status at first, and does not tell yet what it is.
    (one) => one?.type === 'source' && (one.topics.value?.includes(mirrored) ?? false),
  );
  expect(told).toMatchObject({ connect: 'lab', type: 'source' });
  expect(told).not.toHaveProperty('group');
  expect(JSON.stringify(told)).not.toContain('jaas');

  const elsewhere = await scanned('source', '--topics', mirrored, '--connect', 'lab');
  expect(elsewhere.connectors.unknown).toContain('Kafka Connect "lab" lives on another cluster');
});

test('a Kafka Connect that does not answer leaves connectors unknown, with the reason', async () => {
  const seen = await scanned('target', '--topics', mirrored, '--connect', 'away');
  expect(seen.connectors).toEqual({ unknown: expect.stringContaining(`127.0.0.1:${closedPort}`) });
});
