/**
 * Who there is in the lab. Each has a principal on both clusters, named as in life: by user name on the source
 * (SCRAM), by the subject of a client certificate on the target. So a migration has principals to map.
 */
export const producers = ['orders-web', 'orders-batch'] as const;
export const consumers = ['billing', 'shipping', 'audit'] as const;

/** The only super user for people and tests: it makes topics and grants. */
export const ADMIN = 'admin';
/** The worker. No super user: see `ferry-acls.ts`. */
export const FERRY = 'ferry';
/** Kafka Connect with MirrorMaker 2. No super user either: see `connect/grants.ts`. */
export const CONNECT = 'connect';
/** A schema registry that keeps its schemas on the target: Karapace, with Docker only. */
export const REGISTRY = 'registry';
/** The target's broker towards itself; on the source that is `admin`, since brokers log in with SCRAM there. */
export const BROKER = 'broker';

export const users: readonly string[] = [ADMIN, FERRY, CONNECT, REGISTRY, ...producers, ...consumers];

export type ClusterName = 'source' | 'target';

export function principalOf(cluster: ClusterName, user: string): string {
  return cluster === 'source' ? `User:${user}` : `User:CN=${user}`;
}
