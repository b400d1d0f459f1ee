import { FerryError } from '../migration/errors.js';
import type { Run } from './offset-map.js';

/** What the mirror must know of a partition to go on with it, as of one checkpoint. */
export interface StoredPosition {
  readonly sourceNext: number;
  readonly targetNext: number;
  /** Who wrote it. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Leader epoch of the last record read from the source, −1 when none. */
  readonly sourceEpoch: number;
  /** As Kafka's tools print them; `null` on a cluster that gives none. */
  readonly sourceTopicId: string | null;
  readonly targetTopicId: string | null;
}

/** One record of the map topic: a part of one partition's runs, and the position when it was written. */
export interface MapChunk {
  readonly position: StoredPosition;
  readonly runs: readonly Run[];
}

/**
 * Runs in a chunk. A full one is never written again, so a partition with millions of runs costs a checkpoint no more
 * than this many.
 */
export const runsPerChunk = 1024;

const version = 1;

/**
 * Grammar, numbers unsigned LEB128 unless said otherwise:
 *
 *     chunk    = version:int8 position count run*
 *     position = sourceNext targetNext producerId producerEpoch (sourceEpoch + 1) sourceTopicId:16 targetTopicId:16
 *     run      = sourceGap targetGap length       gaps from the end of the run before, in a chunk's first run from 0
 */
export function encodeChunk({ position, runs }: MapChunk): Buffer {
  const bytes: number[] = [version];
  number(bytes, position.sourceNext);
  number(bytes, position.targetNext);
  number(bytes, Number(position.producerId));
  number(bytes, position.producerEpoch);
  number(bytes, position.sourceEpoch + 1);
  bytes.push(...topicId(position.sourceTopicId), ...topicId(position.targetTopicId));
  number(bytes, runs.length);
  let source = 0;
  let target = 0;
  for (const run of runs) {
    number(bytes, run.source - source);
    number(bytes, run.target - target);
    number(bytes, run.length);
    source = run.source + run.length;
    target = run.target + run.length;
  }
  return Buffer.from(bytes);
}

/** @throws FerryError `Conflict` when the bytes are not a chunk of this version. */
export function decodeChunk(bytes: Buffer): MapChunk {
  const reader = new ChunkReader(bytes);
  if (reader.byte() !== version)
    throw new FerryError(
      'Conflict',
      `The offset map on the target was written by a newer ferry (format ${bytes[0]}): use that version.`,
    );
  const position = {
    sourceNext: reader.number(),
    targetNext: reader.number(),
    producerId: BigInt(reader.number()),
    producerEpoch: reader.number(),
    sourceEpoch: reader.number() - 1,
    sourceTopicId: reader.topicId(),
    targetTopicId: reader.topicId(),
  };
  const runs: Run[] = [];
  let source = 0;
  let target = 0;
  for (let left = reader.number(); left > 0; left--) {
    source += reader.number();
    target += reader.number();
    const length = reader.number();
    if (length === 0) throw damaged();
    runs.push({ source, target, length });
    source += length;
    target += length;
    if (!Number.isSafeInteger(source) || !Number.isSafeInteger(target)) throw damaged();
  }
  if (!reader.ended) throw damaged();
  return { position, runs };
}

/** Key of a chunk: no topic name holds a slash. */
export function chunkKey(partitionKey: string, chunk: number): string {
  return `${partitionKey}/${chunk}`;
}

/** The opposite; `null` for a key that is not a chunk's. */
export function parseChunkKey(key: string): { partition: string; chunk: number } | null {
  const match = /^([^/]+\/\d+)\/(\d+)$/.exec(key);
  return match ? { partition: match[1]!, chunk: Number(match[2]) } : null;
}

function number(bytes: number[], value: number): void {
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
}

function topicId(id: string | null): Buffer {
  return id === null ? Buffer.alloc(16) : Buffer.from(id, 'base64url');
}

class ChunkReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get ended(): boolean {
    return this.at === this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw damaged();
    return byte;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (!Number.isSafeInteger(value)) throw damaged();
      if (byte < 0x80) return value;
    }
  }

  topicId(): string | null {
    const id = this.bytes.subarray(this.at, (this.at += 16));
    if (id.length < 16) throw damaged();
    return id.every((byte) => byte === 0) ? null : id.toString('base64url');
  }
}

function damaged(): FerryError {
  return new FerryError(
    'Conflict',
    'A record of the offset map on the target cannot be read: something else has written to its topic; remove the mirror and start it anew.',
  );
}
