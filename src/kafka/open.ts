import { aclCalls } from './acls.js';
import { Brokers } from './link/brokers.js';
import type { Cluster } from './cluster.js';
import { committedCalls } from './committed.js';
import { configCalls } from './configs.js';
import type { ClusterConnection } from './link/cluster-connection.js';
import { Coordinators } from './link/coordinators.js';
import { fetchCalls } from './fetch.js';
import { groupCalls } from './groups.js';
import { Leaders } from './link/leaders.js';
import { offsetCalls } from './offsets.js';
import { principalOf } from './link/principal.js';
import { producerCalls } from './producers.js';
import { quotaCalls } from './quotas.js';
import { sealingCalls } from './sealing.js';
import { shareGroupCalls } from './share-groups.js';
import { sizeCalls } from './sizes.js';
import { topicCalls } from './topics.js';
import { writingCalls } from './writing.js';

export type { ClusterConnection };

/**
 * A cluster by its name and how to reach it. Nothing is sent before the first question; connections stay open until
 * `close`.
 */
export function openCluster(name: string, connection: ClusterConnection): Cluster {
  const brokers = new Brokers(name, connection);
  const leaders = new Leaders(brokers);
  const coordinators = new Coordinators(brokers);
  const offsets = offsetCalls(brokers, leaders);
  const fetches = fetchCalls(brokers, leaders);
  return {
    name,
    principal: principalOf(connection),
    ...topicCalls(brokers, leaders),
    ...configCalls(brokers),
    ...offsets,
    ...committedCalls(brokers, coordinators),
    ...groupCalls(brokers, coordinators),
    ...shareGroupCalls(brokers, coordinators),
    ...aclCalls(brokers),
    ...producerCalls(brokers, leaders),
    ...fetches,
    ...sizeCalls(brokers),
    ...quotaCalls(brokers),
    ...sealingCalls(brokers, { ...offsets, ...fetches }),
    ...writingCalls(brokers, leaders),
    heldBack: () => brokers.restraint.held(),
    requests: () => brokers.requests(),
    close: () => brokers.close(),
  };
}
