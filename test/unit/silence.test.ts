import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { TailScans, type Tail } from '../../activities/drain/tail-scan.js';
import { readRanges } from '../../src/connect/seen-range.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { batchesIn } from '../../src/kafka/records/batch.js';
import type { NewRecord } from '../../src/kafka/records/encode.js';
import { said, Silence } from '../../src/kafka/silence.js';
import { SilentTurns } from '../../src/kafka/silent-turns.js';
import { fetchStretch } from '../../src/kafka/stretch.js';
import { isFerryError } from '../../src/migration/errors.js';
import { Room, type Flow } from '../../src/mirror/intake.js';
import { Intakes } from '../../src/mirror/intakes.js';
import { readLog } from '../../src/mirror/log-reader.js';
import { readPositions } from '../../src/mirror/map-topic.js';
import { SourceQueue } from '../../src/mirror/source-queue.js';
import type { TargetWriter } from '../../src/mirror/target-writer.js';
import { Trouble } from '../../src/mirror/trouble.js';
import { Throttle } from '../../src/mirror/throttle.js';
import type { Comparison } from '../../src/parity/comparison.js';
import { late, often } from '../late.js';
import { clusterOf, comparing, Log, topic, type Written } from './parity-log.js';

const row = (value: string): NewRecord => ({
  timestamp: 1_700_000_000_000n,
  key: Buffer.from('key'),
  value: Buffer.from(value),
  headers: [],
});

/** Batches of one to four records with holes before some of them, and some that compaction has emptied. */
const written: fc.Arbitrary<Written[]> = fc.array(
  fc.record({
    records: fc.array(fc.string({ maxLength: 5 }).map(row), { minLength: 1, maxLength: 4 }),
    gap: fc.constantFrom(0, 0, 0, 1, 7),
  }),
  { minLength: 1, maxLength: 12 },
);
/** So many answers without batches in a row, then one with; over and over. */
const lateness = fc.array(fc.nat(3), { minLength: 1, maxLength: 8 });

function latePer(runs: readonly number[]): () => boolean {
  let [at, left] = [0, runs[0] ?? 0];
  return () => {
    if (left-- > 0) return true;
    at = (at + 1) % runs.length;
    left = runs[at]!;
    return false;
  };
}

const never = () => true;
const few = { numRuns: 25 };

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isFerryError(error)) throw new Error('expected a FerryError', { cause: error });
  expect(error).toMatchObject({ type: 'Unreachable', lasting: true });
  return error.message;
}

const at = { topic, partition: 0 };
const notGiven = (offset: bigint | number, end: bigint | number) =>
  `The log of ${topic}/0 on cluster "memory" is not given from offset ${offset} on although it goes on to ${end}`;

describe('an answer without batches', () => {
  const watermarks = { logStart: 0n, highWatermark: 20n, lastStable: 10n };
  const empty = { watermarks, batches: Buffer.alloc(0), aborted: [] };

  it('says only what the broker states', () => {
    expect(said(empty, 9n, 'committed')).toBe('nothing');
    expect(said(empty, 10n, 'committed')).toBe('end');
    expect(said(empty, 10n, 'uncommitted')).toBe('nothing');
    expect(said(empty, 20n, 'uncommitted')).toBe('end');
    expect(said({ ...empty, untilReached: true }, 3n, 'committed')).toBe('end');
  });

  it('is counted anew at another position', () => {
    const silence = new Silence('a', at, 60_000);
    const waits: number[] = [];
    for (const position of [1n, 1n, 1n, 1n, 2n]) {
      silence.heard(position, 9n);
      waits.push(silence.waitMs);
    }
    expect(waits).toEqual([1_000, 2_000, 2_000, 2_000, 1_000]);
  });

  it('has its partition asked alone, every other turn', () => {
    const turns = new SilentTurns<string>((name) => new Silence('a', { topic: name, partition: 0 }, 60_000));
    const all = ['a', 'b', 'c'];
    turns.nothing('b', false, 0n, 9n);
    expect([turns.next(all), turns.next(all), turns.next(all)]).toEqual(['b', undefined, 'b']);
    // Nobody else has anything to be asked.
    expect([turns.next(['b']), turns.next(['b'])]).toEqual(['b', 'b']);
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 1_000);
    turns.nothing('b', true, 0n, 9n);
    expect([turns.next(['b']), turns.pauseMs(250)]).toEqual([undefined, 10]);
    clock.mockRestore();
    turns.answered('b');
    expect(turns.any).toBe(false);
  });
});

