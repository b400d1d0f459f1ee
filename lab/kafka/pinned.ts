import { connect as connectPlainly } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import type { KafkaConfig } from 'kafkajs';

/**
 * Settings of a kafkajs client whose every request goes to one broker, whichever broker the client means. What brokers
 * know of their cluster is asked of each so: kafkajs itself asks any of them.
 */
export function pinnedTo(address: string): Partial<KafkaConfig> {
  const { hostname: host, port } = new URL(`kafka://${address}`);
  const to = { host, port: Number(port) };
  return {
    brokers: [address],
    socketFactory: ({ ssl, onConnect }) =>
      ssl ? connectByTls({ ...ssl, ...to }, onConnect) : connectPlainly(to, onConnect),
  };
}
