import type { ClusterIdentity } from '../../src/kafka/cluster.js';
import { isFerryError } from '../../src/migration/errors.js';
import { targetName, type Migration } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { named } from '../../src/migration/foreign-text.js';
import { heldBy, type Taken, type Want } from '../../src/migration/holds.js';
import type { Holds } from '../kit/dependencies.js';
import { blocking, noting } from '../kit/weights.js';

/** What a plan can see of it; whether it may be had is found out when it is taken. */
export async function heldByOthers(
  holds: Pick<Holds, 'held'>,
  migration: Migration,
  own: string,
  side: 'source' | 'target',
  { clusterId }: ClusterIdentity,
): Promise<Finding[]> {
  const cluster = migration[side];
  try {
    const holders = await holds.held({ cluster, clusterId });
    const others = holders.filter((holder) => holder.migration !== own);
    return heldBy(others, wanted(migration, side, { migration: own, run: '' })).map((taken) =>
      heldByOther(taken, cluster),
    );
  } catch (error) {
    if (!isFerryError(error) || error.type !== 'Unreachable') throw error;
    return [
      noting(
        `holds-unknown:${cluster}`,
        `Not checked whether another migration has topics or groups of ${cluster}: ${error.message} The migration takes them before it makes anything.`,
      ),
    ];
  }
}

/** Groups are held where they are committed now; on the target a topic alone has one migration that fills it. */
export function wanted(
  { topics, consumers }: Migration,
  side: 'source' | 'target',
  who: Pick<Want, 'migration' | 'run'>,
): Want {
  return side === 'source'
    ? { ...who, topics: topics.map(({ name }) => name), groups: consumers.map(({ group }) => group) }
    : { ...who, topics: topics.map(targetName), groups: [] };
}

export function heldByOther({ kind, name, migration, since }: Taken, cluster: string): Finding {
  return blocking(
    `${kind}-in-two-migrations:${name}`,
    `The ${kind} ${named(name)} of ${cluster} is in migration ${migration} as well (since ${since.slice(0, 16)} UTC): wait for that one to end, or take ${named(name)} out of one of them; ferry holds --free ${migration} lets go of what will never end by itself.`,
  );
}
