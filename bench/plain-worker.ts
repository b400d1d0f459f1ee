import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import kafkajs, { type KafkaConfig } from 'kafkajs';

/** What the process is told, over its channel: it holds credentials. */
export interface PlainWork {
  connection: KafkaConfig;
  temporal: { address: string; namespace: string };
  taskQueue: string;
}

/** A worker for the plainest workflows that wait for groups, with kafkajs. */
async function work({ connection, temporal, taskQueue }: PlainWork): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const admin = new kafkajs.Kafka(connection).admin();
  await admin.connect();
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address: temporal.address }),
    namespace: temporal.namespace,
    taskQueue,
    workflowsPath: fileURLToPath(new URL('plain/workflow.ts', import.meta.url)),
    activities: {
      async lagOf({ group, topic }: { group: string; topic: string }): Promise<string> {
        const [committed, ends] = await Promise.all([
          admin.fetchOffsets({ groupId: group, topics: [topic] }),
          admin.fetchTopicOffsets(topic),
        ]);
        const at = new Map(
          committed[0]?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]),
        );
        return String(
          ends.reduce((sum, { partition, high }) => sum + BigInt(high) - (at.get(partition) ?? 0n), 0n),
        );
      },
    },
  });
  process.send?.('working');
  await worker.run();
}

process.once('message', (message: PlainWork) => void work(message));
process.on('disconnect', () => process.exit(0));
