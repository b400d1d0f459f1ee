import { Document } from 'yaml';
import { oneLine } from '../../migration/foreign-text.js';
import type { WorkloadGrant } from '../declaring.js';
import { lossText, type Loss } from '../loss.js';
import type { TopicConfig } from './topic-config.js';

export const apiVersion = 'kafka.nais.io/v1';

export interface TopicParts {
  /** `metadata.name`. */
  name: string;
  namespace: string;
  /** The Aiven project. */
  pool: string;
  config: TopicConfig;
  acl: readonly Omit<WorkloadGrant, 'topic' | 'user'>[];
  losses: readonly Loss[];
}

/** A Topic resource, ready to commit; what it cannot say stands above it. */
export function topicFile({ name, namespace, pool, config, acl, losses }: TopicParts): string {
  const file = new Document({
    apiVersion,
    kind: 'Topic',
    // Who owns a namespace is the team that it is named for.
    metadata: { name, namespace, labels: { team: namespace } },
    spec: {
      pool,
      config: Object.fromEntries(keyOrder.flatMap((key) => (key in config ? [[key, config[key]]] : []))),
      acl: acl.map(({ team, application, access }) => ({ team, application, access })),
    },
  });
  if (losses.length > 0)
    file.commentBefore = ['Not as on the source:', ...losses.map((loss) => `- ${lossText(loss)}`)]
      .map((line) => ` ${oneLine(line)}`)
      .join('\n');
  return file.toString({ lineWidth: 0 });
}

const keyOrder: readonly (keyof TopicConfig)[] = [
  'partitions',
  'replication',
  'minimumInSyncReplicas',
  'cleanupPolicy',
  'retentionHours',
  'retentionBytes',
  'segmentHours',
  'maxMessageBytes',
  'deleteRetentionHours',
  'minCompactionLagMs',
  'maxCompactionLagMs',
  'minCleanableDirtyRatioPercent',
  'localRetentionHours',
  'localRetentionBytes',
];
