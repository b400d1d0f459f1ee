import { partitionKey, type Cluster, type FetchedBatches, type Row } from '../src/kafka/cluster.js';

/**
 * A cluster that answers a Fetch as a broker does whose remote read is late (KIP-405): without an error and without records,
 * with its true ends. `isLate` is asked for each partition of each Fetch that brought something.
 */
export function late(cluster: Cluster, isLate: (partition: string) => boolean): Cluster {
  return {
    ...cluster,
    fetch: async (positions, options) => {
      const rows = await cluster.fetch(positions, options);
      return new Map(
        positions.flatMap((position): [string, Row<FetchedBatches>][] => {
          const key = partitionKey(position);
          const row = rows.get(key);
          if (!row) return [];
          if (row.error || row.value.batches.length === 0 || !isLate(key)) return [[key, row]];
          const { watermarks } = row.value;
          return [[key, { value: { watermarks, batches: Buffer.alloc(0), aborted: [] } }]];
        }),
      );
    },
  };
}

/** Late in that share of all cases, the same ones for the same seed. */
export function often(share: number, seed = 1): () => boolean {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647 < share;
  };
}