describe('a stretch of a log', () => {
  const batchesOf = async (cluster: Cluster, until: bigint, patienceMs?: number) => {
    const ends: bigint[] = [];
    for await (const { batches } of fetchStretch(
      cluster,
      { ...at, from: 0n, until },
      { isolation: 'committed', maxBytes: 100, patienceMs },
    ))
      for (const { lastOffset } of batchesIn(batches)) ends.push(lastOffset);
    return ends;
  };

  it('is the same whatever answers come late', () =>
    fc.assert(
      fc.asyncProperty(written, lateness, fc.nat(), async (batches, runs, cut) => {
        const log = new Log(batches);
        const until = BigInt(cut) % (log.end + 1n);
        const prompt = await batchesOf(clusterOf([log]), until);
        expect(await batchesOf(late(clusterOf([log]), latePer(runs)), until)).toEqual(prompt);
      }),
      few,
    ));

  it('is no stretch when it is not given: that is said by its name and offset', async () => {
    const log = new Log([{ records: [row('a'), row('b')] }, { records: [row('c')] }]);
    let answers = 0;
    const stuck = late(clusterOf([log]), () => answers++ > 0);
    expect(await failureOf(batchesOf(stuck, 3n, 40))).toMatch(notGiven(2, 3));
    const hollow = new Log([{ records: [row('a')] }]);
    hollow.end = 9n;
    expect(await failureOf(batchesOf(clusterOf([hollow]), 9n, 40))).toMatch(notGiven(1, 9));
  });
});

describe('the tail of a group', () => {
  const tailOf = (log: Log, from: bigint): Tail => ({
    ...at,
    isolation: 'read_committed',
    from,
    end: log.end,
  });

  it('holds what it holds, whatever answers come late', () =>
    fc.assert(
      fc.asyncProperty(written, lateness, fc.nat(), async (batches, runs, where) => {
        const log = new Log(batches);
        const tail = tailOf(log, BigInt(where) % log.end);
        const prompt = new TailScans(clusterOf([log]));
        await prompt.readAll([tail]);
        expect(prompt.known(tail)?.kind).toBe('record');
        const scans = new TailScans(late(clusterOf([log]), latePer(runs)));
        await scans.readAll([tail]);
        expect(scans.known(tail)).toEqual(prompt.known(tail));
        // One look alone may know less, and never anything else.
        const once = new TailScans(late(clusterOf([log]), latePer(runs)));
        await once.read([tail], 1);
        const known = once.known(tail);
        expect(known?.kind === 'record' || known?.next === tail.from).toBe(true);
      }),
      few,
    ));

  it('is not known while it is not given, and blocks by its name', async () => {
    const log = new Log([{ records: [row('a'), row('b'), row('c')] }]);
    const tail = tailOf(log, 1n);
    const scans = new TailScans(late(clusterOf([log]), never), 40);
    await scans.read([tail], 1);
    expect(scans.known(tail)).toMatchObject({ kind: 'none', next: 1n, holes: 0n });
    expect(await failureOf(scans.readAll([tail]))).toMatch(notGiven(1, 3));
  });
});

describe('what is compared with copies of MirrorMaker', () => {
  it('is the same whatever answers come late', () =>
    fc.assert(
      fc.asyncProperty(written, lateness, async (batches, runs) => {
        const log = new Log(batches);
        const asked = [{ ...at, from: 0n, to: log.end, logStart: 0n }];
        const late_ = late(clusterOf([log]), latePer(runs));
        expect(await readRanges(late_, asked)).toEqual(await readRanges(clusterOf([log]), asked));
      }),
      few,
    ));
});

