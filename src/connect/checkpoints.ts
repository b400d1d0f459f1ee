import type { TopicPartition } from '../kafka/cluster.js';
import type { KafkaRecord } from '../kafka/records/records.js';

/** One record that MirrorMaker has copied: its offset on both sides. */
export interface OffsetSync extends TopicPartition {
  upstream: bigint;
  downstream: bigint;
}

/** Where a group was on the source, and where MirrorMaker would let it go on: never too far, often too early. */
export interface Checkpoint extends OffsetSync {
  group: string;
  metadata: string;
}

type Encoded = Pick<KafkaRecord, 'key' | 'value'>;

/**
 * A record of `mm2-offset-syncs.<alias>.internal` (`org.apache.kafka.connect.mirror.OffsetSync`), big endian:
 *
 *     key   = topic:string partition:int32
 *     value = upstreamOffset:int64 offset:int64
 *     string = length:int16 UTF-8
 *
 * `undefined` for what is no such record, or a tombstone.
 */
export function offsetSyncOf({ key, value }: Encoded): OffsetSync | undefined {
  return decoding(() => {
    if (key === null || value === null) return undefined;
    const of = new Reader(key);
    const topic = of.string();
    const partition = of.int32();
    const offsets = new Reader(value);
    const sync = { topic, partition, upstream: offsets.int64(), downstream: offsets.int64() };
    const sound = partition >= 0 && sync.upstream >= 0n && sync.downstream >= 0n;
    return sound && of.ended && offsets.ended ? sync : undefined;
  });
}

/**
 * A record of `<alias>.checkpoints.internal` (`org.apache.kafka.connect.mirror.Checkpoint`):
 *
 *     key   = group:string topic:string partition:int32
 *     value = version:int16 upstreamOffset:int64 offset:int64 metadata:string      version 0
 *
 * `undefined` for what is no such record, a tombstone, or a version that is not known.
 */
export function checkpointOf({ key, value }: Encoded): Checkpoint | undefined {
  return decoding(() => {
    if (key === null || value === null) return undefined;
    const of = new Reader(key);
    const at = { group: of.string(), topic: of.string(), partition: of.int32() };
    const body = new Reader(value);
    if (body.int16() !== 0) return undefined;
    const checkpoint = {
      ...at,
      upstream: body.int64(),
      downstream: body.int64(),
      metadata: body.string(),
    };
    return of.ended && body.ended ? checkpoint : undefined;
  });
}

function decoding<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TooShort) return undefined;
    throw error;
  }
}

class TooShort extends Error {}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get ended(): boolean {
    return this.at === this.bytes.length;
  }
  int16(): number {
    return this.bytes.readInt16BE(this.take(2));
  }
  int32(): number {
    return this.bytes.readInt32BE(this.take(4));
  }
  int64(): bigint {
    return this.bytes.readBigInt64BE(this.take(8));
  }
  string(): string {
    const length = this.int16();
    const from = this.take(length);
    return this.bytes.toString('utf8', from, from + length);
  }

  /** Where the next `length` bytes begin. */
  private take(length: number): number {
    const from = this.at;
    if (length < 0 || from + length > this.bytes.length) throw new TooShort();
    this.at += length;
    return from;
  }
}
