import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTieredHistory } from '../../lab/kafka/tiered-history.js';
import { startLab, type Lab } from '../../lab/lab.js';
import { probeDrain } from '../../activities/drain/drain-probe.js';
import { sample } from '../../activities/kit/sampling.js';
import { partitionKey, type Cluster } from '../../src/kafka/cluster.js';
import { said } from '../../src/kafka/silence.js';
import { FerryError } from '../../src/migration/errors.js';
import { prepareMap } from '../../src/mirror/map-topic.js';
import type { MirrorPlan } from '../../src/mirror/plan.js';
import { runMirror } from '../../src/mirror/mirror.js';
import { Comparison } from '../../src/parity/comparison.js';
import {
  mirrorToEnd,
  openMirroring,
  positionOf,
  recordsOf,
  type Mirroring,
} from '../integration/mirroring.js';
import { failureOf } from '../failure-of.js';

const topic = 'tiered';
const records = 8_000;
const partitions = [0, 1].map((partition) => ({ topic, partition }));

let lab: Lab;
let world: Mirroring;
beforeAll(async () => {
  lab = await startLab({ name: 'test-tiered', tiered: true });
  await createTieredHistory(lab.source, { topic, partitions: partitions.length, records });
  world = openMirroring(lab);
});
afterAll(async () => {
  await world?.close();
  await lab?.down();
});

/** The source, and how many of its answers said nothing although the log goes on. */
function counted(): { source: Cluster; late: () => number } {
  let late = 0;
  const source: Cluster = {
    ...world.source,
    fetch: async (positions, options) => {
      const rows = await world.source.fetch(positions, options);
      for (const at of positions) {
        const { value } = rows.get(partitionKey(at)) ?? {};
        if (value && said(value, at.offset, options.isolation) === 'nothing') late++;
      }
      return rows;
    },
  };
  return { source, late: () => late };
}

async function planTo(targetTopic: string): Promise<MirrorPlan> {
  const rows = await world.target.createTopics([
    {
      name: targetTopic,
      partitions: partitions.length,
      replicationFactor: 1,
      config: { 'retention.ms': '-1' },
    },
  ]);
  for (const { error } of rows.values()) if (error) throw error;
  await prepareMap(world.target, targetTopic);
  return { migration: targetTopic, share: 0, partitions: partitions.map((at) => ({ ...at, targetTopic })) };
}

const keys = Array.from({ length: records }, (_, at) => String(at));
const keysOf = async (plan: MirrorPlan, partition: number) =>
  (await recordsOf(world.target, { topic: plan.migration, partition })).map(({ key }) => key?.toString());

describe('a source with tiered storage whose remote reads are late at random', () => {
  test('is mirrored to its end, compared, and translated exactly', async () => {
    const plan = await planTo('tiered.copy');
    const { source, late } = counted();
    await mirrorToEnd({ source, target: world.target }, plan, {
      progress: (progress) => {
        // Every record of the source is one on the target, behind the marker of the seal: nothing was passed over.
        for (const { sourceNext, targetNext } of progress.partitions)
          expect(targetNext).toBe(sourceNext + 1n);
      },
    });
    expect(late()).toBeGreaterThan(0);
    for (const { partition } of partitions) {
      expect(await keysOf(plan, partition)).toEqual(keys);
      const { map } = await positionOf(world.target, plan, partition);
      for (const committed of [0n, 100n, BigInt(records)])
        expect(map.translate(committed)).toBe(committed + 1n);
    }

    const compared = counted();
    const comparison = new Comparison({
      source: compared.source,
      target: world.target,
      patienceMs: 60_000,
      pairs: partitions.map((at) => ({
        ...at,
        targetTopic: plan.migration,
        sourceEnd: BigInt(records),
        targetEnd: BigInt(records) + 1n,
        compacted: false,
      })),
    });
    await comparison.run();
    expect(compared.late()).toBeGreaterThan(0);
    expect(comparison.report).toEqual({
      records: String(partitions.length * records),
      bytes: expect.any(String),
      unverifiable: [],
      differences: [],
    });
  });

  test('is read again by the attempt that follows one that stored nothing', async () => {
    const plan = await planTo('tiered.again');
    let stored = 0;
    const failing: Cluster = {
      ...world.target,
      produce: async (lane, batch) =>
        batch.topic.endsWith('.map') && stored++ > 0
          ? { kind: 'refused', error: new FerryError('Refused', 'This map takes no more.') }
          : world.target.produce(lane, batch),
    };
    const failure = await failureOf(
      runMirror(world.source, failing, plan, { signal: new AbortController().signal }),
    );
    expect(failure.type).toBe('Refused');
    const { source } = counted();
    await mirrorToEnd({ source, target: world.target }, plan);
    for (const { partition } of partitions) expect(await keysOf(plan, partition)).toEqual(keys);
  });

  test('is never drained of a group that lags', async () => {
    const group = 'tiered.group';
    const offsets = [100n, BigInt(records)];
    await world.sourceAdmin.commitOffsets(
      group,
      partitions.map((at, index) => ({ ...at, offset: offsets[index]! })),
    );
    const { source, late } = counted();
    for (let look = 0; look < 10 || late() === 0; look++) {
      const reading = await probeDrain(source, {
        readers: [{ group, topics: [topic], isolation: 'read_committed' }],
        topics: [topic],
      });
      expect(reading.groups[0]?.partitions.map(({ verdict }) => [verdict.verdict, verdict.count])).toEqual([
        ['lagging', BigInt(records) - 100n],
        ['drained', 0n],
      ]);
    }
  });

  test('is sampled, or what was not seen is named', async () => {
    const places = partitions.map((at) => ({ ...at, offset: 0n, until: BigInt(records) }));
    const { fetched, silent } = await sample(world.source, places, {
      maxBytes: 1 << 20,
      maxBytesPerPartition: 1 << 16,
    });
    expect([...fetched.keys(), ...silent.map(partitionKey)].sort()).toEqual(partitions.map(partitionKey));
  });
});
