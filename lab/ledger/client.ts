import { readFileSync } from 'node:fs';
import kafkajs, { type Kafka, type KafkaConfig } from 'kafkajs';
import type { Connection } from './settings.js';

/** Short, so that an application comes back soon after a broker does; each application goes on trying for itself. */
export const retry = { initialRetryTime: 100, maxRetryTime: 1_000, multiplier: 2, factor: 0.2, retries: 5 };

/** Logs nothing: what fails is said in a status, as one sentence. */
export function kafkaClient(clientId: string, connection: Connection): Kafka {
  const { bootstrap, sasl, tls } = connection;
  return new kafkajs.Kafka({
    clientId,
    brokers: [...bootstrap],
    retry,
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
    logLevel: kafkajs.logLevel.NOTHING,
    ...(tls && {
      ssl: {
        ca: [readFileSync(tls.ca, 'utf8')],
        ...(tls.certificate && { cert: readFileSync(tls.certificate, 'utf8') }),
        ...(tls.key && { key: readFileSync(tls.key, 'utf8') }),
      },
    }),
    ...(sasl && {
      sasl: { ...sasl, mechanism: sasl.mechanism.toLowerCase() } as NonNullable<KafkaConfig['sasl']>,
    }),
  });
}
