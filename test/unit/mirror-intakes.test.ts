import { expect, test } from '@jest/globals';
import { partitionKey, type Cluster, type FetchedBatches, type Row } from '../../src/kafka/cluster.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { FerryError } from '../../src/migration/errors.js';
import { Room, type Flow } from '../../src/mirror/intake.js';
import { Intakes } from '../../src/mirror/intakes.js';
import { SourceQueue } from '../../src/mirror/source-queue.js';
import { Trouble } from '../../src/mirror/trouble.js';
import { Throttle } from '../../src/mirror/throttle.js';
import { eventually } from '../eventually.js';

const never = new Promise<never>(() => undefined);

/**
 * Brokers that lead partitions of topic "t", each of an endless log with one record in a batch; one that is `silent` never
 * answers. This cannot be had of real brokers at a moment of the test's choice.
 */
class Brokers {
  readonly silent = new Set<number>();
  /** Who asked whom, partition by partition. */
  readonly fetches: { from: number | undefined; partitions: number[] }[] = [];

  constructor(readonly leaderOf: Map<number, number>) {}

  readonly leaders: Cluster['leaders'] = async (partitions) =>
    new Map(
      partitions.map((at): [string, Row<number>] => {
        const value = this.leaderOf.get(at.partition);
        return [partitionKey(at), value === undefined ? { error: noLeader } : { value }];
      }),
    );

  readonly fetch: Cluster['fetch'] = async (positions, { from }) => {
    this.fetches.push({ from, partitions: positions.map(({ partition }) => partition) });
    await new Promise((resolve) => setImmediate(resolve));
    if (this.silent.has(from ?? -1)) return never;
    return new Map(
      positions.map(({ topic, partition, offset }): [string, Row<FetchedBatches>] => [
        partitionKey({ topic, partition }),
        this.leaderOf.get(partition) === from ? { value: batchAt(offset) } : { error: notTheLeader },
      ]),
    );
  };
}

const noLeader = new FerryError('Unreachable', 'Nobody leads it.');
const notTheLeader = new FerryError('Unreachable', 'Another broker leads it.');

function batchAt(offset: bigint): FetchedBatches {
  const batches = encodeBatch([{ timestamp: 0n, key: null, value: Buffer.from('x'), headers: [] }]);
  batches.writeBigInt64BE(offset);
  const watermarks = { logStart: 0n, highWatermark: offset + 10n, lastStable: offset + 10n };
  return { watermarks, batches, aborted: [] };
}

function flowOf(partition: number): Flow {
  const queue = new SourceQueue(0, -1);
  return {
    partition: { topic: 't', targetTopic: 't', partition },
    // Whatever comes is written at once.
    writer: { queue, heldBytes: 0, pump: () => queue.shift() },
  } as unknown as Flow;
}

function begin(brokers: Brokers) {
  const flows = [...Array(3).keys()].map(flowOf);
  const ending = new AbortController();
  const failures: unknown[] = [];
  const shared = {
    source: brokers as unknown as Cluster,
    lane: 'test',
    room: new Room(1 << 20, flows),
    throttle: new Throttle(undefined),
    signal: ending.signal,
    trouble: new Trouble({}),
  };
  const running = new Intakes(shared, flows, (error) => failures.push(error)).run();
  const position = (partition: number) => flows[partition]!.writer.queue.position;
  return {
    position,
    failures,
    advances: (partition: number) => {
      const now = position(partition);
      return eventually(
        async () => position(partition),
        (at) => at > now + 3,
      );
    },
    end: async () => {
      ending.abort();
      await running;
    },
  };
}

test('a partition that nobody leads holds back no other, and goes on where somebody leads it again', async () => {
  const brokers = new Brokers(
    new Map([
      [0, 1],
      [1, 1],
    ]),
  );
  const { position, advances, failures, end } = begin(brokers);
  await Promise.all([advances(0), advances(1)]);
  expect(position(2)).toBe(0);
  brokers.leaderOf.set(2, 2);
  await advances(2);
  // A leader that moves takes its partition along to the intake of the other broker; there is one for each.
  brokers.leaderOf.set(0, 2);
  await advances(0);
  await Promise.all([advances(1), advances(2)]);
  expect(brokers.fetches.at(-1)?.from).toBeDefined();
  for (const { from, partitions } of brokers.fetches.slice(-4))
    expect(partitions).toEqual(from === 1 ? [1] : expect.not.arrayContaining([1]));
  expect(failures).toEqual([]);
  await end();
});

test('a broker that never answers holds back what it leads alone', async () => {
  const brokers = new Brokers(
    new Map([
      [0, 1],
      [1, 2],
      [2, 2],
    ]),
  );
  brokers.silent.add(1);
  const { position, advances, failures, end } = begin(brokers);
  await Promise.all([advances(1), advances(2)]);
  expect(position(0)).toBe(0);
  expect(failures).toEqual([]);
  void end();
});
