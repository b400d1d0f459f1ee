import { silent } from '../host/failure.js';
import { runTool } from '../host/tool.js';
import { javaCommand } from '../host/toolchain.js';
import type { LabCluster } from './cluster.js';
import { archiveOptions, classPath, jvmOptions, kafkaJars } from './jars.js';

/** By Kafka's name for each, bytes a second, percent of a thread, or partitions made or deleted a second; `null`: none. */
export type Quota = Partial<
  Record<
    'consumer_byte_rate' | 'producer_byte_rate' | 'request_percentage' | 'controller_mutation_rate',
    number | null
  >
>;

/**
 * Sets quotas of one client of a user, with Kafka's own tool, and leaves its others alone: other clients of the user, and
 * so other tests, go on as they are.
 */
export async function setQuota(
  cluster: Pick<LabCluster, 'version' | 'bootstrap' | 'clients'>,
  { user, clientId }: { user: string; clientId: string },
  quota: Quota,
): Promise<void> {
  const { version, bootstrap, clients } = cluster;
  const principal = clients[user]?.principal.replace(/^User:/, '') ?? user;
  const set = Object.entries(quota).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
  const unset = Object.entries(quota).flatMap(([name, value]) => (value === null ? [name] : []));
  // prettier-ignore
  const args = [
    ...jvmOptions(version), ...(await archiveOptions(version)),
    '-cp', classPath(await kafkaJars(version, silent)), 'kafka.admin.ConfigCommand',
    '--bootstrap-server', bootstrap.join(), '--command-config', clients['admin']?.files.java ?? '', '--alter',
    ...(set.length > 0 ? ['--add-config', set.join()] : []),
    ...(unset.length > 0 ? ['--delete-config', unset.join()] : []),
    '--entity-type', 'users', '--entity-name', principal,
    '--entity-type', 'clients', '--entity-name', clientId,
  ];
  await runTool(javaCommand(), args, {
    label: `setting quotas on the ${version} cluster`,
    missing: 'No Java found.',
    progress: silent,
  });
}
