import { partitionAt, type Cluster, type Rows } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { listed } from '../kit/wording.js';

/**
 * Rows of the partitions of topics that were there just now and may be being deleted: an answer to an earlier request was
 * lost, and a broker that has not heard of the deletion yet still knows their ids.
 *
 * @throws FerryError `Unreachable` when one of them is not there any more: two answers that differ prove neither
 */
export function insistThere<R extends Rows<string, unknown>>(cluster: Pick<Cluster, 'name'>, rows: R): R {
  const missing = [...rows].flatMap(([key, { error }]) =>
    error?.type === 'NotFound' ? partitionAt(key).topic : [],
  );
  if (missing.length > 0)
    throw new FerryError(
      'Unreachable',
      `${cluster.name} has answered that ${listed([...new Set(missing)])} is there, and then that its partitions are not, as it does while a topic is being deleted: it is asked again.`,
    );
  return rows;
}
