import { mirrorNames } from '../../src/connect/mirror-maker.js';
import type { Connect } from '../../src/connect/rest.js';
import { partitionKey, type Cluster, type TopicPartition, type Watermarks } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { waitMs, type Migration } from '../../src/migration/file.js';
import { offsetAt, type SourceOffsets } from '../../src/migration/offsets.js';
import { connectorConfig } from './connect-workers.js';
import { valueOf } from '../kit/rows.js';
import { TailScans, type Tail } from '../drain/tail-scan.js';

export interface PartitionLag extends TopicPartition, Watermarks {
  /** The source offset after the last record that was copied; the log start where nothing has been. */
  position: bigint;
  /** Up to where it must be copied. */
  end: bigint;
  /** Offsets from the first record that is not copied to `end`: an upper bound of records. */
  left: bigint;
}

/** A longer tail is a lag without reading it. */
const shortTail = 1000n;
const tailsPerLook = 128;

/**
 * How far a mirror of MirrorMaker is, measured by ourselves: the source's log against what Connect says to have copied.
 * MirrorMaker's offset is that of the last record copied and acknowledged; what lies behind it may be markers, aborted
 * transactions and holes, so the log is read before anything is called a lag.
 */
export class MirrorLag {
  private readonly scans: TailScans;

  constructor(
    private readonly source: Cluster,
    private readonly rest: Connect,
    private readonly migration: Migration,
  ) {
    this.scans = new TailScans(source, waitMs(migration, 'patience'));
  }

  /**
   * @param to up to where, by topic; the last stable offsets of the moment when absent.
   * @throws FerryError `Changed` when the source no longer has what comes next, or ends before what was copied.
   */
  async look(partitions: readonly TopicPartition[], to?: SourceOffsets): Promise<PartitionLag[]> {
    // Copies first: nothing that was copied by then lies beyond ends that are read later.
    const copied = await this.copied();
    const marks = await this.source.watermarks(partitions);
    const rows = partitions.map((at): PartitionLag => {
      const mark = valueOf(marks, partitionKey(at));
      const last = copied.get(partitionKey(at));
      if (last !== undefined) this.insist(at, last, mark);
      const position = last === undefined ? mark.logStart : last + 1n;
      const end = (to && offsetAt(to, at.topic, at.partition)) ?? mark.lastStable;
      return { ...at, ...mark, position, end, left: end > position ? end - position : 0n };
    });
    const tails = rows
      .filter(({ left, end, lastStable }) => left > 0n && left <= shortTail && end <= lastStable)
      .map(tailOf);
    await this.scans.read(tails, tailsPerLook);
    return rows.map((row) => {
      if (row.left === 0n) return row;
      const known = this.scans.known(tailOf(row));
      if (!known) return row;
      const first = known.kind === 'record' ? known.offset : known.next;
      return { ...row, left: first < row.end ? row.end - first : 0n };
    });
  }

  /** Offset of the last record copied, by partition. */
  private async copied(): Promise<Map<string, bigint>> {
    const { source, alias } = mirrorNames(this.migration.name);
    const offsets = await this.rest.offsets(source);
    if (!offsets) await connectorConfig(this.rest, source);
    const copied = new Map<string, bigint>();
    for (const { partition: at, offset } of offsets ?? []) {
      const { cluster, topic, partition } = at;
      const last = offset?.['offset'];
      if (cluster !== alias || typeof topic !== 'string' || typeof partition !== 'number') continue;
      if (typeof last === 'number') copied.set(partitionKey({ topic, partition }), BigInt(last));
    }
    return copied;
  }

  private insist(at: TopicPartition, last: bigint, { logStart, highWatermark }: Watermarks): void {
    if (last >= highWatermark)
      throw new FerryError(
        'Changed',
        `MirrorMaker has copied ${partitionKey(at)} up to offset ${last}, and on ${this.source.name} it ends at ${highWatermark}: the log was truncated, or the topic deleted and created again. Find out who did it, then abort the migration.`,
      );
    if (last + 1n < logStart)
      throw new FerryError(
        'Changed',
        `Retention on ${this.source.name} has removed offsets ${last + 1n} to ${logStart - 1n} of ${partitionKey(at)}, which MirrorMaker had not yet copied: up to ${logStart - last - 1n} records are missing on the target. Raise the retention of the topic; then retry to go on without them, or abort and begin anew.`,
      );
  }
}

function tailOf({ topic, partition, position, end }: PartitionLag): Tail {
  return { topic, partition, isolation: 'read_committed', from: position, end };
}