describe('parity', () => {
  it('finds the same whatever answers come late', () =>
    fc.assert(
      fc.asyncProperty(written, written, fc.boolean(), lateness, async (one, other, same, runs) => {
        const [source, target] = [new Log(one), new Log(same ? one : other)];
        const prompt = comparing([source], [target]);
        await prompt.run();
        const waiting = comparing([source], [target], {
          source: late(clusterOf([source]), latePer(runs)),
          target: late(clusterOf([target]), latePer(runs)),
        });
        await waiting.run();
        expect(waiting.report).toEqual(prompt.report);
      }),
      few,
    ));

  it('is not found while a side is not given: the others go on, and it blocks by its name', async () => {
    const logs = [0, 1].map(() => new Log([{ records: [row('a'), row('b')] }, { records: [row('c')] }]));
    const comparison: Comparison = comparing(logs, logs, {
      source: late(clusterOf(logs), (key) => key === `${topic}/0`),
      patienceMs: 300,
    });
    expect(await failureOf(comparison.run())).toMatch(notGiven(0, 3));
    expect(comparison.progress.partitions).toEqual({ done: 1, all: 2 });
  });
});

describe('a mirror', () => {
  /** Fetches until all queues have come to the ends of their logs; what each was fed, as offsets. */
  async function intake(cluster: Cluster, logs: readonly Log[], patienceMs?: number): Promise<bigint[][]> {
    const stop = new AbortController();
    const seen: bigint[][] = logs.map(() => []);
    const flows = logs.map((log, partition): Flow => {
      const queue = new SourceQueue(0, -1);
      const pump = () => {
        for (let entry = queue.shift(); entry; entry = queue.shift())
          seen[partition]!.push(
            entry.batch.kind === 'batch' ? entry.batch.baseOffset : entry.batch.lastOffset,
          );
        if (flows.every(({ writer }, at) => writer.queue.position >= logs[at]!.end)) stop.abort();
      };
      return {
        partition: { topic, targetTopic: topic, partition },
        writer: { queue, heldBytes: 0, pump } as unknown as TargetWriter,
      };
    });
    const room = new Room(1 << 20, flows);
    const throttle = new Throttle(undefined);
    const { signal } = stop;
    let failure: { error: unknown } | undefined;
    await new Intakes(
      {
        source: cluster,
        lane: 'test',
        room,
        throttle,
        signal,
        patienceMs,
        trouble: new Trouble({ patienceMs }),
      },
      flows,
      (error) => {
        failure ??= { error };
        stop.abort();
      },
    ).run();
    if (failure) throw failure.error;
    return seen;
  }

  it('is given the same whatever answers come late', () =>
    fc.assert(
      fc.asyncProperty(fc.array(written, { minLength: 1, maxLength: 3 }), lateness, async (all, runs) => {
        const logs = all.map((batches) => new Log(batches));
        const prompt = await intake(clusterOf(logs), logs);
        expect(await intake(late(clusterOf(logs), latePer(runs)), logs)).toEqual(prompt);
        expect(prompt.map(({ length }) => length)).toEqual(all.map(({ length }) => length));
      }),
      few,
    ));

  it('goes on with all partitions but the one that is not given, which blocks by its name', async () => {
    const logs = [0, 1, 2].map(() => new Log([{ records: [row('a')] }, { records: [row('b')] }]));
    const fetched = new Set<string>();
    const cluster = late(clusterOf(logs), (key) => {
      if (key !== `${topic}/0`) fetched.add(key);
      return key === `${topic}/0`;
    });
    expect(await failureOf(intake(cluster, logs, 300))).toMatch(notGiven(0, 2));
    expect(fetched.size).toBe(2);
  });

  it('reads a log to where it was told, or says that it cannot', async () => {
    const log = new Log([
      { records: [row('a'), row('b')] },
      { records: [row('c')] },
      { records: [row('d')] },
    ]);
    const read = async (cluster: Cluster, patienceMs?: number) => {
      const offsets: bigint[] = [];
      for await (const { offset } of readLog(cluster, at, 1, 4, { patienceMs })) offsets.push(offset);
      return offsets;
    };
    expect(await read(late(clusterOf([log]), often(0.6)))).toEqual([1n, 2n, 3n]);
    expect(await failureOf(read(late(clusterOf([log]), never), 40))).toMatch(notGiven(1, 4));
  });

  it('takes a map that is not given for no beginning', async () => {
    const log = new Log([{ records: [row('a')] }]);
    expect(await failureOf(readPositions(late(clusterOf([log]), never), 'x', undefined, 40))).toMatch(
      'The log of kafka-ferry.x.map/0 on cluster "memory" is not given from offset 0 on although it goes on to 1',
    );
    log.logStart = 1n;
    await expect(readPositions(clusterOf([log]), 'x')).rejects.toMatchObject({ type: 'Conflict' });
  });
});
