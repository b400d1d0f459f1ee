import { setTimeout as sleep } from 'node:timers/promises';
import { FerryError, isFerryError } from '../../migration/errors.js';
import type { Row } from '../cluster.js';
import { HeldByQuota } from '../held-by-quota.js';
import {
  isMoved,
  isPassing,
  noAnswer,
  notLeader,
  throttlingQuotaExceeded,
  unknownTopicOrPartition,
} from './refusal.js';

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
  /** The caller asks again itself: what cannot be answered now is an `Unreachable` row at once, and `forget` is told. */
  once?: boolean | undefined;
  forget?(keys: readonly K[]): void;
  /** Told of each row as soon as it is there. */
  arrived?: ((key: K, row: Row<V>) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Asks the brokers in charge for many keys at once and again, a few times, for the keys whose broker has moved, is
 * loading or has gone. What a quota holds back is waited for as long as the broker says, and does not count as a try. What
 * one broker or key lacks holds back no other: each broker's keys go their own way. Every key gets a row. Fails as a whole only when no broker answers at all, or credentials do not.
 */
export async function gather<K, V>(errand: Errand<K, V>): Promise<Map<K, Row<V>>> {
  const rows = new Map<K, Row<V>>();
  const settle = (key: K, row: Row<V>) => {
    rows.set(key, row);
    errand.arrived?.(key, row);
  };

  const ask = async (
    keys: readonly K[],
    tries: number,
    anew: boolean,
    quota: Quota = unheld(),
  ): Promise<void> => {
    if (keys.length === 0) return;
    errand.signal?.throwIfAborted();
    const pauseMs = Math.max(quota.ms, pauses[tries - 1] ?? 0);
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal: errand.signal });
    const last = errand.once === true || tries === pauses.length;
    const fromMemory = errand.remembered === true && !anew;

    /** Rows for what is answered; the others go on. */
    const take = async (keys: readonly K[], replyTo: (key: K) => Reply<V> | FerryError | undefined) => {
      const again: K[] = [];
      const held: K[] = [];
      let quotaMs = 0;
      let moved = false;
      for (const key of keys) {
        const reply = replyTo(key);
        if (reply === undefined) settle(key, { error: errand.explain(key, noAnswer) });
        else if (reply instanceof FerryError) {
          moved ||= reply.type === 'Unreachable';
          if (reply.type === 'Unreachable' && !last) again.push(key);
          else settle(key, { error: reply });
        } else if ('value' in reply) settle(key, { value: reply.value });
        else if (reply.code === throttlingQuotaExceeded && reply.afterMs !== undefined) {
          held.push(key);
          quotaMs = Math.max(quotaMs, reply.afterMs);
        } else {
          const doubtful = fromMemory && reply.code === unknownTopicOrPartition;
          moved ||= isMoved(reply.code) || doubtful;
          if ((isPassing(reply.code) || doubtful) && !last) again.push(key);
          else settle(key, { error: errand.explain(key, doubtful ? notLeader : reply.code) });
        }
      }
      if (moved && errand.once) errand.forget?.(keys);
      const inVain = held.length === keys.length ? { ...quota, rounds: quota.rounds + 1 } : unheld();
      if (isFutile(inVain))
        for (const key of held.splice(0))
          settle(key, { error: errand.explain(key, throttlingQuotaExceeded) });
      await Promise.all([ask(again, tries + 1, moved), ask(held, tries, false, { ...inVain, ms: quotaMs })]);
    };

    let located: ReadonlyMap<K, Reply<number>>;
    try {
      located = await errand.locate(keys, anew);
    } catch (error) {
      if (last || !isFerryError(error) || error.type !== 'Unreachable') throw error;
      return ask(keys, tries + 1, anew);
    }
    const nowhere: K[] = [];
    const shares = new Map<number, K[]>();
    for (const key of keys) {
      const where = located.get(key);
      if (where === undefined || 'code' in where) {
        nowhere.push(key);
        continue;
      }
      const share = shares.get(where.value);
      if (share) share.push(key);
      else shares.set(where.value, [key]);
    }
    await Promise.all([
      take(nowhere, (key) => located.get(key) as { code: number } | undefined),
      ...[...shares].map(async ([broker, keys]) => {
        const replies = await errand.ask(broker, keys).catch((error: unknown) => {
          if (!isFerryError(error) || error.type === 'Unauthenticated') throw error;
          return error;
        });
        await take(keys, (key) => (replies instanceof FerryError ? replies : replies.get(key)));
      }),
    ]);
  };

  await ask([...new Set(errand.keys)], 0, false);
  return rows;
}

/** How long a quota holds back what is asked next, and since when, and how often in a row, it has let nothing through. */
interface Quota {
  readonly ms: number;
  readonly rounds: number;
  readonly since: number;
}

const isFutile = ({ rounds, since }: Quota): boolean =>
  rounds >= futileRounds && Date.now() - since >= futileMs;

const unheld = (): Quota => ({ ms: 0, rounds: 0, since: Date.now() });

/**
 * When somebody who looks again before each request, and so asks `once`, asks again: as often, and after as long, as
 * `gather` itself would.
 */
export class Rounds {
  private tries = 0;
  private quota = unheld();

  /**
   * @param asked how much was asked for in this round; `errors` say why the rest of it is not there
   * @returns ms to wait before the next round; `undefined`: it is asked for no more
   */
  next(asked: number, errors: readonly FerryError[]): number | undefined {
    const held = errors.filter((error) => error instanceof HeldByQuota);
    const inVain = held.length === asked;
    this.quota = inVain ? { ...this.quota, rounds: this.quota.rounds + 1 } : unheld();
    if (isFutile(this.quota)) return undefined;
    const quotaMs = Math.max(0, ...held.map(({ afterMs }) => afterMs));
    if (held.length === errors.length) return quotaMs;
    const pauseMs = pauses[this.tries++];
    return pauseMs === undefined ? undefined : Math.max(quotaMs, pauseMs);
  }
}

/** `items` in runs of at most `size`, for requests that a broker limits. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  const runs: T[][] = [];
  for (let start = 0; start < items.length; start += size) runs.push(items.slice(start, start + size));
  return runs;
}
