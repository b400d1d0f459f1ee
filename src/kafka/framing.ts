import type { Socket } from 'node:net';
import { NetworkError, TimeoutError, Writer, type Connection } from '@platformatic/kafka';
import { WireReader, type Api } from './wire/api.js';

/** Requests that are sent before the first of them is answered; a broker works on one of a connection at a time. */
const inFlight = 16;
/** A broker that announces a longer answer, in bytes, is none; what a Fetch may bring is far below. */
const longestFrame = 512 * 1024 * 1024;
/** Fields below this many bytes are copied together, so that the socket is given few pieces. */
const small = 4 * 1024;

interface Waiting {
  answered: (body: Buffer) => void;
  failed: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/**
 * Requests and answers on the socket of a client that has logged in (protocol guide: INT32 size, then as many bytes). The
 * client's own way copies what is sent and what comes, each several times, which is most of what a mirror would cost: here
 * an answer is received into one buffer of its size, which its records stay in, and a request is written in its parts.
 *
 * Correlation ids are negative here: whatever comes with another is the client's, which renews its login at times.
 */
export class Framing {
  private readonly socket: Socket;
  private readonly clients: ((chunk: Buffer) => void)[];
  private readonly waiting = new Map<number, Waiting>();
  private readonly queue: (() => void)[] = [];
  private lastId = 0;
  /** The size of the frame that comes, as far as it is there. */
  private readonly size = Buffer.alloc(4);
  private sizeBytes = 0;
  private frame: Buffer | undefined;
  private filled = 0;

  constructor(
    connection: Connection,
    private readonly clientId: string,
    private readonly timeoutMs: number,
  ) {
    this.socket = connection.socket;
    this.clients = this.socket.listeners('data') as ((chunk: Buffer) => void)[];
    this.socket.removeAllListeners('data').on('data', (chunk: Buffer) => this.receive(chunk));
    this.socket.once('close', () => this.closed());
  }

  /** @throws NetworkError when the connection ends first, TimeoutError, and whatever `decode` throws. */
  async ask<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response> {
    if (this.socket.destroyed) throw new NetworkError('Connection closed');
    if (this.waiting.size >= inFlight) await new Promise<void>((resolve) => this.queue.push(resolve));
    if (this.socket.destroyed) throw new NetworkError('Connection closed');
    const id = this.nextId();
    const body = new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.get(id)?.failed(new TimeoutError('Request timed out'));
      }, this.timeoutMs);
      this.waiting.set(id, { answered: resolve, failed: reject, timer });
    });
    try {
      this.write(frameOf(api, id, this.clientId, request));
      const reader = WireReader.over(await body);
      if (api.flexible) reader.readTaggedFields();
      return api.decode(reader);
    } finally {
      clearTimeout(this.waiting.get(id)?.timer);
      this.waiting.delete(id);
      this.queue.shift()?.();
    }
  }

  private nextId(): number {
    this.lastId = this.lastId === -0x8000_0000 ? -1 : this.lastId - 1;
    return this.lastId;
  }

  private write(parts: readonly Buffer[]): void {
    this.socket.cork();
    for (const part of parts) this.socket.write(part);
    this.socket.uncork();
  }

  private receive(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.frame) {
        const taken = chunk.copy(this.size, this.sizeBytes, at, at + 4 - this.sizeBytes);
        this.sizeBytes += taken;
        at += taken;
        if (this.sizeBytes < 4) return;
        this.sizeBytes = 0;
        const size = this.size.readInt32BE(0);
        if (size < 4 || size > longestFrame) {
          this.socket.destroy(new NetworkError('It does not answer in the frames of Kafka.'));
          return;
        }
        this.frame = Buffer.allocUnsafeSlow(size);
        this.filled = 0;
      }
      const taken = chunk.copy(this.frame, this.filled, at);
      this.filled += taken;
      at += taken;
      if (this.filled < this.frame.length) return;
      const whole = this.frame;
      this.frame = undefined;
      this.dispatch(whole);
    }
  }

  private dispatch(frame: Buffer): void {
    const id = frame.readInt32BE(0);
    // What nobody waits for any more is dropped.
    if (id < 0) return this.waiting.get(id)?.answered(frame.subarray(4));
    const size = Buffer.alloc(4);
    size.writeInt32BE(frame.length, 0);
    for (const client of this.clients) client(Buffer.concat([size, frame]));
  }

  private closed(): void {
    for (const { failed } of this.waiting.values()) failed(new NetworkError('Connection closed'));
    for (const go of this.queue.splice(0)) go();
  }
}

/*
  Request => size api_key api_version correlation_id client_id [TAG_BUFFER] body        the tags from header version 2 on
    size => INT32
    api_key => INT16
    api_version => INT16
    correlation_id => INT32
    client_id => NULLABLE_STRING
*/
function frameOf<Request>(
  api: Api<Request, unknown>,
  id: number,
  clientId: string,
  request: Request,
): Buffer[] {
  const header = Writer.create()
    .appendInt16(api.key)
    .appendInt16(api.version)
    .appendInt32(id)
    .appendString(clientId, false);
  if (api.flexible) header.appendTaggedFields();
  const whole = header.appendFrom(api.encode(request)).prependLength();
  return joined(whole.buffers);
}

/** The same bytes, runs of small parts made one. */
function joined(parts: readonly Buffer[]): Buffer[] {
  const all: Buffer[] = [];
  let run: Buffer[] = [];
  const close = () => {
    if (run.length > 0) all.push(run.length === 1 ? run[0]! : Buffer.concat(run));
    run = [];
  };
  for (const part of parts) {
    if (part.length < small) {
      run.push(part);
      continue;
    }
    close();
    all.push(part);
  }
  close();
  return all;
}
