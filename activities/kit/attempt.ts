import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { FerryError } from '../../src/migration/errors.js';
import type { Heartbeat } from '../../src/migration/work/work.js';
import { withHeld, type Held } from './held-back.js';
import { note } from './note.js';

/**
 * One attempt at a change: its life signs, and a note that the next attempt can read when this one is lost with
 * its worker.
 */
export interface Attempt {
  /** What an earlier attempt of the same activity last noted; opaque, `undefined` in a first attempt. */
  readonly noted: unknown;
  /** Resolves when the note is safe: whatever is asked of a cluster afterwards, a later attempt knows of it. */
  note(facts: unknown): Promise<void>;
  /** Says in one sentence what is being done, and that it still is. */
  says(sentence: string): void;
  readonly signal: AbortSignal;
}

/** Runs one change as the attempt that Temporal has under way; repeats its last life sign while a request takes long. */
export async function attempting<T>(change: (attempt: Attempt) => Promise<T>, held?: Held): Promise<T> {
  const context = Context.current();
  const { heartbeatTimeoutMs } = context.info;
  const last = context.info.heartbeatDetails as Partial<Heartbeat> | undefined;
  let carry = last?.carry;
  let sentence = 'Looks at both clusters.';
  const heartbeat = (): Heartbeat => ({
    says: withHeld(sentence, held),
    at: new Date().toISOString(),
    carry,
  });
  const timer = heartbeatTimeoutMs
    ? setInterval(() => context.heartbeat(heartbeat()), heartbeatTimeoutMs / 3)
    : undefined;
  try {
    return await change({
      noted: carry,
      async note(facts) {
        carry = facts;
        await note(context, heartbeat());
      },
      says(words) {
        sentence = words;
        context.heartbeat(heartbeat());
      },
      signal: context.cancellationSignal,
    });
  } finally {
    clearInterval(timer);
  }
}

const VISIBLE_WITHIN_MS = 20_000;
/** A broker takes up one thing after the other, and some milliseconds for each partition that it makes. */
const VISIBLE_WITHIN_MS_PER_TOPIC = 200;
/** Before the second look; each pause is twice the one before it, and at most a second. */
const LOOK_AGAIN_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Looks until there is something to see: what a controller has accepted, each broker shows once it has replayed the
 * metadata log. `Unreachable` after 20 s, and longer with many topics, so that the activity is tried again.
 *
 * @param what ends the sentence "... does not show", for example `the topic orders on kafka-b`.
 */
export async function eventually<T>(
  look: () => Promise<T | undefined>,
  what: string,
  signal: AbortSignal,
  /** Of the migration, which may have been made just before. */
  topics = 0,
): Promise<T> {
  const withinMs = VISIBLE_WITHIN_MS + topics * VISIBLE_WITHIN_MS_PER_TOPIC;
  const deadline = Date.now() + withinMs;
  for (let pause = LOOK_AGAIN_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline)
      throw new FerryError(
        'Unreachable',
        `${what} was accepted, but the brokers do not show it after ${withinMs / 1000} s: see whether they keep up with their controller.`,
      );
    await sleep(pause, undefined, { signal });
  }
}
