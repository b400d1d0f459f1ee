import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type KafkaConfig } from 'kafkajs';

/** What the process is told, over its channel: it holds credentials. */
export interface Polling {
  connection: KafkaConfig;
  groups: readonly { group: string; topic: string }[];
}

/** What people do without the ferry: one process that asks for the lag of every group once a second, with kafkajs. */
async function poll({ connection, groups }: Polling): Promise<void> {
  const admin = new kafkajs.Kafka(connection).admin();
  await admin.connect();
  let polls = 0;
  process.on('message', (message) => {
    if (message === 'polls') process.send?.({ polls });
  });
  process.send?.('polling');
  await Promise.all(
    groups.map(async ({ group, topic }, index) => {
      await sleep((1000 * index) / groups.length);
      for (let due = Date.now(); ; due = Math.max(due + 1000, Date.now())) {
        await sleep(Math.max(0, due - Date.now()));
        await lag(admin, group, topic);
        polls += 1;
      }
    }),
  );
}

async function lag(admin: Admin, groupId: string, topic: string): Promise<bigint> {
  const [committed, ends] = await Promise.all([
    admin.fetchOffsets({ groupId, topics: [topic] }),
    admin.fetchTopicOffsets(topic),
  ]);
  const at = new Map(committed[0]?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
  return ends.reduce((sum, { partition, high }) => sum + BigInt(high) - (at.get(partition) ?? 0n), 0n);
}

process.once('message', (polling: Polling) => void poll(polling));
process.on('disconnect', () => process.exit(0));
