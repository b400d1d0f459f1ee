import { silent } from '../host/failure.js';
import { runTool } from '../host/tool.js';
import { javaCommand } from '../host/toolchain.js';
import { ADMIN, principalOf } from '../principals.js';
import type { LabCluster } from './cluster.js';
import { archiveOptions, classPath, jvmOptions, kafkaJars } from './jars.js';

/** What a cluster can hold a user to (KIP-13, KIP-124, KIP-599); each broker for itself. */
export interface Quotas {
  /** Bytes per second that it is given. */
  consumer_byte_rate?: number;
  /** Bytes per second that it writes. */
  producer_byte_rate?: number;
  /** Created and deleted partitions per second. */
  controller_mutation_rate?: number;
  /** Percent of the time of one thread of the broker. */
  request_percentage?: number;
}

export const quotaNames = [
  'consumer_byte_rate',
  'producer_byte_rate',
  'controller_mutation_rate',
  'request_percentage',
] as const satisfies readonly (keyof Quotas)[];

/** Holds a user to these quotas, beside those it has. They count for what it sends from then on. */
export function setQuotas(cluster: LabCluster, user: string, quotas: Quotas): Promise<void> {
  const set = Object.entries(quotas).map(([name, value]) => `${name}=${value}`);
  return alterUser(cluster, user, ['--add-config', set.join()]);
}

/** Holds a user to nothing any more. */
export function removeQuotas(cluster: LabCluster, user: string): Promise<void> {
  return alterUser(cluster, user, ['--delete-config', quotaNames.join()]);
}

/** By `kafka-configs`: kafkajs has no request for quotas. */
async function alterUser(cluster: LabCluster, user: string, change: readonly string[]): Promise<void> {
  const { name, version, bootstrap, clients } = cluster;
  const settings = clients[ADMIN]?.files.java ?? '';
  // prettier-ignore
  const args = [
    ...jvmOptions(version), ...(await archiveOptions(version)), '-cp', classPath(await kafkaJars(version, silent)),
    'kafka.admin.ConfigCommand', '--bootstrap-server', bootstrap.join(), '--command-config', settings,
    '--alter', '--entity-type', 'users', '--entity-name', principalOf(name, user).replace(/^User:/, ''), ...change,
  ];
  await runTool(javaCommand(), args, {
    label: `changing the quotas of ${user} on the ${name}`,
    missing: 'No Java found.',
    progress: silent,
  });
}
