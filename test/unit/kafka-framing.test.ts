import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NetworkError, TimeoutError, type Connection } from '@platformatic/kafka';
import { Framing } from '../../src/kafka/framing.js';
import { api } from '../../src/kafka/wire/api.js';

/** Says some bytes, and is answered some. */
const echo = api<Buffer, Buffer>(
  ['Echo', 99, 1],
  (bytes, writer) => writer.appendBytes(bytes).appendTaggedFields(),
  (reader) => reader.readBytes(),
);

/** A broker of which a test says how it answers: in which pieces and order is nothing that a real one can be made to do. */
let server: Server;
let brokerSide: Socket;
let socket: Socket;
let framing: Framing;
let toClient: Buffer[];
/** What the broker was sent, frame by frame, without its size. */
let requests: Buffer[];

beforeEach(async () => {
  requests = [];
  toClient = [];
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connected = once(server, 'connection');
  socket = connect((server.address() as { port: number }).port, '127.0.0.1');
  [brokerSide] = (await connected) as [Socket];
  brokerSide.on('error', () => undefined);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => toClient.push(chunk));
  framing = new Framing({ socket } as Connection, 'ferry', 2_000);
  let received: Buffer = Buffer.alloc(0);
  brokerSide.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4 && received.length - 4 >= received.readInt32BE(0)) {
      requests.push(received.subarray(4, 4 + received.readInt32BE(0)));
      received = received.subarray(4 + received.readInt32BE(0));
      brokerSide.emit('request');
    }
  });
});
afterEach(() => {
  socket.destroy();
  server.close();
});

async function received(count: number): Promise<void> {
  while (requests.length < count) await once(brokerSide, 'request');
}

const idOf = (request: Buffer): number => request.readInt32BE(4);
/** The body after the header: two numbers, the id, the client's name and its tags. */
const bodyOf = (request: Buffer): Buffer => request.subarray(8 + 2 + 'ferry'.length + 1);

/** The answer that says what the request said. */
function answerTo(request: Buffer): Buffer {
  const body = Buffer.concat([Buffer.alloc(9), bodyOf(request)]);
  body.writeInt32BE(body.length - 4, 0);
  body.writeInt32BE(idOf(request), 4);
  return body;
}

const said = (length: number, seed = 1): Buffer => Buffer.alloc(length, seed);

describe('frames on a connection', () => {
  it('hold the header of the protocol, and the bytes of a request as they are', async () => {
    const asked = framing.ask(echo, said(100_000, 7));
    await received(1);
    const [request] = requests as [Buffer];
    expect([request.readInt16BE(0), request.readInt16BE(2), idOf(request)]).toEqual([99, 1, -1]);
    expect(request.subarray(8, 8 + 2 + 5 + 1)).toEqual(Buffer.from('\0\x05ferry\0'));
    brokerSide.write(answerTo(request));
    expect((await asked).equals(said(100_000, 7))).toBe(true);
  });

  it.each([1, 2, 3, 5, 7, 1_000])('are put together from pieces of %d bytes', async (piece) => {
    const lengths = [0, 1, 3, 127, 128, 700];
    const asked = lengths.map((length, i) => framing.ask(echo, said(length, i)));
    await received(lengths.length);
    const all = Buffer.concat(requests.map(answerTo));
    for (let at = 0; at < all.length; at += piece) {
      brokerSide.write(all.subarray(at, at + piece));
      // A turn of the event loop each, so that the pieces come alone.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await Promise.all(asked)).toEqual(lengths.map((length, i) => said(length, i)));
  });

  it('are told apart by their ids, in whatever order they come', async () => {
    const asked = [framing.ask(echo, said(1, 1)), framing.ask(echo, said(2, 2))];
    await received(2);
    brokerSide.write(Buffer.concat(requests.toReversed().map(answerTo)));
    expect(await Promise.all(asked)).toEqual([said(1, 1), said(2, 2)]);
  });

  it('of the client itself are left to it, also between others', async () => {
    const asked = framing.ask(echo, said(3));
    await received(1);
    const clients = Buffer.from([0, 0, 0, 6, 0, 0, 0, 42, 1, 2]);
    brokerSide.write(Buffer.concat([clients, answerTo(requests[0]!), clients]));
    expect(await asked).toEqual(said(3));
    while (Buffer.concat(toClient).length < 20) await once(socket, 'data');
    expect(Buffer.concat(toClient)).toEqual(Buffer.concat([clients, clients]));
  });

  it('are sent sixteen at a time, and the next when one was answered', async () => {
    const asked = Array.from({ length: 20 }, (_, i) => framing.ask(echo, said(1, i)));
    await received(16);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(requests).toHaveLength(16);
    let answered = 0;
    for (; answered < 20; answered++) {
      await received(answered + 1);
      brokerSide.write(answerTo(requests[answered]!));
    }
    expect(await Promise.all(asked)).toHaveLength(20);
  });

  it.each([
    ['that nobody sends', 0x7fff_ffff],
    ['below that of an id', 3],
    ['below zero', -1],
  ])('of a size %s end the connection', async (_, size) => {
    const asked = framing.ask(echo, said(1));
    await received(1);
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(size, 0);
    brokerSide.write(bytes);
    await expect(asked).rejects.toThrow(NetworkError);
    expect(socket.destroyed).toBe(true);
    await expect(framing.ask(echo, said(1))).rejects.toThrow(NetworkError);
  });

  it('that are waited for fail with the connection, and those that are not sent yet too', async () => {
    const asked = Array.from({ length: 20 }, () => framing.ask(echo, said(1)));
    await received(16);
    brokerSide.destroy();
    for (const outcome of await Promise.allSettled(asked))
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(NetworkError) as unknown });
  });

  it('that come too late belong to nobody', async () => {
    framing = new Framing({ socket } as Connection, 'ferry', 50);
    await expect(framing.ask(echo, said(1))).rejects.toThrow(TimeoutError);
    const asked = framing.ask(echo, said(2, 2));
    await received(2);
    brokerSide.write(Buffer.concat(requests.map(answerTo)));
    expect(await asked).toEqual(said(2, 2));
  });
});
