import { aclCalls } from './acls.js';
import { Brokers } from './brokers.js';
import type { Cluster } from './cluster.js';
import { committedCalls } from './committed.js';
import { configCalls } from './configs.js';
import type { ClusterConnection } from './connection-settings.js';
import { Coordinators } from './coordinators.js';
import { fetchCalls } from './fetch.js';
import { groupCalls } from './groups.js';
import { Leaders } from './leaders.js';
import { offsetCalls } from './offsets.js';
import { producerCalls } from './producers.js';
import { topicCalls } from './topics.js';

export type { ClusterConnection };

/**
 * A cluster by its name and how to reach it. Nothing is sent before the first question; connections stay open until
 * `close`.
 */
export function openCluster(name: string, connection: ClusterConnection): Cluster {
  const brokers = new Brokers(name, connection);
  const leaders = new Leaders(brokers);
  const coordinators = new Coordinators(brokers);
  return {
    name,
    ...topicCalls(brokers, leaders),
    ...configCalls(brokers),
    ...offsetCalls(brokers, leaders),
    ...committedCalls(brokers, coordinators),
    ...groupCalls(brokers, coordinators),
    ...aclCalls(brokers),
    ...producerCalls(brokers, leaders),
    ...fetchCalls(brokers, leaders),
    requests: () => brokers.requests(),
    close: () => brokers.close(),
  };
}
