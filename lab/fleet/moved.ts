import { setTimeout as sleep } from 'node:timers/promises';
import { withAdmin } from '../kafka/admin.js';
import type { Lab, LabCluster } from '../lab.js';
import { ADMIN } from '../principals.js';
import type { Mover } from './movers.js';

/** Records by topic, as kafkajs sees them. */
export async function recordsOf(
  cluster: LabCluster,
  topics: readonly string[],
): Promise<Map<string, number>> {
  return withAdmin(cluster.kafkajs(ADMIN), async (admin) => {
    const there = new Set(await admin.listTopics());
    const counts = new Map<string, number>();
    for (const topic of topics) {
      if (!there.has(topic)) continue;
      const offsets = await admin.fetchTopicOffsets(topic);
      counts.set(
        topic,
        offsets.reduce((sum, { high, low }) => sum + Number(BigInt(high) - BigInt(low)), 0),
      );
    }
    return counts;
  });
}

/** In one sentence for each topic that is not where it should be, or not whole. @param before records that each had */
export async function wrongTopics(
  lab: Lab,
  movers: readonly Mover[],
  before: ReadonlyMap<string, number>,
): Promise<string[]> {
  const topics = movers.map(({ topic }) => topic);
  const [left, moved] = await Promise.all([recordsOf(lab.source, topics), recordsOf(lab.target, topics)]);
  const copied = new Map(
    movers.flatMap(({ topic, mirrored }) =>
      mirrored && moved.has(topic) ? [[topic, before.get(topic) ?? 0]] : [],
    ),
  );
  const read = await readTopics(lab.target, copied);
  return movers.flatMap(({ topic, mirrored }) => {
    if (left.has(topic)) return [`${topic} is on the source still.`];
    if (!moved.has(topic)) return [`${topic} is not on the target.`];
    return mirrored && read.get(topic) !== before.get(topic)
      ? [`${topic} had ${before.get(topic)} records, and has ${read.get(topic)} on the target.`]
      : [];
  });
}

/** How long it is looked for more records than there should be, ms, and at most for those that should. */
const quietMs = 5_000;
const mostMs = 60_000;

/** Offsets count what ends transactions too, so the records themselves are read. */
async function readTopics(
  cluster: LabCluster,
  expected: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const counts = new Map([...expected.keys()].map((topic) => [topic, 0]));
  const consumer = cluster.kafkajs(ADMIN).consumer({ groupId: 'demo-counts' });
  const deadline = Date.now() + mostMs;
  let last = Date.now();
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...expected.keys()], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ topic }) => {
        last = Date.now();
        counts.set(topic, (counts.get(topic) ?? 0) + 1);
      },
    });
    const all = () => [...expected].every(([topic, count]) => (counts.get(topic) ?? 0) >= count);
    while (Date.now() < deadline && !(all() && Date.now() - last > quietMs)) await sleep(200);
  } finally {
    await consumer.disconnect();
  }
  return counts;
}
