import { setTimeout as sleep } from 'node:timers/promises';
import { FerryError } from '../migration/errors.js';
import { partitionKey, type Cluster, type FetchedBatches, type TopicPartition } from './cluster.js';
import { batchesIn } from './records/batch.js';
import { isHeldBack, Silence } from './silence.js';

/** Offsets `[from, until)` of one partition; its log has been stated to reach `until`. */
export interface Stretch extends TopicPartition {
  readonly from: bigint;
  readonly until: bigint;
}

export interface StretchOptions {
  isolation: 'committed' | 'uncommitted';
  /** Of one Fetch. */
  maxBytes: number;
  /** How long a broker may say nothing, ms; two minutes unless told. */
  patienceMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Whose connections to use. */
  mirror?: string | undefined;
}

/**
 * Fetches a stretch from its first batch to its last, one answer after another; with isolation `committed` it
 * ends early where a transaction is open.
 *
 * @throws FerryError that of the Fetch; `Unreachable` when the log was not given although it goes on
 */
export async function* fetchStretch(
  cluster: Cluster,
  { topic, partition, from, until }: Stretch,
  { isolation, maxBytes, patienceMs, signal, mirror }: StretchOptions,
): AsyncGenerator<FetchedBatches, void, undefined> {
  const at = { topic, partition };
  const key = partitionKey(at);
  const silence = new Silence(cluster.name, at, patienceMs);
  for (let position = from; position < until;) {
    const rows = await cluster.fetch([{ ...at, offset: position, until }], {
      isolation,
      maxBytes,
      maxWaitMs: silence.waitMs,
      ...(mirror !== undefined && { mirror }),
      ...(signal && { signal }),
    });
    const row = rows.get(key);
    if (!row || row.error)
      throw row?.error ?? new FerryError('Unexpected', `No answer came for ${key}: report it.`);
    const { value } = row;
    if (value.batches.length > 0) {
      silence.broken();
      // Whoever has taken a batch may let go of its bytes.
      for (const { lastOffset } of batchesIn(value.batches, value.place))
        if (lastOffset >= position) position = lastOffset + 1n;
      yield value;
    }
    if (value.untilReached || (isolation === 'committed' && isHeldBack(value, position))) return;
    if (value.batches.length > 0) continue;
    // A new leader may state an end that lies before the one that was stated already (KIP-207).
    silence.heard(position, until);
    await sleep(silence.pauseMs, undefined, { signal });
  }
}
