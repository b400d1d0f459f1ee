/**
 * Whether a consumer group has read one partition up to an offset. "Drained" is not `committed == end offset`: commit
 * and abort markers, compaction and aborted transactions leave offsets that no consumer commits, and retention takes
 * records that nobody has read. Every verdict therefore has its reason, and only some of them pass.
 */
export const verdictKinds = {
  /** Committed up to the end. */
  drained: 'passes',
  /** Behind the last commit lie only commit and abort markers. */
  'drained-control-only': 'passes',
  /** Behind the last commit lies only what compaction has left. */
  'drained-compacted': 'passes',
  /** Behind the last commit lie only aborted transactions, which a `read_committed` group is never given. */
  'drained-aborted': 'passes',
  /** Nothing committed, and nothing there to read. */
  'drained-empty': 'passes',
  lagging: 'waits',
  /** A transaction begun below the end is neither committed nor aborted. */
  'open-transaction': 'waits',
  /** The group's own commit is part of a transaction that has not ended. */
  'commit-pending': 'waits',
  /** Nothing committed, and records are there: external offsets, `latest`, or a group that never read it. */
  'no-commit': 'asks',
  /** Retention, or DeleteRecords, took records that the group had not committed: a loss that has already happened. */
  'expired-unread': 'asks',
  /** Committed beyond the end of the log: of another topic of that name, or of a log since cut off. */
  'beyond-end': 'blocks',
  /** The log ends before the offset that was recorded as its end. */
  truncated: 'blocks',
  /** The log goes on after the end that was frozen. */
  grew: 'blocks',
} as const;

export type VerdictName = keyof typeof verdictKinds;
export type VerdictKind = (typeof verdictKinds)[VerdictName];

export interface Verdict {
  verdict: VerdictName;
  /**
   * Offsets that the verdict is about, an upper bound of the records among them: still to be read (`lagging`,
   * `open-transaction`, `no-commit`), lost (`expired-unread`), beyond (`beyond-end`, `grew`), missing (`truncated`); else 0.
   */
  count: bigint;
  /** A clause that goes on from "group G on partition P": what was seen. */
  reason: string;
}

/** What has been found by reading the log from offset `from` on: the first deliverable record, or none so far. */
export type ScanResult = { readonly from: bigint } & (
  | { readonly kind: 'record'; readonly offset: bigint }
  | {
      readonly kind: 'none';
      /** Nothing deliverable below this offset. */
      readonly next: bigint;
      readonly controlBatches: number;
      readonly emptyBatches: number;
      readonly abortedBatches: number;
      readonly holes: bigint;
    }
);

export interface PartitionFacts {
  logStart: bigint;
  highWatermark: bigint;
  lastStable: bigint;
  /** Next offset the group would read; `null`: it has committed none; `pending`: a transactional commit is under way. */
  committed: bigint | null | 'pending';
  /** The offset up to which the group must have read. */
  to: bigint;
  /** Whether the log may not grow beyond `to` any more. */
  frozen: boolean;
  /** What lies at and after the group's position, as far as it has been read. */
  scan?: ScanResult;
  /** A person has accepted the loss of expired records: the group need only read what is left. */
  lossAccepted?: boolean;
}

export function kindOf({ verdict }: Verdict): VerdictKind {
  return verdictKinds[verdict];
}

/**
 * Where the group stands: its commit, or the first offset that is left where it has none or lost what came before.
 * A scan of the log, if there is one, begins here.
 */
export function positionOf({ committed, logStart }: PartitionFacts): bigint {
  return typeof committed === 'bigint' && committed > logStart ? committed : logStart;
}

/** Whether the offsets alone leave open if anything is left to read: then, and only then, the log itself must be read. */
export function needsScan(facts: PartitionFacts): boolean {
  return (
    facts.committed !== 'pending' &&
    positionOf(facts) < facts.to &&
    facts.highWatermark >= facts.to &&
    !(facts.frozen && facts.highWatermark > facts.to)
  );
}

/**
 * The verdict on one partition, by the rules of the log: what is impossible first, then what is lost, then what is left.
 * What the log has not been read for yet is taken for lag: the verdict can only be too careful.
 */
