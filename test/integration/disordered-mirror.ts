import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import { disturb, heal, type Disorder } from '../../lab/rehearsal/disorders.js';
import { leaderOf } from '../../lab/kafka/disorder.js';
import type { Lab } from '../../lab/lab.js';
import { transactionalIdOf } from '../../src/mirror/takeover.js';
import { eventually } from '../eventually.js';
import { tell } from '../long/table.js';
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
import { silentAddress } from './silent-address.js';

/** `scarce`: the target asks for three copies of what is written while it has two brokers. */
export type MirrorDisorder = Disorder | 'scarce';
export interface Round {
  side: 'source' | 'target';
  what: MirrorDisorder;
}

const partitions = 3;

/**
 * Copies a topic while its clusters fall into one disorder after another, each met while it copies, and reads the result:
 * every record is there once and in order, and the offset map names its place. One bootstrap address of each cluster
 * says nothing, and it is the first.
 */
export async function mirrorThrough(lab: Lab, name: string, rounds: readonly Round[]): Promise<void> {
  const began = Date.now();
  const silent = await silentAddress();
  const world = openMirroring(lab);
  const withSilent = (cluster: Lab['source']) => ({
    ...cluster,
    bootstrap: [silent.address, ...cluster.bootstrap],
  });
  const mirror = openMirroring({ source: withSilent(lab.source), target: withSilent(lab.target) });
  try {
    const plan = await world.topic(`${name}.${run}`, { partitions, copies: 3 });
    const count = 6_000 * (rounds.length + 1);
    for (const { partition } of plan.partitions)
      await writeBatches(world.sourceAdmin, { topic: plan.migration, partition }, numbered(0, count, 50));

    let copied = 0n;
    const done = mirrorToEnd(mirror, plan, {
      // Each round meets it while it copies.
      throttle: 60_000,
      progress: ({ records }) => (copied = records),
    });
    // Awaited below; until then a failure must not be nobody's.
    const failed = done.then(
      () => undefined,
      (error: unknown) => error,
    );
    const goesOn = async () => {
      const before = copied;
      const seen = await Promise.race([
        failed,
        eventually(
          () => copied,
          (now) => now > before,
        ).then(() => 'on'),
      ]);
      if (seen instanceof Error) throw seen;
    };
    const concerned = {
      topic: plan.migration,
      group: `${name}.group`,
      transactionalId: transactionalIdOf(plan),
    };
    let kills = 0;
    for (const { side, what } of rounds) {
      await goesOn();
      if (what === 'scarce') await scarce(lab, world, plan.migration);
      else kills += await disturb(what, lab[side], concerned);
      await goesOn();
      await heal(lab[side]);
    }
    await done;

    let [lost, duplicates, reordered] = [0, 0, 0];
    for (const { partition } of plan.partitions) {
      const there = await recordsOf(world.target, { topic: plan.migration, partition });
      const numbers = there.map(({ value }) => Number(value));
      lost += count - new Set(numbers).size;
      duplicates += numbers.length - new Set(numbers).size;
      reordered += numbers.filter((number, at) => at > 0 && number < numbers[at - 1]!).length;
      expect(values(there)).toEqual(upTo(count));
      const { map } = await positionOf(world.target, plan, partition);
      for (const { offset, value } of there) expect(map.translate(BigInt(value!.toString()))).toBe(offset);
    }
    tell({
      test: name,
      seconds: Math.round((Date.now() - began) / 1000),
      messages: count * partitions,
      ...{ kills, lost, duplicates, reordered },
    });
  } finally {
    await Promise.all([world.close(), mirror.close()]);
    silent.close();
  }
}

/** Writes are refused for want of copies (NOT_ENOUGH_REPLICAS), and taken again once there may be fewer. */
async function scarce(lab: Lab, world: Mirroring, topic: string): Promise<void> {
  // A mirror may meet this more than once.
  const probe = `${topic}.probe-${randomBytes(3).toString('hex')}`;
  const config = { 'min.insync.replicas': '3' };
  const created = await world.targetAdmin.createTopics([
    { name: probe, partitions: 1, replicationFactor: 3, config },
  ]);
  for (const row of created.values()) if (row.error) throw row.error;
  await world.targetAdmin.alterTopicConfigs(new Map([[topic, config]]));
  // One that leads nothing that is asked about, so that the refusal is all that happens.
  const leader = await leaderOf(lab.target, probe, 0);
  const other = lab.target.brokers.find(({ id }) => id !== leader.id)!;
  await other.kill();
  await eventually(
    async () => {
      const [bytes] = numbered(0, 1, 1);
      const outcome = await world.targetAdmin.produce('probe', { ...zero(probe), parts: [bytes!] });
      return outcome.kind === 'again' ? outcome.error.message : outcome.kind;
    },
    (outcome) => outcome.includes('NOT_ENOUGH_REPLICAS'),
  );
  await world.targetAdmin.alterTopicConfigs(new Map([[topic, { 'min.insync.replicas': '2' }]]));
}
