import { setImmediate as breathe } from 'node:timers/promises';
import { malformed, nullableIn } from '../kafka/records/records.js';
import { ByteReader } from '../kafka/records/varints.js';
import type { Block } from './block.js';
import {
  digest,
  halves,
  isOf,
  LatestTable,
  mostKeys,
  type Latest,
  type Shard,
  type SideName,
  wordOf,
} from './latest-table.js';
import { Trimmed, type PartitionReader } from './partition-reader.js';
import { mostDifferences, type PartitionState } from './sequence.js';
import { Side } from './side.js';

export interface LatestOptions {
  /** Where the log of each side begins later than it did once. */
  trimmed: { source: boolean; target: boolean };
  /** What each side holds beyond its range now: a key written again there may have taken the older record with it. */
  beyond: () => Promise<{ source: PartitionReader; target: PartitionReader }>;
  /** Keys looked at in one pass. */
  keys?: number;
}

const breatheMs = 10;

/**
 * Compares one partition of a compacted topic: the latest record of each key, since what compaction has taken on one side
 * may still be there on the other. A tombstone is the same as nothing, because it goes after `delete.retention.ms`.
 *
 * More keys than fit are looked at in several passes over both logs, each for a share of the keys by their hash.
 */
export class LatestComparison {
  private readonly trimmed: { source: boolean; target: boolean };
  private breathed = Date.now();

  constructor(
    private readonly sides: Record<SideName, PartitionReader>,
    private readonly state: PartitionState,
    private readonly options: LatestOptions,
  ) {
    this.trimmed = { ...options.trimmed };
  }

  async run(): Promise<PartitionState> {
    const shards: Shard[] = [{ bits: 0, value: 0 }];
    for (let shard = shards.pop(); shard; shard = shards.pop()) {
      const pass: Pass = { shard, table: new LatestTable() };
      await Promise.all([
        this.read('source', this.sides.source, pass, shards),
        this.read('target', this.sides.target, pass, shards),
      ]);
      await this.judge(pass);
    }
    return this.state;
  }

  private async read(name: SideName, reader: PartitionReader, pass: Pass, left: Shard[]): Promise<void> {
    await this.each(name, reader, (block) => {
      const { bytes, bodyStart, bodyEnd, offset, timestamp } = block;
      const { keyEnd, tombstone } = keyOf(block);
      const key = digest(bytes.subarray(bodyStart, keyEnd));
      if (!isOf(pass.shard, wordOf(key, 0))) return;
      const record = digest(Buffer.concat([timeBytes(timestamp), bytes.subarray(keyEnd, bodyEnd)]));
      pass.table.put(name, key, record, { offset: Number(offset), tombstone });
      if (pass.table.size <= (this.options.keys ?? mostKeys)) return;
      const [now, later] = halves(pass.shard);
      pass.table.keep(now);
      pass.shard = now;
      left.push(later);
    });
  }

  private async each(name: SideName, reader: PartitionReader, see: (block: Block) => void): Promise<void> {
    const side = new Side(reader);
    let from = reader.range.start;
    for (;;) {
      side.seek(from);
      try {
        while (await side.fill()) {
          side.open();
          while (side.block) {
            see(side.block);
            side.step();
          }
          await this.letOthersRun();
        }
        return;
      } catch (error) {
        if (!(error instanceof Trimmed)) throw error;
        this.trimmed[name] = true;
        from = error.logStart;
      }
    }
  }