export function partitionVerdict(facts: PartitionFacts): Verdict {
  const { highWatermark, lastStable, committed, to, frozen } = facts;
  if (highWatermark < to)
    return {
      verdict: 'truncated',
      count: to - highWatermark,
      reason: `the log ends at offset ${highWatermark}, before ${to} that was its end: the topic was re-created or lost its tail`,
    };
  if (frozen && highWatermark > to)
    return {
      verdict: 'grew',
      count: highWatermark - to,
      reason: `the log goes on to offset ${highWatermark}, after its frozen end ${to}`,
    };
  if (committed === 'pending')
    return {
      verdict: 'commit-pending',
      count: 0n,
      reason: 'the commit is part of a transaction that has not ended',
    };
  if (committed !== null && committed > highWatermark)
    return {
      verdict: 'beyond-end',
      count: committed - highWatermark,
      reason: `committed offset ${committed} lies beyond the end ${highWatermark}: the topic was re-created, or the offset was set by hand`,
    };
  const lost = expiredUnread(facts);
  if (lost && facts.lossAccepted !== true) return lost;
  const left = whatIsLeft(facts);
  // A transaction that ends after the freeze adds its marker, and may add records first.
  const mustBeStable = frozen || left.kind !== 'none';
  if (mustBeStable && lastStable < to && left.kind !== 'record')
    return {
      verdict: 'open-transaction',
      count: left.count,
      reason: `a transaction is open from offset ${lastStable}`,
    };
  if (left.kind === 'none')
    return (
      lost ??
      (committed === null
        ? { verdict: 'drained-empty', count: 0n, reason: 'nothing committed and nothing there to read' }
        : { verdict: left.verdict, count: 0n, reason: left.reason })
    );
  if (committed === null && left.kind === 'record')
    return {
      verdict: 'no-commit',
      count: left.count,
      reason: `nothing committed, and records from offset ${left.from} on`,
    };
  return {
    verdict: 'lagging',
    count: left.count,
    reason: `committed ${committed ?? 'nothing'}, to be read from ${left.from} up to ${to}`,
  };
}

/** How many offsets were deleted before the group committed them. */
export function expiredCount({ committed, logStart, to }: PartitionFacts): bigint {
  if (typeof committed !== 'bigint') return 0n;
  const end = smaller(logStart, to);
  return end > committed ? end - committed : 0n;
}

/** Offsets below the log start that the group had neither committed nor been seen to have nothing to read in. */
function expiredUnread(facts: PartitionFacts): Verdict | null {
  const { committed, logStart, to, scan } = facts;
  if (typeof committed !== 'bigint' || expiredCount(facts) === 0n) return null;
  const end = smaller(logStart, to);
  if (scan && scan.from <= committed && (scan.kind === 'record' ? scan.offset : scan.next) >= end)
    return null;
  return {
    verdict: 'expired-unread',
    count: end - committed,
    reason: `offsets ${committed} to ${end - 1n} were deleted before the group committed them`,
  };
}

type Left =
  | { kind: 'none'; count: 0n; verdict: VerdictName; reason: string }
  /** `unknown`: the log has not been read up to `to`, but nothing deliverable was found so far. */
  | { kind: 'record' | 'unknown'; count: bigint; from: bigint };

function whatIsLeft(facts: PartitionFacts): Left {
  const { scan, to } = facts;
  const position = positionOf(facts);
  if (position >= to)
    return { kind: 'none', count: 0n, verdict: 'drained', reason: `committed up to the end ${to}` };
  if (scan === undefined) return { kind: 'unknown', count: to - position, from: position };
  if (scan.kind === 'record' && scan.offset < to)
    return { kind: 'record', count: to - scan.offset, from: scan.offset };
  if (scan.kind === 'none' && scan.next < to)
    return { kind: 'unknown', count: to - scan.next, from: scan.next };
  return { kind: 'none', count: 0n, ...nothingDeliverable(scan, position, to) };
}

function nothingDeliverable(
  scan: ScanResult,
  position: bigint,
  to: bigint,
): { verdict: VerdictName; reason: string } {
  const range = `offsets ${position} to ${to - 1n}`;
  if (scan.kind === 'none' && scan.abortedBatches > 0)
    return { verdict: 'drained-aborted', reason: `${range} hold only aborted transactions` };
  if (scan.kind === 'none' && scan.controlBatches > 0 && scan.emptyBatches === 0 && scan.holes === 0n)
    return { verdict: 'drained-control-only', reason: `${range} hold only transaction markers` };
  return { verdict: 'drained-compacted', reason: `${range} hold nothing since compaction` };
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
