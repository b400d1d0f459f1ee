import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  kindOf,
  needsScan,
  partitionVerdict,
  positionOf,
  verdictKinds,
  type PartitionFacts,
  type ScanResult,
} from '../../src/migration/verdicts.js';

/** A plain partition of ten records, all there, read to the end. */
const read: PartitionFacts = {
  logStart: 0n,
  highWatermark: 10n,
  lastStable: 10n,
  committed: 10n,
  to: 10n,
  frozen: true,
};
const nothing = (from: bigint, next: bigint, counts: Partial<Record<string, number>> = {}): ScanResult => ({
  from,
  kind: 'none',
  next,
  controlBatches: counts['control'] ?? 0,
  emptyBatches: counts['empty'] ?? 0,
  abortedBatches: counts['aborted'] ?? 0,
  holes: BigInt(counts['holes'] ?? 0),
});
const record = (from: bigint, offset: bigint): ScanResult => ({ from, kind: 'record', offset });
const verdictOf = (facts: Partial<PartitionFacts>) => partitionVerdict({ ...read, ...facts });

describe('a partition is drained', () => {
  test('when the group has committed its end', () => {
    expect(verdictOf({})).toEqual({ verdict: 'drained', count: 0n, reason: 'committed up to the end 10' });
  });

  test.each([
    ['drained-control-only', nothing(8n, 10n, { control: 2 })],
    ['drained-compacted', nothing(8n, 10n, { empty: 1 })],
    ['drained-compacted', nothing(8n, 10n, { holes: 2 })],
    ['drained-compacted', nothing(8n, 10n, { control: 1, holes: 1 })],
    ['drained-aborted', nothing(8n, 10n, { aborted: 1, control: 1 })],
  ])('as %s when behind the commit lies nothing to read', (verdict, scan) => {
    expect(verdictOf({ committed: 8n, scan })).toMatchObject({ verdict, count: 0n });
  });

  test('when it is empty and nothing was ever committed', () => {
    const empty = { committed: null, logStart: 0n, highWatermark: 0n, lastStable: 0n, to: 0n };
    expect(verdictOf(empty).verdict).toBe('drained-empty');
    expect(verdictOf({ committed: null, logStart: 10n }).verdict).toBe('drained-empty');
    expect(verdictOf({ committed: null, scan: nothing(0n, 10n, { control: 1 }) }).verdict).toBe(
      'drained-empty',
    );
  });

  test('up to a mark, whatever comes after it', () => {
    const mark = { frozen: false, to: 6n, committed: 6n };
    expect(verdictOf(mark).verdict).toBe('drained');
    expect(verdictOf({ ...mark, lastStable: 5n }).verdict).toBe('drained');
    expect(verdictOf({ ...mark, committed: 4n, scan: record(4n, 6n) }).verdict).toBe('drained-compacted');
  });
});

describe('a partition is not drained', () => {
  test('while records are left, counted from the first that there is', () => {
    expect(verdictOf({ committed: 3n })).toMatchObject({ verdict: 'lagging', count: 7n });
    expect(verdictOf({ committed: 3n, scan: record(3n, 5n) })).toMatchObject({
      verdict: 'lagging',
      count: 5n,
    });
  });

  test('while the log behind the commit has not been read to its end', () => {
    expect(verdictOf({ committed: 3n, scan: nothing(3n, 9n, { control: 6 }) })).toMatchObject({
      verdict: 'lagging',
      count: 1n,
    });
  });

  test('while a transaction is open below the end', () => {
    expect(verdictOf({ lastStable: 8n })).toMatchObject({ verdict: 'open-transaction' });
    expect(verdictOf({ lastStable: 8n, committed: 8n, scan: nothing(8n, 8n) })).toMatchObject({
      verdict: 'open-transaction',
      count: 2n,
    });
    const mark = { frozen: false, to: 9n, committed: 7n, lastStable: 7n };
    expect(verdictOf(mark).verdict).toBe('open-transaction');
  });

  test('while records before the open transaction are left', () => {
    expect(verdictOf({ lastStable: 8n, committed: 3n, scan: record(3n, 3n) }).verdict).toBe('lagging');
  });

  test('while its own commit is pending', () => {
    expect(verdictOf({ committed: 'pending' }).verdict).toBe('commit-pending');
  });
});

