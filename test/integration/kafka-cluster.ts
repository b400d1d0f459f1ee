import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../lab/host/folders.js';
import { javaCommand } from '../../lab/host/toolchain.js';
import type { LabCluster } from '../../lab/lab.js';
import { versions } from '../../lab/versions.js';
import type { ClusterConnection } from '../../src/kafka/link/cluster-connection.js';

/** Part of the names that a run of the tests gives, so that it finds nothing of an earlier one. */
export const run = randomBytes(3).toString('hex');

/** How this user of the lab reaches a cluster. */
export function connectionOf({ bootstrap, clients }: LabCluster, user: string): ClusterConnection {
  const { sasl, tls } = clients[user] ?? {};
  return {
    bootstrap,
    ...(sasl && {
      sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password },
    }),
    ...(tls && {
      tls: {
        ca: readFileSync(tls.ca, 'utf8'),
        certificate: readFileSync(tls.certificate, 'utf8'),
        key: readFileSync(tls.key, 'utf8'),
      },
    }),
  };
}

interface ConsoleConsumer {
  /** Lets it leave its group. */
  stop(): Promise<void>;
}

/** Kafka's own console consumer, in a group of the protocol of KIP-848. */
export function consumeWithKip848(cluster: LabCluster, topic: string, group: string): ConsoleConsumer {
  return consume('ConsoleConsumer', cluster, topic, group, 'group.protocol=consumer');
}

/** Kafka's own console consumer for share groups (KIP-932). */
export function consumeShared(cluster: LabCluster, topic: string, group: string): ConsoleConsumer {
  return consume('ConsoleShareConsumer', cluster, topic, group);
}

function consume(
  tool: string,
  cluster: LabCluster,
  topic: string,
  group: string,
  setting = '',
): ConsoleConsumer {
  const ofAdmin = cluster.clients['admin']?.files.java ?? '';
  const settings = join(dirname(ofAdmin), `${group}.java.properties`);
  writeFileSync(settings, `${readFileSync(ofAdmin, 'utf8')}\n${setting}\n`, { mode: 0o600 });
  const java = spawn(
    javaCommand(),
    [
      ...['-Xmx128m', '-XX:TieredStopAtLevel=1'],
      ...['-cp', join(cacheFolder(`kafka-${versions.targetKafka}`, 'libs'), '*')],
      `org.apache.kafka.tools.consumer.${tool}`,
      ...['--bootstrap-server', cluster.bootstrap.join()],
      ...['--command-config', settings],
      ...['--topic', topic, '--group', group],
    ],
    { stdio: 'ignore' },
  );
  const gone = new Promise<void>((resolve) => java.once('exit', () => resolve()));
  return {
    stop: async () => {
      java.kill('SIGTERM');
      await gone;
    },
  };
}
