import type { LabCluster } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { eventually } from '../eventually.js';

/** A group of which nobody can tell what it reads, until it is told to settle. */
export interface Rebalancing {
  /** Resolves when both members have joined. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Two members of a group that read a topic with records. The first is busy with one of them, so that it does not come to the
 * rebalance that the second asks for.
 */
export async function rebalancing(
  there: LabCluster,
  cluster: Pick<Cluster, 'describeGroups'>,
  group: string,
  topic: string,
): Promise<Rebalancing> {
  let free: () => void = () => undefined;
  const busy = new Promise<void>((resolve) => (free = resolve));
  const member = async () => {
    const consumer = there
      .kafkajs('admin')
      .consumer({ groupId: group, sessionTimeout: 120_000, rebalanceTimeout: 120_000 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    return consumer;
  };
  const [first, second] = [await member(), await member()];
  let taken = false;
  await first.run({
    autoCommit: false,
    eachMessage: async () => {
      taken = true;
      await busy;
    },
  });
  await eventually(
    () => taken,
    (is) => is,
  );
  // Ends when it has joined.
  const joined = second.run({ autoCommit: false, eachMessage: async () => undefined });
  await eventually(
    async () => (await cluster.describeGroups([group])).get(group)?.value?.state,
    (state) => state === 'rebalancing',
  );
  return {
    async settle() {
      free();
      await joined;
    },
    async close() {
      free();
      await Promise.all([first.disconnect(), second.disconnect()]);
    },
  };
}

/** The same cluster, and when it has answered that the group rebalances. */
export function seeingRebalance(cluster: Cluster, group: string): { cluster: Cluster; seen: Promise<void> } {
  let see: () => void = () => undefined;
  const seen = new Promise<void>((resolve) => (see = resolve));
  return {
    seen,
    cluster: {
      ...cluster,
      async describeGroups(groups) {
        const rows = await cluster.describeGroups(groups);
        if (rows.get(group)?.value?.state === 'rebalancing') see();
        return rows;
      },
    },
  };
}
