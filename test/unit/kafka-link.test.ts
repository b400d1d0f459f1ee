import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually } from '../eventually.js';
import { afterEach, expect, test } from '@jest/globals';
import { BrokerLink } from '../../src/kafka/link/broker-link.js';
import type { ClusterConnection } from '../../src/kafka/link/cluster-connection.js';
import { type Credentials, credentialsOf } from '../../src/kafka/link/credentials.js';
import { FerryError } from '../../src/migration/errors.js';
import { api } from '../../src/kafka/wire/api.js';

/** Answers with the bytes that it was sent. */
const echo = api<Buffer, Buffer>(
  ['Metadata', 3, 12],
  (bytes, writer) => writer.appendBytes(bytes).appendTaggedFields(),
  (reader) => reader.readBytes(),
);

interface Request {
  key: number;
  correlation: number;
  body: Buffer;
}

const [handshake, versions, authenticate] = [17, 18, 36];
const noTags = Buffer.from([0]);

const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** What a broker with user and password would answer, without the correlation id. */
function answerTo({ key, body }: Request, sessionMs: number): Buffer {
  if (key === handshake) return Buffer.concat([int16(0), int32(1), int16(5), Buffer.from('PLAIN')]);
  if (key === authenticate)
    return Buffer.concat([noTags, int16(0), Buffer.from([0, 1]), int32(0), int32(sessionMs), noTags]);
  if (key === versions)
    return Buffer.concat([
      int16(0),
      Buffer.from([2]),
      int16(3),
      int16(0),
      int16(12),
      noTags,
      int32(0),
      noTags,
    ]);
  return Buffer.concat([noTags, body]);
}

let server: Server | undefined;
const open: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
  server?.close();
});

