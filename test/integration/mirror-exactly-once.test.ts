import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Lab } from '../../lab/lab.js';
import type { WriteOutcome } from '../../src/kafka/cluster.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { TakenOver } from '../../src/kafka/taken-over.js';
import { transactionalIdOf } from '../../src/mirror/takeover.js';
import type { MirrorPlan } from '../../src/mirror/plan.js';
import { runMirror } from '../../src/mirror/mirror.js';
import { eventually } from '../eventually.js';
import { failureOf } from '../failure-of.js';
import { sharedLab } from '../lab/shared.js';
import { run } from './kafka-cluster.js';
import {
  mirrorToEnd,
  numbered,
  openMirroring,
  positionOf,
  recordsOf,
  upTo,
  values,
  writeBatches,
  zero,
  type Mirroring,
} from './mirroring.js';

let lab: Lab;
let world: Mirroring;
beforeAll(async () => {
  lab = await sharedLab();
  world = openMirroring(lab);
});
afterAll(() => world.close());

describe('the seal', () => {
  const batchOf = (stamp: { producerId: bigint; producerEpoch: number }, baseSequence: number) =>
    encodeBatch([{ timestamp: 1n, key: null, value: Buffer.from('late'), headers: [] }], {
      producerId: stamp.producerId,
      producerEpoch: stamp.producerEpoch,
      baseSequence,
    });

  test('has a request of an earlier attempt refused that arrives after it, first or not', async () => {
    const plan = await world.topic(`seal.${run}`, { partitions: 2 });
    const { target } = world;
    const partitions = plan.partitions.map(({ targetTopic, partition }) => ({
      topic: targetTopic,
      partition,
    }));
    const [wrote, silent] = partitions as [(typeof partitions)[0], (typeof partitions)[0]];
    const id = transactionalIdOf(plan);
    const earlier = await target.seal(id, partitions);
    const write = (to: typeof wrote, sequence: number, stamp = earlier): Promise<WriteOutcome> =>
      target.produce('zombie', { ...to, parts: [batchOf(stamp, sequence)] });
    expect(await write(wrote, 0)).toEqual({
      kind: 'written',
      baseOffset: earlier.ends.get(`${wrote.topic}/0`),
    });

    const later = await target.seal(id, partitions);
    expect(later).toMatchObject({ producerId: earlier.producerId, producerEpoch: earlier.producerEpoch + 1 });
    // Whether or not it has written here before, and before the new attempt has written anything.
    expect(await write(wrote, 1)).toEqual({ kind: 'fenced' });
    expect(await write(silent, 0)).toEqual({ kind: 'fenced' });
    const ends = await target.watermarks(partitions);
    for (const [key, end] of later.ends) expect(ends.get(key)?.value?.highWatermark).toBe(end);
    expect(await write(silent, 0, later)).toEqual({
      kind: 'written',
      baseOffset: later.ends.get(`${silent.topic}/1`),
    });
  });

  test('outlives a broker that is killed right after it', async () => {
    const plan = await world.topic(`seal.${run}.killed`);
    const partition = zero(plan.migration);
    const earlier = await world.target.seal(transactionalIdOf(plan), [partition]);
    await world.target.seal(transactionalIdOf(plan), [partition]);
    await lab.target.kill();
    await lab.target.start();
    const outcome = await eventually(
      () => world.target.produce('zombie', { ...partition, parts: [batchOf(earlier, 0)] }),
      ({ kind }) => kind !== 'again',
    );
    expect(outcome).toEqual({ kind: 'fenced' });
  });

  test('takes what an earlier attempt has in flight, wherever that is, before it answers', async () => {
    const plan = await world.topic(`seal.${run}.race`);
    const partition = zero(plan.migration);
    const { target } = world;
    const id = transactionalIdOf(plan);
    for (let round = 0; round < 5; round++) {
      const earlier = await target.seal(id, [partition]);
      const inFlight = Array.from({ length: 40 }, (_, i) =>
        target.produce(`zombie ${round}`, { ...partition, parts: [batchOf(earlier, i)] }),
      );
      const later = await target.seal(id, [partition]);
      const end = later.ends.get(`${partition.topic}/0`);
      const outcomes = await Promise.all(inFlight);
      for (const outcome of outcomes)
        if (outcome.kind === 'written') expect(outcome.baseOffset).toBeLessThan(end!);
        else expect(outcome.kind).toBe('fenced');
      expect((await target.watermarks([partition])).get(`${partition.topic}/0`)?.value?.highWatermark).toBe(
        end,
      );
    }
  });
});