describe('waiting does not help when', () => {
  test('records expired unread, counted', () => {
    expect(verdictOf({ committed: 2n, logStart: 6n })).toMatchObject({
      verdict: 'expired-unread',
      count: 4n,
    });
    expect(verdictOf({ committed: 2n, logStart: 20n, highWatermark: 20n, frozen: false })).toMatchObject({
      verdict: 'expired-unread',
      count: 8n,
    });
  });

  test('but not when what expired had been seen to hold nothing to read', () => {
    const markers = nothing(8n, 10n, { control: 2 });
    expect(verdictOf({ committed: 8n, logStart: 10n, scan: markers }).verdict).toBe('drained');
    expect(verdictOf({ committed: 8n, logStart: 9n, scan: nothing(9n, 10n) }).verdict).toBe('expired-unread');
  });

  test('records expired unread, until a person accepts it and the rest is read', () => {
    const lost = { committed: 2n, logStart: 6n, lossAccepted: true };
    expect(verdictOf({ ...lost, scan: record(6n, 6n) })).toMatchObject({ verdict: 'lagging', count: 4n });
    expect(verdictOf({ ...lost, logStart: 10n })).toMatchObject({ verdict: 'expired-unread', count: 8n });
  });

  test('nothing was ever committed and records are there', () => {
    expect(verdictOf({ committed: null, scan: record(0n, 4n) })).toMatchObject({
      verdict: 'no-commit',
      count: 6n,
    });
  });

  test('the commit lies beyond the end', () => {
    expect(verdictOf({ committed: 11n })).toMatchObject({ verdict: 'beyond-end', count: 1n });
  });

  test('the log ends before its recorded end, or goes on after it', () => {
    expect(verdictOf({ highWatermark: 4n })).toMatchObject({ verdict: 'truncated', count: 6n });
    expect(verdictOf({ highWatermark: 12n })).toMatchObject({ verdict: 'grew', count: 2n });
  });
});

/** Any facts a broker may answer: log start ≤ last stable ≤ high watermark. */
const facts = fc
  .record({
    offsets: fc.array(fc.bigInt(0n, 30n), { minLength: 3, maxLength: 3 }),
    committed: fc.oneof(fc.bigInt(0n, 35n), fc.constant(null), fc.constant('pending' as const)),
    to: fc.bigInt(0n, 30n),
    frozen: fc.boolean(),
    lossAccepted: fc.boolean(),
  })
  .map(({ offsets, ...rest }): PartitionFacts => {
    const [logStart = 0n, lastStable = 0n, highWatermark = 0n] = offsets.sort((a, b) => Number(a - b));
    return { logStart, lastStable, highWatermark, ...rest };
  });

describe('whatever the offsets are', () => {
  test('without reading the log nothing passes that a group has not committed', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const verdict = partitionVerdict(given);
        if (kindOf(verdict) !== 'passes') return;
        expect(given.highWatermark).toBeGreaterThanOrEqual(given.to);
        expect(positionOf(given)).toBeGreaterThanOrEqual(given.to);
      }),
    );
  });

  test('a record left below the end never passes', () => {
    fc.assert(
      fc.property(facts, fc.bigInt(0n, 30n), (given, offset) => {
        fc.pre(needsScan(given) && offset >= positionOf(given) && offset < given.to);
        const verdict = partitionVerdict({ ...given, scan: record(positionOf(given), offset) });
        expect(kindOf(verdict)).not.toBe('passes');
      }),
    );
  });

  test('a count is never negative and every verdict has a reason', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const { verdict, count, reason } = partitionVerdict(given);
        expect(count).toBeGreaterThanOrEqual(0n);
        expect(reason).not.toBe('');
        expect(Object.keys(verdictKinds)).toContain(verdict);
      }),
    );
  });
});
