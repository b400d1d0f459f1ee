import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const SESSION_MS = 10_000;
const OK = 0;
const NODE_EXISTS = -110;
const NO_NODE = -101;
const CREATE = 1;
const EXISTS = 3;
const CLOSE = -11;

/**
 * A session with ZooKeeper that can do the two things the lab needs. Requests go one at a time.
 *
 * Protocol (`zookeeper.jute`): a packet is `length:int32 body`, where `string` and `buffer` are `length:int32 bytes`.
 *
 *     ConnectRequest = protocolVersion:int32 lastZxidSeen:int64 timeOut:int32 sessionId:int64 passwd:buffer readOnly:boolean
 *     Request = xid:int32 type:int32 body
 *     Reply = xid:int32 zxid:int64 err:int32 body
 */
export class ZooKeeperSession {
  private xid = 0;
  private received = Buffer.alloc(0);
  private waiting: { resolve: (packet: Buffer) => void; reject: (error: Error) => void } | undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error) => this.waiting?.reject(error));
    socket.on('close', () => this.waiting?.reject(new Error('ZooKeeper has ended the session')));
  }

  /**
   * Opens a session, has it used, and closes it. What is asked while the server is still starting may never be
   * answered, hence the limit.
   */
  static async with<T>(
    port: number,
    answerWithinMs: number,
    use: (session: ZooKeeperSession) => Promise<T>,
  ): Promise<T> {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(answerWithinMs, () => socket.destroy(new Error('ZooKeeper does not answer')));
    try {
      await once(socket, 'connect');
      const session = new ZooKeeperSession(socket);
      await session.exchange(
        Buffer.concat([
          int32(0),
          int64(0),
          int32(SESSION_MS),
          int64(0),
          bytes(Buffer.alloc(16)),
          boolean(false),
        ]),
      );
      const answer = await use(session);
      await session.request(CLOSE, Buffer.alloc(0));
      return answer;
    } finally {
      socket.destroy();
    }
  }

  /** Creates a node that stays and that everybody may read and change, unless there is one. */
  async create(path: string, data: string): Promise<void> {
    // CreateRequest = path:string data:buffer acl:vector{perms:int32 scheme:string id:string} flags:int32
    const everybody = [int32(1), int32(0x1f), text('world'), text('anyone')];
    const error = await this.request(
      CREATE,
      Buffer.concat([text(path), bytes(Buffer.from(data)), ...everybody, int32(0)]),
    );
    if (error !== OK && error !== NODE_EXISTS)
      throw new Error(`ZooKeeper answers ${error} to the creation of ${path}`);
  }

  async exists(path: string): Promise<boolean> {
    // ExistsRequest = path:string watch:boolean
    const error = await this.request(EXISTS, Buffer.concat([text(path), boolean(false)]));
    if (error !== OK && error !== NO_NODE) throw new Error(`ZooKeeper answers ${error} about ${path}`);
    return error === OK;
  }

  private async request(type: number, body: Buffer): Promise<number> {
    const reply = await this.exchange(Buffer.concat([int32(++this.xid), int32(type), body]));
    return reply.readInt32BE(12);
  }

  private exchange(packet: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) return reject(new Error('ZooKeeper has ended the session'));
      this.waiting = { resolve, reject };
      this.socket.write(Buffer.concat([int32(packet.length), packet]));
    });
  }

  private receive(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    if (this.received.length < 4) return;
    const end = 4 + this.received.readInt32BE(0);
    if (this.received.length < end) return;
    const packet = this.received.subarray(4, end);
    this.received = this.received.subarray(end);
    this.waiting?.resolve(packet);
  }
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function int64(value: number): Buffer {
  return Buffer.concat([int32(0), int32(value)]);
}

function boolean(value: boolean): Buffer {
  return Buffer.from([value ? 1 : 0]);
}

function bytes(value: Buffer): Buffer {
  return Buffer.concat([int32(value.length), value]);
}

function text(value: string): Buffer {
  return bytes(Buffer.from(value));
}
