import {
  partitionKey,
  type Cluster,
  type FetchedBatches,
  type TopicPartition,
} from '../../src/kafka/cluster.js';
import { said, Silence } from '../../src/kafka/silence.js';
import { FerryError } from '../../src/migration/errors.js';
import { inParallel } from '../../src/parallel/in-parallel.js';

/** A place of which some records are to be looked at, below the high watermark. */
export type Place = TopicPartition & { offset: bigint; until: bigint };

export interface Sampled {
  /** By `partitionKey`; nothing of a place that has expired since. */
  readonly fetched: ReadonlyMap<string, FetchedBatches>;
  /** Places of which nothing came although their logs go on: what is there is not known. */
  readonly silent: readonly Place[];
}

/** A sample is a hint: nobody waits for it as long as for what must be known. */
const triesAlone = 5;
const aloneMs = 20_000;
const atOnce = 4;

/** @throws FerryError what the cluster refused. */
export async function sample(
  cluster: Cluster,
  places: readonly Place[],
  limits: { maxBytes: number; maxBytesPerPartition: number },
  signal?: AbortSignal,
): Promise<Sampled> {
  const fetched = new Map<string, FetchedBatches>();
  const ask = async (some: readonly Place[], maxWaitMs: number): Promise<Place[]> => {
    const rows = await cluster.fetch(some, {
      ...limits,
      isolation: 'uncommitted',
      maxWaitMs,
      ...(signal && { signal }),
    });
    return some.filter((place) => {
      const key = partitionKey(place);
      const { error, value } = rows.get(key) ?? {
        error: new FerryError('Unexpected', `No answer came for ${key}.`),
      };
      // What expired since it was measured is not there to be sampled.
      if (error?.type === 'Changed') return false;
      if (error) throw error;
      if (value && said(value, place.offset, 'uncommitted') === 'nothing') return true;
      if (value) fetched.set(key, value);
      return false;
    });
  };
  const deadline = Date.now() + aloneMs;
  const left = places.length === 0 ? [] : await ask(places, 0);
  const silent = await inParallel(
    left,
    async (place) => {
      const silence = new Silence(cluster.name, place);
      for (let tries = 0; tries < triesAlone && Date.now() < deadline; tries++) {
        if ((await ask([place], silence.waitMs)).length === 0) return [];
        silence.heard(place.offset, place.until);
      }
      return [place];
    },
    atOnce,
  );
  return { fetched, silent: silent.flat() };
}
