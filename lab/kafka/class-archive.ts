import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../host/failure.js';
import { cacheFolder, exists } from '../host/folders.js';
import { freePorts } from '../host/ports.js';
import { killIn } from '../host/remembered.js';
import { settleAll } from '../host/settle.js';
import type { ClusterName } from '../principals.js';
import { grantFerry, openCluster, prepareCluster } from './cluster.js';
import { classArchive } from './jars.js';
import { clusterPaths } from './layout.js';

/**
 * Runs the cluster once for a moment and lets the JVM keep what it loaded (application class-data sharing): every
 * later start takes half the time. A JVM that cannot use the archive starts without it.
 */
export async function recordClasses(name: ClusterName, version: string, progress: Progress): Promise<void> {
  const archive = await classArchive(version);
  if (await exists(archive)) return;
  progress(`Kafka ${version}: recording its classes for quick starts`);
  const folder = cacheFolder(`recording-${name}-${process.pid}`);
  const recorded = join(folder, 'classes.jsa');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [client, controller] = (await freePorts(2)) as [number, number];
  try {
    const plan = { name, version, brokers: [{ client, controller }] };
    await prepareCluster(folder, plan);
    const cluster = await openCluster(folder, plan, recorded);
    try {
      await cluster.start();
      await grantFerry(cluster);
      await cluster.stop();
      await rename(recorded, archive);
    } finally {
      const { server, zooKeeper } = clusterPaths(folder, name);
      await settleAll([killIn(server), killIn(zooKeeper)]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
