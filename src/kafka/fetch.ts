import type { Brokers } from './link/brokers.js';
import type { Cluster, FetchedBatches, Row } from './cluster.js';
import { partitionKey } from './cluster.js';
import type { Leaders } from './link/leaders.js';
import { gather, heldBack } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { Portion } from './link/portion.js';
import { noAnswer, ok, refusal } from './link/refusal.js';
import { batchesIn } from './records/batch.js';
import { wholeBatches } from './records/whole-batches.js';
import { fetchV12 } from './wire/fetch-v12.js';
import type { FetchResponse } from './wire/fetch-v12.js';
import { isFerryError } from '../migration/errors.js';
import type { FerryError } from '../migration/errors.js';
import { uncountable } from './countable.js';

type FetchCalls = Pick<Cluster, 'fetch' | 'leaders'>;

export function fetchCalls(brokers: Brokers, leaders: Leaders): FetchCalls {
  /** Quotas are each broker's own, and one for all connections to it. */
  const portions = new Map<number, Portion>();
  const portionOf = (broker: number): Portion => {
    const portion = portions.get(broker) ?? new Portion();
    portions.set(broker, portion);
    return portion;
  };

  return {
    leaders: async (partitions) => {
      const located = await leaders.locate(partitions, true);
      return new Map(
        partitions.map((partition): [string, Row<number>] => {
          const key = partitionKey(partition);
          const reply = located.get(key) ?? { code: noAnswer };
          if ('value' in reply) return [key, reply];
          const { cluster } = brokers;
          const needs = `DESCRIBE on topic "${partition.topic}"`;
          return [key, { error: refusal(reply.code, { cluster, about: `partition ${key}`, needs }) }];
        }),
      );
    },
    fetch: (
      positions,
      { isolation, maxBytes, maxBytesPerPartition = maxBytes, maxWaitMs, signal, mirror, once, from },
    ) => {
      const lane = mirror === undefined ? 'records' : (`records of ${mirror}` as const);
      const byKey = new Map(positions.map((position) => [partitionKey(position), position]));
      const of = (keys: readonly string[]) => keys.flatMap((key) => byKey.get(key) ?? []);
      return gather({
        keys: [...byKey.keys()],
        remembered: true,
        locate: async (keys, anew) =>
          from === undefined
            ? leaders.locate(of(keys), anew)
            : new Map(keys.map((key) => [key, { value: from }])),
        once: once ?? from !== undefined,
        forget: (keys) => leaders.forget(of(keys).map(({ topic }) => topic)),
        signal,
        ask: async (broker, keys) => {
          // Leaders do not know of each other, so each gets the share of the bytes that its partitions are of all.
          const portion = portionOf(broker);
          const share = Math.max(1, Math.floor(portion.of((maxBytes * keys.length) / byKey.size)));
          const request = {
            isolation: isolation === 'committed' ? 1 : 0,
            maxWaitMs,
            maxBytes: share,
            maxBytesPerPartition: Math.min(maxBytesPerPartition, share),
            positions: of(keys),
          } as const;
          const answer = await abortable(brokers.ask(broker, fetchV12, request, lane), signal);
          if (answer.code !== ok) return new Map(keys.map((key) => [key, { code: answer.code }]));
          const bytes = answer.partitions.reduce((sum, { records }) => sum + records.length, 0);
          brokers.restraint.through(fetchV12.name, bytes);
          const { throttleMs } = answer;
          portion.answered(throttleMs > 0 ? share : bytes, throttleMs);
          // A broker that throttles a Fetch answers without partitions (`FetchContext.getThrottledResponse`).
          const missing = throttleMs > 0 ? keys : [];
          return new Map([
            ...missing.map((key): [string, Reply<FetchedBatches>] => [key, heldBack(throttleMs)]),
            ...answer.partitions.flatMap((row): [string, Reply<FetchedBatches> | FerryError][] => {
              const position = byKey.get(partitionKey(row));
              return position ? [[partitionKey(row), fetched(brokers.cluster, row, position)]] : [];
            }),
          ]);
        },
        explain: (key, code) =>
          refusal(code, {
            cluster: brokers.cluster,
            about: `partition ${key}`,
            needs: `READ on topic "${byKey.get(key)?.topic ?? key}"`,
          }),
      });
    },
  };
}

/** What came of one partition; damage in it says nothing about the others. */
function fetched(
  cluster: string,
  row: FetchResponse['partitions'][number],
  position: { offset: bigint; until?: bigint },
): Reply<FetchedBatches> | FerryError {
  const { code, highWatermark, lastStable, logStart, aborted, records, diverging } = row;
  if (code !== ok) return { code };
  const watermarks = { logStart, highWatermark, lastStable };
  const wrong = uncountable(cluster, row, watermarks);
  if (wrong) return wrong;
  const place = `${partitionKey(row)} on cluster "${cluster}"`;
  try {
    const batches = wholeBatches(records, { from: position.offset, until: position.until, place });
    // A whole batch is left out only because it begins at or beyond `until`.
    const [beyond] = batchesIn(records.subarray(batches.length), place);
    return {
      value: {
        watermarks,
        batches,
        aborted,
        place,
        ...(beyond && { untilReached: true }),
        ...(diverging && { diverging }),
      },
    };
  } catch (error) {
    if (isFerryError(error)) return error;
    throw error;
  }
}

/** Settles as the promise does, unless the signal comes first; the answer is then dropped when it arrives. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  // Nobody waits any more for an answer that comes, or fails to come, after the signal.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
