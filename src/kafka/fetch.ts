import type { Brokers } from './link/brokers.js';
import type { Cluster, FetchedBatches } from './cluster.js';
import { partitionKey } from './cluster.js';
import type { Leaders } from './link/leaders.js';
import { gather } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { ok, refusal } from './link/refusal.js';
import { fetchV12 } from './wire/fetch-v12.js';

type FetchCalls = Pick<Cluster, 'fetch'>;

export function fetchCalls(brokers: Brokers, leaders: Leaders): FetchCalls {
  return {
    fetch: (
      positions,
      { isolation, maxBytes, maxBytesPerPartition = maxBytes, maxWaitMs, signal, mirror },
    ) => {
      const lane = mirror === undefined ? 'records' : (`records of ${mirror}` as const);
      const byKey = new Map(positions.map((position) => [partitionKey(position), position]));
      const of = (keys: readonly string[]) => keys.flatMap((key) => byKey.get(key) ?? []);
      return gather({
        keys: [...byKey.keys()],
        remembered: true,
        locate: (keys, anew) => leaders.locate(of(keys), anew),
        signal,
        ask: async (broker, keys) => {
          // Leaders do not know of each other, so each gets the share of the bytes that its partitions are of all.
          const share = Math.max(1, Math.floor((maxBytes * keys.length) / byKey.size));
          const request = {
            isolation: isolation === 'committed' ? 1 : 0,
            maxWaitMs,
            maxBytes: share,
            maxBytesPerPartition: Math.min(maxBytesPerPartition, share),
            positions: of(keys),
          } as const;
          const answer = await abortable(brokers.ask(broker, fetchV12, request, lane), signal);
          if (answer.code !== ok) return new Map(keys.map((key) => [key, { code: answer.code }]));
          return new Map(
            answer.partitions.map((row): [string, Reply<FetchedBatches>] => {
              const key = partitionKey(row);
              const { code, highWatermark, lastStable, logStart, aborted, records, diverging } = row;
              if (code !== ok) return [key, { code }];
              const until = byKey.get(key)?.until;
              const batches = wholeBatches(records, until);
              return [
                key,
                {
                  value: {
                    watermarks: { logStart, highWatermark, lastStable },
                    batches,
                    aborted,
                    throttled: answer.throttleMs > 0,
                    ...(beginsAtOrBeyond(records.subarray(batches.length), until) && { untilReached: true }),
                    ...(diverging && { diverging }),
                  },
                },
              ];
            }),
          );
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

/** base offset INT64 and length INT32, which every format of a batch begins with. */
const batchPrefix = 12;

/** The batches that are complete and begin before `until`. */
export function wholeBatches(records: Buffer, until?: bigint): Buffer {
  let end = 0;
  while (end + batchPrefix <= records.length) {
    if (until !== undefined && records.readBigInt64BE(end) >= until) break;
    const next = end + batchPrefix + records.readInt32BE(end + 8);
    if (next > records.length) break;
    end = next;
  }
  return records.subarray(0, end);
}

/** Whether the batch that these bytes begin with, whole or not, lies at or beyond `until`. */
function beginsAtOrBeyond(records: Buffer, until?: bigint): boolean {
  return until !== undefined && records.length >= 8 && records.readBigInt64BE(0) >= until;
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