  private async judge({ table, shard }: Pass): Promise<void> {
    let unequal = false;
    for (const entry of table.entries()) unequal ||= verdict(entry) !== 'same';
    if (unequal) {
      const beyond = await this.options.beyond();
      for (const name of ['source', 'target'] as const)
        await this.each(name, beyond[name], (block) => {
          const key = digest(block.bytes.subarray(block.bodyStart, keyOf(block).keyEnd));
          if (isOf(shard, wordOf(key, 0))) table.markBeyond(name, key);
        });
    }
    const unsure = { expiredOnTarget: new Span(), expiredOnSource: new Span(), writtenAgain: new Span() };
    const firstKept = firstCommon(table);
    const found: { source: Latest | null; target: Latest | null }[] = [];
    for (const entry of table.entries()) {
      const { source, target, beyond } = entry;
      const kind = verdict(entry);
      if (kind === 'same') {
        if (source && target) this.state.records++;
      } else if (beyond.source || beyond.target) unsure.writtenAgain.add(source ?? undefined);
      else if (source && !target && this.trimmed.target && source.offset < firstKept.source)
        unsure.expiredOnTarget.add(source);
      else if (target && !source && this.trimmed.source && target.offset < firstKept.target)
        unsure.expiredOnSource.add(target);
      else found.push({ source, target });
    }
    this.note(unsure);
    const order = ({ source, target }: (typeof found)[number]) => source?.offset ?? target?.offset ?? 0;
    const { differences } = this.state;
    for (const { source, target } of found.sort((a, b) => order(a) - order(b))) {
      if (differences.length >= mostDifferences) break;
      differences.push({
        source: source && String(source.offset),
        target: target && String(target.offset),
        what: !target
          ? 'the latest record of this key on the source is missing on the target'
          : !source
            ? 'the source has no record of this key'
            : 'the latest record of this key differs',
      });
    }
  }

  private note(unsure: Record<'expiredOnTarget' | 'expiredOnSource' | 'writtenAgain', Span>): void {
    const { unverifiable } = this.state;
    if (unsure.expiredOnTarget.keys > 0)
      unverifiable.push({
        ...unsure.expiredOnTarget.range,
        why: `retention has removed the latest record of ${unsure.expiredOnTarget.keys} keys from the target`,
        onSourceAlone: unsure.expiredOnTarget.keys,
      });
    if (unsure.expiredOnSource.keys > 0)
      unverifiable.push({
        from: '0',
        to: String(this.sides.source.range.start),
        why: `retention has removed the latest record of ${unsure.expiredOnSource.keys} keys from the source; the target still holds them`,
      });
    if (unsure.writtenAgain.keys > 0)
      unverifiable.push({
        ...unsure.writtenAgain.range,
        why: `${unsure.writtenAgain.keys} keys were written again since, and compaction has taken what was compared`,
      });
  }

  private async letOthersRun(): Promise<void> {
    if (Date.now() - this.breathed < breatheMs) return;
    await breathe();
    this.breathed = Date.now();
  }
}

interface Pass {
  shard: Shard;
  table: LatestTable;
}

type Entry = ReturnType<LatestTable['entries']> extends Generator<infer One> ? One : never;

function verdict({ source, target, same }: Entry): 'same' | 'different' {
  if (source && target) return same ? 'same' : 'different';
  return (source ?? target)?.tombstone ? 'same' : 'different';
}

/**
 * The first offsets of which it is known that both sides hold the record: order is kept, so whatever the source has behind
 * that cannot have gone by retention.
 */
function firstCommon(table: LatestTable): { source: number; target: number } {
  const first = { source: Infinity, target: Infinity };
  for (const { source, target, same } of table.entries())
    if (source && target && same) {
      first.source = Math.min(first.source, source.offset);
      first.target = Math.min(first.target, target.offset);
    }
  return first;
}

/** Offsets of the source, and how many keys they are of. */
class Span {
  keys = 0;
  private from = Infinity;
  private to = 0;

  add(record: Latest | undefined): void {
    this.keys++;
    if (!record) return;
    this.from = Math.min(this.from, record.offset);
    this.to = Math.max(this.to, record.offset + 1);
  }

  get range(): { from: string; to: string } {
    return this.from > this.to ? { from: '0', to: '0' } : { from: String(this.from), to: String(this.to) };
  }
}

/** @throws FerryError `Unexpected` when the record is not well formed */
function keyOf({ batch, bytes, bodyStart, bodyEnd }: Block): { keyEnd: number; tombstone: boolean } {
  try {
    const body = new ByteReader(bytes.subarray(bodyStart, bodyEnd));
    nullableIn(body);
    const keyEnd = bodyEnd - body.remaining;
    return { keyEnd, tombstone: nullableIn(body) === null };
  } catch (cause) {
    throw malformed(batch, cause);
  }
}

function timeBytes(timestamp: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(timestamp);
  return bytes;
}
