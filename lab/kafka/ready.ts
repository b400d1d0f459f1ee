import { connect } from 'node:net';
import type { Kafka, KafkaConfig } from 'kafkajs';
import { withAdmin } from './admin.js';
import { pinnedTo } from './pinned.js';

// The coordinator of a group is the leader of a partition of the offsets topic: the hash of its name, modulo the
// number of partitions. These are one name for each of four.
const groupPerPartition = ['a', 'b', 'c', 'd'];

/**
 * Throws until the broker serves this client: its port is open, it lets the client in, it knows itself as a broker of
 * its cluster (metadata lacks it for a moment after the port has opened), and the coordinators of all groups have
 * loaded. On a new cluster, asking for a coordinator makes the brokers create the offsets topic once there are enough
 * of them for all of its copies.
 */
export async function servesClient(
  asClient: (overrides: Partial<KafkaConfig>) => Kafka,
  { id, port }: { id: number; port: number },
): Promise<void> {
  await portIsOpen(port);
  const itself = pinnedTo(`127.0.0.1:${port}`);
  const brokers = await withAdmin(asClient(itself), async (admin) => (await admin.describeCluster()).brokers);
  if (!brokers.some(({ nodeId }) => nodeId === id)) throw new Error('it is not registered yet');
  await withAdmin(asClient({ brokers: [`127.0.0.1:${port}`] }), async (admin) => {
    // kafkajs knows no broker to ask before it has been told of the cluster.
    await admin.describeCluster();
    for (const groupId of groupPerPartition) await admin.fetchOffsets({ groupId });
  });
}

// A refused connection is known at once; kafkajs would wait and try again.
export function portIsOpen(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
