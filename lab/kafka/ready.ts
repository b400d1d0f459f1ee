import type { Kafka } from 'kafkajs';
import { connect } from 'node:net';

/**
 * Throws until the broker serves this client: its port is open, it lets the client in, and it knows itself as the
 * broker of its cluster (metadata is empty for a moment after the port has opened).
 */
export async function servesClient(kafka: Kafka, port: number): Promise<void> {
  await portIsOpen(port);
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    if (brokers.length === 0) throw new Error('no broker is registered yet');
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
