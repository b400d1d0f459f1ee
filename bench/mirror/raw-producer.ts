import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Connection } from '@platformatic/kafka';
import { LabError } from '../../lab/lab.js';
import type { ClusterConnection } from '../../src/kafka/open.js';
import { WireReader } from '../../src/kafka/wire/reader.js';

/** Batches for partitions of one topic: one whole batch of magic 2 for each, as a broker takes it. */
export type Share = readonly { partition: number; batch: Buffer }[];

const produce = { key: 0, version: 9 } as const;
const acksOfAll = -1;
const timeoutMs = 30_000;
const noTags = Buffer.from([0]);

/**
 * The fastest producer that this machine can be made to run: it writes batches that are ready, to the one broker that
 * leads their partitions, with several requests in flight. Nothing is encoded, compressed, hashed or copied on the way but by
 * TLS. It retries nothing.
 *
 * The client's connection logs in, and its socket is used from then on: its own way of sending copies each request twice.
 */
export class RawProducer {
  readonly #answers: Promise<void>[] = [];
  readonly #waiting: ((failure?: Error) => void)[] = [];
  #received: Buffer = Buffer.alloc(0);
  #correlation = 0;

  private constructor(
    private readonly connection: Connection,
    private readonly socket: Socket,
    private readonly inFlight: number,
  ) {
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('close', () => this.#fail(new LabError('The broker closed the connection of the producer.')));
    socket.on('error', () => undefined);
  }

  /** @param inFlight requests that are sent before the first of them is answered. */
  static async connect(
    { host, port }: { host: string; port: number },
    { sasl, tls }: Pick<ClusterConnection, 'sasl' | 'tls'>,
    { inFlight = 8 } = {},
  ): Promise<RawProducer> {
    const connection = new Connection('bench', {
      ...(sasl && 'password' in sasl && { sasl: { ...sasl, mechanism: 'SCRAM-SHA-512' } }),
      ...(tls && { tls: { ca: tls.ca, cert: tls.certificate, key: tls.key } }),
    });
    await connection.connect(host, port);
    return new RawProducer(connection, connection.socket, inFlight);
  }

  /** Resolves when there is room for the next request; `flush` tells whether all were taken. */
  async send(topic: string, share: Share): Promise<void> {
    while (this.#answers.length >= this.inFlight) await this.#answers.shift();
    const answer = new Promise<void>((resolve, reject) =>
      this.#waiting.push((failure) => (failure ? reject(failure) : resolve())),
    );
    this.#answers.push(answer);
    // Whoever waits for the answer is told of a failure; until then it is not one that nobody handles.
    answer.catch(() => undefined);
    this.socket.cork();
    for (const part of requestParts(topic, share, this.#correlation++)) this.socket.write(part);
    this.socket.uncork();
    if (this.socket.writableNeedDrain) await Promise.race([once(this.socket, 'drain'), answer]);
  }

  /** @throws LabError when the broker has refused a batch. */
  async flush(): Promise<void> {
    while (this.#answers.length > 0) await this.#answers.shift();
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.connection.removeAllListeners('error').on('error', () => undefined);
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    // A broker answers the requests of one connection in their order.
    while (bytes.length - at >= 4 && bytes.length - at - 4 >= bytes.readInt32BE(at)) {
      const end = at + 4 + bytes.readInt32BE(at);
      this.#waiting.shift()?.(refusalIn(bytes.subarray(at + 8, end)));
      at = end;
    }
    this.#received = bytes.subarray(at);
  }

  #fail(failure: Error): void {
    for (const answer of this.#waiting.splice(0)) answer(failure);
  }
}

/*
  Produce Request (Version: 9) => transactional_id acks timeout_ms [topic_data] TAG_BUFFER
    transactional_id => COMPACT_NULLABLE_STRING
    acks => INT16
    timeout_ms => INT32
    topic_data => name [partition_data] TAG_BUFFER
      name => COMPACT_STRING
      partition_data => index records TAG_BUFFER
        index => INT32
        records => COMPACT_RECORDS
*/
function requestParts(topic: string, share: Share, correlation: number): Buffer[] {
  const name = Buffer.from(topic);
  const head = Buffer.alloc(64 + name.length);
  let at = 4;
  at = head.writeInt16BE(produce.key, at);
  at = head.writeInt16BE(produce.version, at);
  at = head.writeInt32BE(correlation, at);
  // No client id (a null string), no tags, no transactional id.
  at = head.writeInt16BE(-1, at);
  at = head.writeInt8(0, at);
  at = head.writeInt8(0, at);
  at = head.writeInt16BE(acksOfAll, at);
  at = head.writeInt32BE(timeoutMs, at);
  at = head.writeInt8(1 + 1, at);
  at = writeUnsignedVarint(head, name.length + 1, at);
  at += name.copy(head, at);
  at = writeUnsignedVarint(head, share.length + 1, at);
  const parts: Buffer[] = [head.subarray(0, at)];
  for (const { partition, batch } of share) {
    const before = Buffer.alloc(9);
    const end = writeUnsignedVarint(before, batch.length + 1, before.writeInt32BE(partition, 0));
    parts.push(before.subarray(0, end), batch, noTags);
  }
  parts.push(noTags, noTags);
  head.writeInt32BE(parts.reduce((sum, { length }) => sum + length, 0) - 4, 0);
  return parts;
}

function writeUnsignedVarint(bytes: Buffer, value: number, from: number): number {
  let at = from;
  let rest = value;
  while (rest > 0x7f) {
    at = bytes.writeUInt8((rest & 0x7f) | 0x80, at);
    rest >>>= 7;
  }
  return bytes.writeUInt8(rest, at);
}

/*
  Produce Response (Version: 9) => TAG_BUFFER [responses] throttle_time_ms TAG_BUFFER
    responses => name [partition_responses] TAG_BUFFER
      name => COMPACT_STRING
      partition_responses => index error_code base_offset log_append_time_ms log_start_offset [record_errors] error_message TAG_BUFFER
        index => INT32
        error_code => INT16
        base_offset, log_append_time_ms, log_start_offset => INT64
        record_errors => batch_index batch_index_error_message TAG_BUFFER
          batch_index => INT32
          batch_index_error_message => COMPACT_NULLABLE_STRING
        error_message => COMPACT_NULLABLE_STRING
*/
function refusalIn(body: Buffer): Error | undefined {
  const reader = new WireReader(body);
  reader.readTaggedFields();
  let refusal: Error | undefined;
  reader.readArray(() => {
    const topic = reader.readString();
    reader.readArray(() => {
      const partition = reader.readInt32();
      const code = reader.readInt16();
      reader.skip(24);
      reader.readArray(() => {
        reader.readInt32();
        reader.readNullableString();
      });
      const says = reader.readNullableString();
      if (code !== 0)
        refusal ??= new LabError(
          `The broker refused a batch for ${topic}/${partition}: error ${code}${says ? `, ${says}` : ''}.`,
        );
    });
  });
  return refusal;
}
