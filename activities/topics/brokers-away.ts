import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../src/kafka/cluster.js';
import { lastingAt } from '../kit/rows.js';

/** Kafka fences a broker that is gone after `broker.session.timeout.ms`, 9 s by default; one that restarts takes as long. */
const awayForMs = 15_000;
const lookAgainMs = 500;

/**
 * How many brokers there are, when some that are known are away: as soon as there are as many as are needed, else after a
 * while as many as there are. A cluster that shows no replica on a broker that is away has never had more, and is believed at once.
 */
export async function brokersBack(
  cluster: Cluster,
  needed: number,
  {
    brokers: first,
    withinMs = awayForMs,
    signal,
  }: { brokers: number; withinMs?: number; signal?: AbortSignal | undefined },
): Promise<number> {
  if (first >= needed || (await brokersAway(cluster)).size === 0) return first;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const brokers = (await cluster.identity()).brokers.length;
    if (brokers >= needed || performance.now() >= deadline) return brokers;
    await sleep(lookAgainMs, undefined, { signal });
  }
}

/** Brokers that do not answer now and have replicas: of these topics, or of any; by id, with the partitions of each. */
export async function brokersAway(
  cluster: Cluster,
  names?: readonly string[],
): Promise<Map<number, { topic: string; partition: number }[]>> {
  const [{ brokers }, topics] = await Promise.all([cluster.identity(), cluster.topics(names)]);
  const there = new Set(brokers.map(({ id }) => id));
  const away = new Map<number, { topic: string; partition: number }[]>();
  for (const topic of topics.keys())
    for (const { partition, replicas } of lastingAt(topics, topic).value?.partitions ?? [])
      for (const broker of replicas)
        if (!there.has(broker)) away.set(broker, [...(away.get(broker) ?? []), { topic, partition }]);
  return away;
}
