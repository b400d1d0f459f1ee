import { LabError } from '../host/failure.js';
import type { ClusterName } from '../principals.js';
import { versions } from '../versions.js';

/** What a cluster runs unless another version is asked for. */
export const kafkaVersion: Record<ClusterName, string> = {
  source: versions.sourceKafka,
  target: versions.targetKafka,
};

const choices = [versions.oldestKafka, versions.sourceKafka, versions.targetKafka];

/**
 * The version that a person means for the source: `2.8`, `3.9`, `4.x`, or in full.
 * @throws LabError when the lab has none like it.
 */
export function sourceVersion(wanted: string = versions.sourceKafka): string {
  const line = wanted.replace(/(\.x)+$/, '');
  const found = choices.find((version) => version === line || version.startsWith(`${line}.`));
  if (!found)
    throw new LabError(`The lab has no source of Kafka ${wanted}; it has ${choices.join(', ')}.`, 2);
  return found;
}

/** Where a cluster keeps its metadata: with a controller of Kafka's own (KRaft) or, before 3.3, in ZooKeeper. */
export type Metadata = 'controller' | 'zooKeeper';

export function metadataOf(version: string): Metadata {
  return version.startsWith('2.') ? 'zooKeeper' : 'controller';
}
