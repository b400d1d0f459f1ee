import { connect } from 'node:net';
import type { Kafka } from 'kafkajs';

// The coordinator of a group is the leader of a partition of the offsets topic: the hash of its name, modulo the
// number of partitions. These are one name for each of four.
const groupPerPartition = ['a', 'b', 'c', 'd'];

/**
 * Throws until the broker serves this client: its port is open, it lets the client in, it knows itself as the broker
 * of its cluster (metadata is empty for a moment after the port has opened), and the coordinators of all groups have
 * loaded. On a new cluster, asking for a coordinator makes the broker create the offsets topic.
 */
export async function servesClient(kafka: Kafka, port: number): Promise<void> {
  await portIsOpen(port);
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    if (brokers.length === 0) throw new Error('no broker is registered yet');
    for (const groupId of groupPerPartition) await admin.fetchOffsets({ groupId });
  } finally {
    await admin.disconnect();
  }
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