/** A broker that is asked one thing after another, as Kafka is. @returns a link to it and the requests that came. */
async function linkTo(
  answer: (request: Request, socket: Socket) => Promise<Buffer> | Buffer,
  requestTimeoutMs = 10_000,
  credentials?: Credentials,
) {
  const requests: number[] = [];
  server = createServer((socket) => {
    open.push(socket);
    socket.on('error', () => undefined);
    let bytes = Buffer.alloc(0);
    let before = Promise.resolve();
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE()) {
        const frame = bytes.subarray(4, 4 + bytes.readInt32BE());
        bytes = bytes.subarray(4 + frame.length);
        const key = frame.readInt16BE();
        const body = frame.subarray(10 + frame.readInt16BE(8) + (key === handshake ? 0 : 1));
        const request = { key, correlation: frame.readInt32BE(4), body };
        before = before.then(async () => {
          requests.push(key);
          const answered = await answer(request, socket);
          socket.write(Buffer.concat([int32(4 + answered.length), int32(request.correlation), answered]));
        });
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const settings: ClusterConnection = {
    bootstrap: [],
    sasl: { mechanism: 'plain', username: 'ferry', password: 'secret' },
    requestTimeoutMs,
  };
  const link = await BrokerLink.open(
    ...(['source', `127.0.0.1:${port}`, settings] as const),
    credentials ?? credentialsOf('source', settings.sasl),
  );
  open.push({ destroy: () => link.close() });
  return { link, requests };
}

test('says again who it is before the session ends, and asks nothing else meanwhile', async () => {
  let letIn = (): void => undefined;
  const heldBack = new Promise<void>((resolve) => (letIn = resolve));
  let logins = 0;
  const { link, requests } = await linkTo(async (request) => {
    if (request.key === authenticate && ++logins === 2) await heldBack;
    return answerTo(request, logins > 1 ? 0 : 100);
  });
  await eventually(
    async () => logins,
    (count) => count === 2,
  );
  const asked = [link.ask(echo, Buffer.from('a')), link.ask(echo, Buffer.from('b'))];
  letIn();
  expect(await Promise.all(asked)).toEqual([Buffer.from('a'), Buffer.from('b')]);
  // What was asked while the broker did not know yet came after it did.
  expect(requests).toEqual([handshake, authenticate, versions, handshake, authenticate, 3, 3]);
});

/** Says who it is by `handshake` and `authenticate`, as every login does, once `getReady` has. */
function slowCredentials(getReady: (time: number) => Promise<void>): Credentials {
  const plain = credentialsOf('source', { mechanism: 'plain', username: 'ferry', password: 'secret' })!;
  let times = 0;
  return {
    ready: async (host) => {
      await getReady(++times);
      return plain.ready(host);
    },
    close: () => undefined,
  };
}

test('while it gets ready to say again who it is, it asks on; then nothing comes between', async () => {
  let become = (): void => undefined;
  const readyAgain = new Promise<void>((resolve) => (become = resolve));
  let waits = (): void => undefined;
  const waiting = new Promise<void>((resolve) => (waits = resolve));
  let logins = 0;
  const { link, requests } = await linkTo(
    (request) => {
      if (request.key === authenticate) logins++;
      return answerTo(request, logins > 1 ? 0 : 100);
    },
    10_000,
    slowCredentials(async (time) => {
      if (time === 1) return;
      waits();
      await readyAgain;
    }),
  );
  await waiting;
  expect(await link.ask(echo, Buffer.from('a'))).toEqual(Buffer.from('a'));
  become();
  // Asked at every turn from here on, so also at the one at which it begins.
  const asked: Promise<Buffer>[] = [];
  while (logins < 2) {
    for (let turn = 0; turn < 20; turn++) {
      asked.push(link.ask(echo, Buffer.from('b')));
      await Promise.resolve();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(asked);
  const second = requests.indexOf(handshake, 1);
  expect(requests.slice(second, second + 2)).toEqual([handshake, authenticate]);
});

test('what gives tokens may be away for a while; the session goes on meanwhile', async () => {
  let logins = 0;
  let tries = 0;
  const { link } = await linkTo(
    (request) => {
      if (request.key === authenticate) logins++;
      return answerTo(request, logins > 1 ? 0 : 2_000);
    },
    10_000,
    slowCredentials(async (time) => {
      tries = time;
      if (time === 2) throw new FerryError('Unreachable', 'The token endpoint is away.');
    }),
  );
  await eventually(
    () => logins,
    (count) => count === 2,
  );
  expect(tries).toBe(3);
  expect(link.alive).toBe(true);
});

test('gives many answers to who asked, small ones and large ones', async () => {
  const { link } = await linkTo((request) => answerTo(request, 0));
  const questions = Array.from({ length: 20 }, (_, i) => Buffer.alloc(i % 3 === 0 ? 700_000 : 10 * i, i));
  const answers = await Promise.all(questions.map((bytes) => link.ask(echo, bytes)));
  expect(answers.every((bytes, i) => bytes.equals(questions[i]!))).toBe(true);
});

test('an answer to another request ends the connection', async () => {
  const { link } = await linkTo((request) => {
    if (request.key === 3) request.correlation++;
    return answerTo(request, 0);
  });
  await expect(link.ask(echo, Buffer.from('a'))).rejects.toMatchObject({ type: 'Unreachable' });
  expect(link.alive).toBe(false);
});

test('an answer that does not come in time ends the connection', async () => {
  const never = new Promise<Buffer>(() => undefined);
  const { link } = await linkTo((request) => (request.key === 3 ? never : answerTo(request, 0)), 100);
  await expect(link.ask(echo, Buffer.from('a'))).rejects.toMatchObject({
    type: 'Unreachable',
    message: expect.stringContaining('ETIMEDOUT') as unknown,
  });
  expect(link.alive).toBe(false);
});

/** A question that is answered with how long the broker mutes the connection. */
const muting = api<number, number>(
  ['Metadata', 3, 12],
  (ms, writer) => writer.appendInt32(ms).appendTaggedFields(),
  (reader) => reader.readThrottle(),
);

/** A broker that answers at once and then reads nothing for as long as it said (KIP-219). */
function mutingBroker() {
  let mutedUntil = 0;
  const readAt: number[] = [];
  return {
    readAt,
    answer: async (request: Request) => {
      await sleep(Math.max(0, mutedUntil - performance.now()));
      if (request.key !== 3) return answerTo(request, 0);
      readAt.push(performance.now());
      const ms = request.body.readInt32BE();
      mutedUntil = performance.now() + ms;
      return answerTo(request, 0);
    },
  };
}

test('a connection that a broker mutes is not late, however much longer that takes than a request may', async () => {
  const broker = mutingBroker();
  const { link } = await linkTo(broker.answer, 1_000);
  // The first two are sent before the mute is known, the others wait until it is over.
  const first = [link.ask(muting, 1_500), link.ask(muting, 1_500)];
  await first[0];
  const later = Array.from({ length: 6 }, () => link.ask(muting, 0));
  expect(await Promise.all([...first, ...later])).toEqual([1_500, 1_500, 0, 0, 0, 0, 0, 0]);
  expect(link.alive).toBe(true);
});

test('a connection that was muted, and then does not answer, is late', async () => {
  const never = new Promise<Buffer>(() => undefined);
  let asked = 0;
  const { link } = await linkTo(
    (request) => (request.key === 3 && ++asked === 2 ? never : answerTo(request, 0)),
    100,
  );
  await link.ask(muting, 50);
  await expect(link.ask(muting, 0)).rejects.toMatchObject({ type: 'Unreachable' });
});

test('what a muted connection holds fails when the connection is closed', async () => {
  const { link } = await linkTo((request) => answerTo(request, 0));
  await link.ask(muting, 3_600_000);
  const held = link.ask(muting, 0);
  link.close();
  await expect(held).rejects.toMatchObject({ type: 'Unreachable' });
});

test('a broker that hangs up fails what was asked', async () => {
  const { link } = await linkTo((request, socket) => {
    if (request.key === 3) socket.end();
    return answerTo(request, 0);
  });
  await expect(link.ask(echo, Buffer.from('a'))).rejects.toMatchObject({ type: 'Unreachable' });
  await expect(link.ask(echo, Buffer.from('a'))).rejects.toMatchObject({ type: 'Unreachable' });
});

test('an answer that ends before its fields do is unexpected', async () => {
  const { link } = await linkTo((request) =>
    request.key === 3 ? Buffer.from([0, 9, 1]) : answerTo(request, 0),
  );
  await expect(link.ask(echo, Buffer.from('a'))).rejects.toMatchObject({ type: 'Unexpected' });
});

test('a broker that refuses to tell its versions is too old, in one sentence', async () => {
  const unsupported = linkTo((request) => {
    const answer = answerTo(request, 0);
    if (request.key === versions) answer.writeInt16BE(35, 0);
    return answer;
  });
  await expect(unsupported).rejects.toMatchObject({
    type: 'Unsupported',
    message: expect.stringContaining('does not speak ApiVersions version 3') as unknown,
  });
});
