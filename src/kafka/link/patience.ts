import { setTimeout as sleep } from 'node:timers/promises';
import { FerryError, isFerryError } from '../../migration/errors.js';
import type { Row } from '../cluster.js';
import { isMoved, isPassing, throttlingQuotaExceeded, unknownTopicOrPartition } from './refusal.js';

/**
 * What a broker answered for one key: a value, or an error code that it may answer differently in a moment. `afterMs`,
 * with a quota's code: when to ask again.
 */
export type Reply<V> = { readonly value: V } | { readonly code: number; readonly afterMs?: number };

/** The reply for a key that a quota has kept from being answered: it is asked about again when the broker says. */
export const heldBack = (afterMs: number) => ({ code: throttlingQuotaExceeded, afterMs });

/** Milliseconds before each further try; an election takes about as long as all of them. */
const pauses = [100, 300, 600, 1000];

/** A quota that has let nothing through so often in a row, and for so long, may never do so: a batch can be too large for it. */
const futileRounds = 5;
const futileMs = 60_000;

export interface Errand<K, V> {
  keys: readonly K[];
  /** Which broker answers for each key, or the code that says why none does. `anew`: what was known proved wrong. */
  locate(keys: readonly K[], anew: boolean): Promise<ReadonlyMap<K, Reply<number>>>;
  /** One request, or a few, to one broker; a key that a quota held back is `heldBack`. An error is about its key alone. */
  ask(broker: number, keys: readonly K[]): Promise<ReadonlyMap<K, Reply<V> | FerryError>>;
  /** The sentence for a code that stays. */
  explain(key: K, code: number): FerryError;
  /** `locate` answers from memory, so a broker that does not know a key may be the wrong one to ask. */
  remembered?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Asks the brokers in charge for many keys at once and again, a few times, for the keys whose broker has moved, is
 * loading or has gone. What a quota holds back is waited for as long as the broker says, and does not count as a try.
 * Every key gets a row. Fails as a whole only when no broker answers at all, or credentials do not.
 */
export async function gather<K, V>(errand: Errand<K, V>): Promise<Map<K, Row<V>>> {
  const rows = new Map<K, Row<V>>();
  let pending = [...new Set(errand.keys)];
  let anew = false;
  let quotaMs = 0;
  let futile = { rounds: 0, since: Date.now() };
  for (let tries = 0; pending.length > 0;) {
    errand.signal?.throwIfAborted();
    const pauseMs = Math.max(quotaMs, pauses[tries - 1] ?? 0);
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal: errand.signal });
    const last = tries === pauses.length;
    const again: K[] = [];
    const held: K[] = [];
    const answered = rows.size;
    quotaMs = 0;
    const fromMemory = errand.remembered === true && !anew;
    const settle = (key: K, reply: Reply<V> | FerryError | undefined) => {
      if (reply === undefined) {
        rows.set(key, { error: errand.explain(key, -1) });
      } else if (reply instanceof FerryError) {
        if (reply.type === 'Unreachable' && !last) again.push(key);
        else rows.set(key, { error: reply });
        anew ||= reply.type === 'Unreachable';
      } else if ('value' in reply) {
        rows.set(key, { value: reply.value });
      } else if (reply.code === throttlingQuotaExceeded && reply.afterMs !== undefined) {
        held.push(key);
        quotaMs = Math.max(quotaMs, reply.afterMs);
      } else {
        const doubtful = fromMemory && reply.code === unknownTopicOrPartition;
        anew ||= isMoved(reply.code) || doubtful;
        if ((isPassing(reply.code) || doubtful) && !last) again.push(key);
        else rows.set(key, { error: errand.explain(key, reply.code) });
      }
    };

    let located: ReadonlyMap<K, Reply<number>>;
    try {
      located = await errand.locate(pending, anew);
    } catch (error) {
      if (last || !isFerryError(error) || error.type !== 'Unreachable') throw error;
      tries++;
      continue;
    }
    anew = false;
    const shares = new Map<number, K[]>();
    for (const key of pending) {
      const where = located.get(key);
      if (where === undefined || 'code' in where) {
        settle(key, where);
        continue;
      }
      const share = shares.get(where.value);
      if (share) share.push(key);
      else shares.set(where.value, [key]);
    }
    await Promise.all(
      [...shares].map(async ([broker, keys]) => {
        const replies = await errand.ask(broker, keys).catch((error: unknown) => {
          if (!isFerryError(error) || error.type === 'Unauthenticated') throw error;
          return error;
        });
        for (const key of keys) settle(key, replies instanceof FerryError ? replies : replies.get(key));
      }),
    );
    if (held.length === 0 || rows.size > answered) futile = { rounds: 0, since: Date.now() };
    else if (++futile.rounds >= futileRounds && Date.now() - futile.since >= futileMs)
      for (const key of held.splice(0))
        rows.set(key, { error: errand.explain(key, throttlingQuotaExceeded) });
    if (again.length > 0) tries++;
    pending = [...again, ...held];
  }
  return rows;
}

/** `items` in runs of at most `size`, for requests that a broker limits. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  const runs: T[][] = [];
  for (let start = 0; start < items.length; start += size) runs.push(items.slice(start, start + size));
  return runs;
}
