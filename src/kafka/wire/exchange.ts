import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { WireReader } from './api.js';
import { readerOf, type Api } from './api.js';
import { FrameReceiver, sizeBytes } from './frames.js';

/** The connection is gone, or was never there; `cause` says why where that is known. */
export class Disconnected extends Error {
  override readonly name = 'Disconnected';
}

export interface ExchangeOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: ConnectionOptions | undefined;
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** Requests to one broker that may be unanswered at a time; it works on one, and the others are there when it is done. */
const inFlight = 5;
/** Smaller pieces of a request are joined before they are written. */
const smallPiece = 16 * 1024;
/** Kafka's names for the fields before a request's body: key and version INT16, correlation id INT32, client id STRING. */
const headerBytes = 10;

interface Asked {
  readonly correlation: number;
  readonly pieces: readonly Buffer[];
  answer(frame: Buffer): void;
  fail(error: Error): void;
  timer?: NodeJS.Timeout;
}

/**
 * Requests and their answers on one connection, which a broker answers in order.
 *
 * Record batches go through here: an answer is received into one buffer, of which its batches are views, and the parts of
 * a request are written from where they are.
 */
export class Exchange {
  private readonly unanswered: Asked[] = [];
  private readonly waiting: Asked[] = [];
  private correlation = 0;
  private lost: Disconnected | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly options: ExchangeOptions,
  ) {}

  /** @throws Disconnected */
  static async open(options: ExchangeOptions): Promise<Exchange> {
    const { host, port, tls, connectTimeoutMs } = options;
    const receiver = new FrameReceiver((frame) => exchange.receive(frame));
    const onread = {
      buffer: () => receiver.room,
      callback: (bytes: number) => {
        try {
          receiver.received(bytes);
        } catch (error) {
          socket.destroy(error as Error);
          return false;
        }
        return true;
      },
    };
    const socket: Socket = tls
      ? connectTls({ ...tls, host, port, onread } as ConnectionOptions)
      : connectPlain({ host, port, onread });
    socket.setNoDelay(true);
    const exchange = new Exchange(socket, options);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => socket.destroy(Object.assign(new Error('connecting timed out'), { code: 'ETIMEDOUT' })),
        connectTimeoutMs,
      );
      socket.once(tls ? 'secureConnect' : 'connect', resolve);
      let cause: Error | undefined;
      socket.on('error', (error) => (cause = error));
      socket.once('close', () => {
        clearTimeout(timer);
        exchange.disconnect(cause);
        reject(exchange.lost!);
      });
      socket.once(tls ? 'secureConnect' : 'connect', () => clearTimeout(timer));
    });
    return exchange;
  }

  get alive(): boolean {
    return this.lost === undefined;
  }

  /**
   * @throws Disconnected also when the answer did not come in time: a late one would be taken for that of another. Else
   *   what the module of the request throws when the answer does not follow its grammar.
   */
  async ask<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response> {
    const correlation = (this.correlation = (this.correlation + 1) % 2 ** 31);
    const pieces = this.encode(api, request, correlation);
    const frame = await new Promise<Buffer>((answer, fail) => {
      if (this.lost) return fail(this.lost);
      const asked: Asked = { correlation, pieces, answer, fail };
      if (this.unanswered.length < inFlight) this.send(asked);
      else this.waiting.push(asked);
    });
    const reader: WireReader = readerOf(frame);
    reader.readInt32();
    if (api.taggedAnswer) reader.readTaggedFields();
    return api.decode(reader);
  }

  close(): void {
    this.socket.destroy();
    this.disconnect();
  }

  private encode<Request>(api: Api<Request, unknown>, request: Request, correlation: number): Buffer[] {
    const clientId = Buffer.from(this.options.clientId);
    const head = Buffer.alloc(sizeBytes + headerBytes + clientId.length + (api.flexible ? 1 : 0));
    let at = head.writeInt16BE(api.key, sizeBytes);
    at = head.writeInt16BE(api.version, at);
    at = head.writeInt32BE(correlation, at);
    at = head.writeInt16BE(clientId.length, at);
    clientId.copy(head, at);
    const body = api.encode(request);
    head.writeInt32BE(head.length - sizeBytes + body.length);
    return joinSmall([head, ...body.buffers]);
  }

  private send(asked: Asked): void {
    const { requestTimeoutMs } = this.options;
    asked.timer = setTimeout(
      () => this.socket.destroy(Object.assign(new Error('a request timed out'), { code: 'ETIMEDOUT' })),
      requestTimeoutMs,
    );
    this.unanswered.push(asked);
    this.socket.cork();
    for (const piece of asked.pieces) this.socket.write(piece);
    this.socket.uncork();
  }

  private receive(frame: Buffer): void {
    const asked = this.unanswered[0];
    if (frame.readInt32BE() !== asked?.correlation)
      throw new RangeError('an answer came to another request than the one that is next');
    this.unanswered.shift();
    clearTimeout(asked.timer);
    asked.answer(frame);
    const next = this.waiting.shift();
    if (next) this.send(next);
  }

  private disconnect(cause?: Error): void {
    if (this.lost) return;
    this.lost = new Disconnected('the connection is closed', { cause });
    for (const asked of [...this.unanswered.splice(0), ...this.waiting.splice(0)]) {
      clearTimeout(asked.timer);
      asked.fail(this.lost);
    }
  }
}

/** The same bytes in fewer pieces: each is a write of its own, and a large one is not copied. */
function joinSmall(pieces: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = [];
  let small: Buffer[] = [];
  const join = () => {
    if (small.length > 0) joined.push(small.length === 1 ? small[0]! : Buffer.concat(small));
    small = [];
  };
  for (const piece of pieces)
    if (piece.length < smallPiece) small.push(piece);
    else {
      join();
      joined.push(piece);
    }
  join();
  return joined;
}
