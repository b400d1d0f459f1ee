import { Client, Connection } from '@temporalio/client';
import { type Lab, LabError, startLab, type StartOptions } from '../lab/lab.js';
import { type Clusters, openClusters } from '../app/connections/clusters.js';
import { type Config, readConfig } from '../app/config/config.js';
import type { Cluster } from '../src/kafka/cluster.js';
import { openCluster } from '../src/kafka/open.js';
import { adminConnection } from './connections.js';

export type Say = (line: string) => void;

/** Where a benchmark runs: a fresh lab, and everything else that has to end when it ends. */
export interface Stage {
  lab: Lab;
  /** Of the ferry, on this lab. */
  config: Config;
  client: Client;
  /** The lab's clusters as the ferry sees them. */
  clusters: Clusters;
  /** The source, to somebody who may do everything there: commits of groups are made here. */
  source: Cluster;
  /** The target, to the same. */
  target: Cluster;
  /** Where progress goes, apart from the result. */
  say: Say;
  /** Called however the benchmark ends: the last one first, before the lab goes down. */
  onEnd: (end: () => Promise<unknown>) => void;
}

/** Benchmarks have labs of their own; a new one takes the place of what is left of an old one of the name. */
const defaultLab: StartOptions = { name: 'bench' };

/**
 * Runs a benchmark on a fresh lab and takes all of it down, also when it fails or is interrupted.
 * @throws LabError when there can be no lab; whatever the benchmark throws.
 */
export async function onStage<T>(
  say: Say,
  benchmark: (stage: Stage) => Promise<T>,
  options: Pick<StartOptions, 'name' | 'jvm' | 'brokers' | 'newRunAfter'> = defaultLab,
): Promise<T> {
  const ends: (() => Promise<unknown>)[] = [];
  const onEnd = (end: () => Promise<unknown>) => void ends.push(end);
  const end = async () => {
    for (let last = ends.pop(); last; last = ends.pop())
      await last().catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
  };
  const interrupted = () => void end().finally(() => process.exit(1));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const lab = await startLab({ ...options, progress: say });
    onEnd(() => lab.down());
    const { value: config } = readConfig({ path: lab.ferryYaml, environment: {} });
    if (!config) throw new LabError("The lab's own ferry.yaml cannot be read.");
    const clusters = openClusters(config.clusters);
    onEnd(() => clusters.close());
    const source = openCluster('source', await adminConnection(lab.source));
    onEnd(() => source.close());
    const target = openCluster('target', await adminConnection(lab.target));
    onEnd(() => target.close());
    const connection = await Connection.connect({ address: lab.temporal.address });
    onEnd(() => connection.close());
    const client = new Client({ connection, namespace: lab.temporal.namespace });
    return await benchmark({ lab, config, client, clusters, source, target, say, onEnd });
  } finally {
    await end();
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}
