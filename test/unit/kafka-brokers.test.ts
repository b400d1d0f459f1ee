import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { groupCalls } from '../../src/kafka/groups.js';
import { Brokers } from '../../src/kafka/link/brokers.js';
import { Coordinators } from '../../src/kafka/link/coordinators.js';
import { Leaders } from '../../src/kafka/link/leaders.js';
import { producerCalls } from '../../src/kafka/producers.js';
import { topicCalls } from '../../src/kafka/topics.js';

const [metadata, versions] = [3, 18];
const orders = 'AAAAAAAAAAAAAAAAAAAABQ';

const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string) => Buffer.concat([Buffer.from([value.length + 1]), Buffer.from(value)]);
const list = (items: Buffer[]) => Buffer.concat([Buffer.from([items.length + 1]), ...items]);
const none = Buffer.from([0]);

/** What a broker says of the cluster: who else is there, and whether it knows of a topic. */
interface Knowledge {
  brokers: { id: number; port: number }[];
  knowsOrders: boolean;
}

/** The answer to a question for topics, each by name or by id. @see src/kafka/wire/metadata.ts */
const saying = ({ brokers, knowsOrders }: Knowledge, body: Buffer) => {
  const byId = body.includes(Buffer.from(orders, 'base64url'));
  const asked = byId || body.includes('orders');
  const topic = Buffer.concat([
    int16(knowsOrders ? 0 : byId ? 100 : 3),
    byId && !knowsOrders ? none : text('orders'),
    byId || knowsOrders ? Buffer.from(orders, 'base64url') : Buffer.alloc(16),
    Buffer.concat([none, list([]), int32(0), none]),
  ]);
  return Buffer.concat([
    ...[none, int32(0)],
    list(
      brokers.map(({ id, port }) => Buffer.concat([int32(id), text('127.0.0.1'), int32(port), none, none])),
    ),
    ...[none, int32(brokers.length > 0 ? 1 : -1), list(asked ? [topic] : []), none],
  ]);
};

const versionsOf = (...ranges: [key: number, min: number, max: number][]) =>
  Buffer.concat([
    int16(0),
    list(ranges.map(([key, min, max]) => Buffer.concat([int16(key), int16(min), int16(max), none]))),
    ...[int32(0), none],
  ]);

const open: (Server | Socket | Brokers)[] = [];
afterEach(() => {
  for (const one of open.splice(0))
    if (one instanceof Brokers) void one.close();
    else if ('destroy' in one) one.destroy();
    else one.close();
});

/** A broker on a port of its own, which tells what it knows at the moment. @returns its port, and how often it was asked */
async function broker(knows: () => Knowledge) {
  const counts = { asked: 0, port: 0 };
  const server = createServer((socket) => {
    open.push(socket);
    socket.on('error', () => undefined);
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE()) {
        const frame = bytes.subarray(4, 4 + bytes.readInt32BE());
        bytes = bytes.subarray(4 + frame.length);
        const key = frame.readInt16BE();
        if (key === metadata) counts.asked++;
        const answer = key === versions ? versionsOf([metadata, 0, 12]) : saying(knows(), frame);
        socket.write(Buffer.concat([int32(4 + answer.length), frame.subarray(4, 8), answer]));
      }
    });
  }).listen(0, '127.0.0.1');
  open.push(server);
  await once(server, 'listening');
  counts.port = (server.address() as AddressInfo).port;
  return counts;
}

function clusterAt(...ports: number[]) {
  const brokers = new Brokers('onprem', { bootstrap: ports.map((port) => `127.0.0.1:${port}`) });
  open.push(brokers);
  const leaders = new Leaders(brokers);
  return {
    brokers,
    ...topicCalls(brokers, leaders),
    ...groupCalls(brokers, new Coordinators(brokers)),
    ...producerCalls(brokers, leaders),
  };
}

const begun: Knowledge = { brokers: [], knowsOrders: false };
const startingUp =
  /^What answers for cluster "onprem" has just begun and knows no broker yet: it is asked again/;

test('a broker that has just begun says nothing of groups, transactions and topics', async () => {
  const { port } = await broker(() => begun);
  const cluster = clusterAt(port);
  await expect(cluster.groups()).rejects.toThrow(startingUp);
  await expect(cluster.openTransactions(['orders'])).rejects.toThrow(startingUp);
  await expect(cluster.identity()).rejects.toThrow(startingUp);
  await expect(cluster.topics()).rejects.toThrow(startingUp);
  const rows = [
    (await cluster.topics(['orders'])).get('orders'),
    (await cluster.topicsById([orders])).get(orders),
  ];
  expect(rows.map((row) => row?.error?.type)).toEqual(['Unreachable', 'Unreachable']);
});

test('another broker is asked instead of one that has just begun, and what is known of the cluster stays', async () => {
  const all: Knowledge = { brokers: [], knowsOrders: true };
  let first: Knowledge = all;
  const one = await broker(() => first);
  const two = await broker(() => all);
  all.brokers = [one, two].map(({ port }, at) => ({ id: at + 1, port }));
  const cluster = clusterAt(one.port);
  expect(await cluster.brokers.ids()).toEqual([1, 2]);
  first = begun;
  expect((await cluster.topics(['orders'])).get('orders')?.value).toMatchObject({ topicId: orders });
  expect(await cluster.brokers.ids()).toEqual([1, 2]);
});

test('that a topic is not there takes two brokers: one may know the others and no topic yet', async () => {
  const all: Knowledge = { brokers: [], knowsOrders: true };
  const one = await broker(() => ({ ...all, knowsOrders: false }));
  const two = await broker(() => all);
  all.brokers = [one, two].map(({ port }, at) => ({ id: at + 1, port }));
  const cluster = clusterAt(one.port);
  const row = async () => [
    (await cluster.topics(['orders'])).get('orders'),
    (await cluster.topicsById([orders])).get(orders),
  ];
  expect((await row()).map((one) => one?.value?.topicId)).toEqual([orders, orders]);
  all.knowsOrders = false;
  expect((await row()).map((one) => one?.error?.type)).toEqual(['NotFound', 'NotFound']);
  expect([one.asked, two.asked]).toEqual([4, 4]);
});

test('an address by which a broker is found is no second broker', async () => {
  const all: Knowledge = { brokers: [], knowsOrders: true };
  const one = await broker(() => ({ ...all, knowsOrders: false }));
  const two = await broker(() => all);
  all.brokers = [one, two].map(({ port }, at) => ({ id: at + 1, port }));
  const brokers = new Brokers('onprem', { bootstrap: [`localhost:${one.port}`] });
  open.push(brokers);
  const { topics } = topicCalls(brokers, new Leaders(brokers));
  expect((await topics(['orders'])).get('orders')?.value?.topicId).toBe(orders);
  all.knowsOrders = false;
  expect((await topics(['orders'])).get('orders')?.error?.type).toBe('NotFound');
});

test('while no second broker answers, nobody knows whether a topic is there', async () => {
  const { port } = await broker(() => ({
    brokers: [
      { id: 1, port },
      { id: 2, port: 1 },
    ],
    knowsOrders: false,
  }));
  expect((await clusterAt(port).topics(['orders'])).get('orders')?.error?.type).toBe('Unreachable');
});

test('of a cluster of one broker its word is taken', async () => {
  const { port } = await broker(() => ({ brokers: [{ id: 1, port }], knowsOrders: false }));
  expect((await clusterAt(port).topics(['orders'])).get('orders')?.error?.type).toBe('NotFound');
});
