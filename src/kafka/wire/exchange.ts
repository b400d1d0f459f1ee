import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Api } from './api.js';
import { FrameReceiver, sizeBytes } from './frames.js';
import { WireReader } from './reader.js';
import { hold, letGo, slabOf } from './slabs.js';

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
  /** A quota holds this connection back, for ms from now on. */
  throttled?(request: string, ms: number): void;
  /** Closes the connection, also one that is still being made. */
  readonly signal?: AbortSignal;
}

/** Requests to one broker that may be unanswered at a time; it works on one, and the others are there when it is done. */
const inFlight = 5;
/** Of what a broker says to be muted for: a damaged answer must not end a connection for good. */
const longestMuteMs = 3_600_000;
/** Kafka's names for the fields before a request's body: key and version INT16, correlation id INT32, client id STRING. */
const headerBytes = 10;

interface Asked {
  readonly correlation: number;
  readonly request: Buffer;
  /** @returns for how long the broker reads nothing more, ms */
  answer(frame: Buffer): number;
  fail(error: Error): void;
  timer?: NodeJS.Timeout;
}

/**
 * Requests and their answers on one connection, which a broker answers in order.
 *
 * Record batches go through here: an answer is received into one buffer, of which its batches are views, and a request is
 * copied once, into one buffer, since TLS would join its parts to a new one each time.
 */
export class Exchange {
  private readonly unanswered: Asked[] = [];
  private readonly waiting: Asked[] = [];
  /** Sent, and with the socket: the first of them; behind it: the others. */
  private readonly unwritten: Buffer[] = [];
  private correlation = 0;
  /** The broker has muted the connection until this comes (KIP-219): what is sent meanwhile, it reads then. */
  private unmuting: NodeJS.Timeout | undefined;
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
    const { signal } = options;
    const close = () => exchange.close();
    signal?.addEventListener('abort', close);
    socket.once('close', () => signal?.removeEventListener('abort', close));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(timeout('connecting')), connectTimeoutMs);
      let cause: Error | undefined;
      socket
        .once(tls ? 'secureConnect' : 'connect', () => {
          clearTimeout(timer);
          resolve();
        })
        .on('error', (error) => (cause = error))
        // The broker says no more, so nothing that is still to be written will be answered.
        .once('end', () => socket.destroy())
        .once('close', () => {
          clearTimeout(timer);
          reject(exchange.disconnect(cause));
        });
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
    const bytes = this.encode(api, request, correlation);
    hold(bytes);
    return new Promise<Response>((resolve, fail) => {
      if (this.lost) return fail(this.lost);
      const answer = (frame: Buffer) => {
        // What was answered was sent. Where the connection broke, the socket may hold the bytes still.
        letGo(bytes);
        const reader = new WireReader(frame);
        try {
          reader.readInt32();
          if (api.taggedAnswer) reader.readTaggedFields();
          resolve(api.decode(reader));
        } catch (error) {
          asked.fail(error as Error);
          return 0;
        }
        if (reader.throttleMs > 0) this.options.throttled?.(api.name, reader.throttleMs);
        return reader.throttleMs;
      };
      const asked: Asked = { correlation, request: bytes, answer, fail };
      this.waiting.push(asked);
      this.sendNext();
    });
  }

  close(): void {
    this.socket.destroy();
    this.disconnect();
  }

  private encode<Request>(api: Api<Request, unknown>, request: Request, correlation: number): Buffer {
    const clientId = Buffer.from(this.options.clientId);
    const body = api.encode(request);
    const headEnd = sizeBytes + headerBytes + clientId.length + (api.flexible ? 1 : 0);
    const bytes = slabOf(headEnd + body.length);
    let at = bytes.writeInt32BE(bytes.length - sizeBytes);
    at = bytes.writeInt16BE(api.key, at);
    at = bytes.writeInt16BE(api.version, at);
    at = bytes.writeInt32BE(correlation, at);
    at = bytes.writeInt16BE(clientId.length, at);
    at += clientId.copy(bytes, at);
    // No tagged fields.
    if (api.flexible) at = bytes.writeUInt8(0, at);
    for (const piece of body.buffers) at += piece.copy(bytes, at);
    return bytes;
  }

  private sendNext(): void {
    while (!this.unmuting && this.unanswered.length < inFlight) {
      const asked = this.waiting.shift();
      if (!asked) return;
      this.limit(asked);
      this.unanswered.push(asked);
      this.unwritten.push(asked.request);
      if (this.unwritten.length === 1) this.write();
    }
  }

  private limit(asked: Asked, mutedMs = 0): void {
    clearTimeout(asked.timer);
    const ms = mutedMs + this.options.requestTimeoutMs;
    asked.timer = setTimeout(() => this.socket.destroy(timeout('a request')), ms);
  }

  /** What is sent already is read after that time, so it is not late before. */
  private mutedFor(ms: number): void {
    clearTimeout(this.unmuting);
    this.unmuting = setTimeout(() => {
      this.unmuting = undefined;
      this.sendNext();
    }, ms);
    for (const asked of this.unanswered) this.limit(asked, ms);
  }

  /** One at a time: TLS would join to a new buffer what waits for a write to end. */
  private write(): void {
    const [request] = this.unwritten;
    if (!request) return;
    this.socket.write(request, (error) => {
      if (error) return;
      this.unwritten.shift();
      this.write();
    });
  }

  private receive(frame: Buffer): void {
    const asked = this.unanswered[0];
    if (frame.readInt32BE() !== asked?.correlation)
      throw new RangeError('an answer came to another request than the one that is next');
    this.unanswered.shift();
    clearTimeout(asked.timer);
    const mutedMs = Math.min(asked.answer(frame), longestMuteMs);
    if (mutedMs > 0) this.mutedFor(mutedMs);
    this.sendNext();
  }

  private disconnect(cause?: Error): Disconnected {
    if (this.lost) return this.lost;
    this.lost = new Disconnected('the connection is closed', { cause });
    clearTimeout(this.unmuting);
    for (const asked of [...this.unanswered.splice(0), ...this.waiting.splice(0)]) {
      clearTimeout(asked.timer);
      asked.fail(this.lost);
    }
    return this.lost;
  }
}

function timeout(what: string): Error {
  return Object.assign(new Error(`${what} timed out`), { code: 'ETIMEDOUT' });
}