describe('an attempt that is lost', () => {
  /** A mirror in a process of its own, which a signal can kill at any point. */
  function child(plan: MirrorPlan) {
    const script = new URL('mirror-child.ts', import.meta.url).pathname;
    const process_ = spawn(process.execPath, ['--import', 'tsx', script, lab.name, JSON.stringify(plan)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    process_.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const gone = once(process_, 'exit');
    return {
      records: () => Number(said.trim().split('\n').at(-1) || -1),
      kill: async () => {
        process_.kill('SIGKILL');
        await gone;
      },
    };
  }

  test('by SIGKILL, again and again: each record is there once and in order', async () => {
    const plan = await world.topic(`killed.${run}`, { partitions: 2 });
    const count = 40_000;
    for (const { partition } of plan.partitions)
      await writeBatches(world.sourceAdmin, { topic: plan.migration, partition }, numbered(0, count, 50));
    const ends = () => world.target.watermarks(plan.partitions);
    let before = -1n;
    for (let kill = 0; kill < 5; kill++) {
      const mirror = child(plan);
      // Killed while it writes, at whatever it is doing then: sooner than a checkpoint, or later.
      await eventually(
        async () => (await ends()).get(`${plan.migration}/0`)?.value?.highWatermark ?? 0n,
        (end) => end > before + 1n + BigInt(kill) * 500n,
      );
      await mirror.kill();
      before = (await ends()).get(`${plan.migration}/0`)?.value?.highWatermark ?? 0n;
    }
    await mirrorToEnd(world, plan);
    for (const { partition } of plan.partitions) {
      const there = await recordsOf(world.target, { topic: plan.migration, partition });
      expect(values(there)).toEqual(upTo(count));
      const { map } = await positionOf(world.target, plan, partition);
      for (const { offset, value } of there) expect(map.translate(BigInt(value!.toString()))).toBe(offset);
    }
  });

  test('to a newer one stops by itself and says so', async () => {
    const plan = await world.topic(`taken-over.${run}`);
    await writeBatches(world.sourceAdmin, zero(plan.migration), numbered(0, 100, 10));
    const never = new AbortController();
    let begun = false;
    const first = failureOf(
      runMirror(world.source, world.target, plan, {
        signal: never.signal,
        progress: ({ records }) => (begun = records === 100n),
      }),
    );
    await eventually(
      () => begun,
      (begun) => begun,
    );
    const second = new AbortController();
    const other = openMirroring(lab);
    const newer = runMirror(other.source, other.target, plan, { signal: second.signal });
    const unsent = eventually(
      () => positionOf(world.target, plan),
      ({ stored }) => stored.producerEpoch === 1,
    );
    await unsent;
    // The older one learns of it when it writes.
    await writeBatches(world.sourceAdmin, zero(plan.migration), numbered(100, 100, 10));
    expect(await first).toBeInstanceOf(TakenOver);
    await eventually(
      async () => (await positionOf(world.target, plan)).sourceNext,
      (next) => next === 200n,
    );
    second.abort();
    await newer;
    await other.close();
    expect(values(await recordsOf(world.target, zero(plan.migration)))).toEqual(upTo(200));
  });
});

describe.each(['source', 'target'] as const)('a broker of the %s that is killed during a copy', (side) => {
  test('is waited for, and nothing is lost or there twice', async () => {
    const plan = await world.topic(`broker-killed.${run}.${side}`);
    const count = 30_000;
    await writeBatches(world.sourceAdmin, zero(plan.migration), numbered(0, count, 100));
    const mirror = openMirroring(lab);
    let copied = 0n;
    const whole = mirrorToEnd(mirror, plan, {
      // Slow enough to be met in the middle.
      throttle: 150_000,
      progress: ({ records }) => (copied = records),
    });
    await eventually(
      () => copied,
      (copied) => copied > 0n,
    );
    await lab[side].kill();
    await lab[side].start();
    await whole;
    await mirror.close();
    expect(values(await recordsOf(world.target, zero(plan.migration)))).toEqual(upTo(count));
    expect((await positionOf(world.target, plan)).sourceNext).toBe(BigInt(count));
  });
});

describe('another writer on a mirrored partition', () => {
  const intrude = (topic: string, text = 'intruder') =>
    writeBatches(world.targetAdmin, zero(topic), [
      encodeBatch([{ timestamp: 1n, key: null, value: Buffer.from(text), headers: [] }]),
    ]);

  test('is seen while the mirror writes, and while it waits', async () => {
    for (const busy of [true, false]) {
      const plan = await world.topic(`intruder.${run}.${busy}`);
      await writeBatches(world.sourceAdmin, zero(plan.migration), numbered(0, 100, 10));
      const never = new AbortController();
      let copied = 0n;
      const mirror = failureOf(
        runMirror(world.source, world.target, plan, {
          signal: never.signal,
          progress: ({ records }) => (copied = records),
        }),
      );
      await eventually(
        () => copied,
        (copied) => copied === 100n,
      );
      const at = await intrude(plan.migration);
      if (busy) await writeBatches(world.sourceAdmin, zero(plan.migration), numbered(100, 10, 10));
      const failure = await mirror;
      expect(failure.type).toBe('Conflict');
      expect(failure.message).toContain(
        `Another writer appeared on partition ${plan.migration}/0 of cluster "target": the mirror's next record belongs at offset ${at - 1}`,
      );
    }
  });

  test('is seen when it has written between two attempts', async () => {
    const plan = await world.topic(`intruder.${run}.between`);
    await writeBatches(world.sourceAdmin, zero(plan.migration), numbered(0, 100, 10));
    await mirrorToEnd(world, plan);
    const at = (await intrude(plan.migration)) - 1;
    const failure = await failureOf(mirrorToEnd(world, plan));
    expect(failure.type).toBe('Conflict');
    expect(failure.message).toContain(`the record at offset ${at} is not the next one of the source`);
    // It stays so: nothing is written over it, nothing is skipped.
    expect((await failureOf(mirrorToEnd(world, plan))).type).toBe('Conflict');
    expect(values(await recordsOf(world.target, zero(plan.migration)))).toEqual([...upTo(100), 'intruder']);
  });
});
