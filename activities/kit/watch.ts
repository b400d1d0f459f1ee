import { CancelledFailure } from '@temporalio/activity';
import { setTimeout as timer } from 'node:timers/promises';
import { z } from 'zod';
import { FerryError, isFerryError } from '../../src/migration/errors.js';
import { waitMs } from '../../src/migration/file.js';
import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import type { Heartbeat, Progress, Watch, Watching } from '../../src/migration/work/work.js';
import { currentContext } from './current-context.js';
import { withHeld, type Held } from './held-back.js';
import { Measuring } from './measuring.js';
import { nextProbe, rests } from './next-probe.js';
import { note } from './note.js';
import { unlessCancelled } from './unless-cancelled.js';

/** One look at the clusters: the answer, or what is seen instead and what the next look must know of it. */
export type Seen<Answer, Carry> =
  | { answer: Answer }
  | {
      says: string;
      /** Plain JSON. */
      carry: Carry;
      /** What is seen would be the answer if more probes agree: they come quicker, and the slice waits for them. */
      confirming?: boolean;
      /** Numbers of a mirror, for its heartbeat. */
      mirror?: MirrorHeartbeat['mirror'];
      progress?: Progress;
    };

export interface Moment<Carry> {
  /** What the probe before handed on; `undefined` at the first. */
  carry: Carry | undefined;
  /** How long it has been watched, ms: time between slices and while no worker ran does not count. */
  watchedMs: number;
  /** `waits.patience` has passed since the first probe. */
  outOfPatience: boolean;
  /**
   * Does what changes a cluster. `carry` is with the server before that, so that whoever goes on knows what was intended;
   * from then on a cancellation waits for the answer of the probe. Not begun when it has been cancelled already.
   */
  change: <T>(carry: Carry, work: () => Promise<T>) => Promise<T>;
}

/**
 * What does not answer for this long is handed to the workflow, so that its details say so too; and when it answers
 * again. Not more often than this, since each costs some events of history.
 */
const tellAfterMs = 30_000;
const tellEveryMs = 10 * 60_000;

const envelope = z.object({
  watchedMs: z.number().nonnegative(),
  /** `watchedMs` at the first of the failures since the last success. */
  failingSince: z.number().nullable(),
  own: z.unknown(),
  /** `watchedMs` when the workflow was last told of such failures. */
  toldAt: z.number().optional(),
});
type Envelope = z.infer<typeof envelope>;

/**
 * Probes until there is an answer or the slice is over, and heartbeats what each probe saw. Goes on from the last
 * heartbeat of an attempt that was lost, else from `input.carry`; what does not have the shape of a carry begins anew.
 * Runs outside Temporal too, without heartbeats.
 *
 * @param held adds to what is said that quotas hold it back, while a probe lasts too
 * @throws FerryError whatever the probe throws; `Unreachable` only when the probe itself has waited for long (`lasting`),
 * or after `waits.patience` without a successful probe, and then for a person to mend: the same call would only wait for as
 * long again.
 * @throws CancelledFailure at once when the activity is cancelled.
 */
export async function watch<Answer extends object, Carry>(
  input: Watch,
  shape: z.ZodType<Carry>,
  probe: (moment: Moment<Carry>) => Promise<Seen<Answer, Carry>>,
  held?: Held,
): Promise<Answer | Watching> {
  const surroundings = activitySurroundings() ?? plainSurroundings;
  const patience = waitMs(input.migration, 'patience');
  const sliceEnd = Date.now() + input.sliceMs;
  let state = read(surroundings.lastHeartbeat) ?? read(input.carry) ?? fresh;
  let heartbeat: Heartbeat | MirrorHeartbeat = {
    says: 'looking for the first time',
    at: isoNow(),
    carry: state,
  };
  const latest = () => ({ ...heartbeat, says: withHeld(heartbeat.says, held) });
  const stopBeating = surroundings.beat(latest);
  const measuring = new Measuring(input.migration.name);
  let ended = false;
  let changing = false;
  let seenBefore = '';
  let saidBefore = '';
  let changedAt = state.watchedMs;
  const change: Moment<Carry>['change'] = async (own, work) => {
    if (ended) throw new CancelledFailure('CANCELLED');
    changing = true;
    state = { ...state, own };
    heartbeat = { ...heartbeat, carry: state };
    await surroundings.note(heartbeat);
    return work();
  };
  try {
    // A clock that nobody sets: what was watched is measured, and never the difference of two workers' clocks.
    for (let counted = performance.now(); ;) {
      const passed = Math.floor(performance.now() - counted);
      const watchedMs = state.watchedMs + passed;
      counted += passed;
      const carry = shape.safeParse(state.own).data;
      let says: string;
      let confirming = false;
      let mirror: MirrorHeartbeat['mirror'] | undefined;
      let progress: Progress | undefined;
      let failing: Heartbeat['failing'];
      let tellNow = false;
      try {
        changing = false;
        const probing = probe({ carry, watchedMs, outOfPatience: watchedMs >= patience, change });
        const seen = await surroundings.unlessCancelled(probing).catch((error: unknown) => {
          if (error instanceof CancelledFailure && changing) return probing;
          throw error;
        });
        if ('answer' in seen) return seen.answer;
        tellNow =
          state.toldAt !== undefined && state.failingSince !== null && state.toldAt >= state.failingSince;
        state = { ...state, watchedMs, failingSince: null, own: seen.carry };
        says = seen.says;
        confirming = seen.confirming ?? false;
        mirror = seen.mirror;
        progress = seen.progress;
      } catch (error) {
        if (!isFerryError(error) || error.type !== 'Unreachable' || error.lasting) throw error;
        const failingSince = state.failingSince ?? watchedMs;
        if (watchedMs - failingSince >= patience)
          throw new FerryError(error.type, error.message, { lasting: true });
        state = { ...state, watchedMs, failingSince };
        const forMs = watchedMs - failingSince;
        failing = { since: new Date(Date.now() - forMs).toISOString(), why: error.message };
        says =
          forMs < tellAfterMs
            ? `${error.message} It is tried again.`
            : `${error.message} It is tried again since ${failing.since.slice(0, 10)} ${failing.since.slice(11, 19)} UTC, and blocks after ${input.migration.waits.patience}.`;
        tellNow = forMs >= tellAfterMs && watchedMs - (state.toldAt ?? -tellEveryMs) >= tellEveryMs;
        if (tellNow) state = { ...state, toldAt: watchedMs };
      }
      heartbeat = {
        ...{ says, at: isoNow(), carry: state },
        ...(mirror && { mirror }),
        ...(progress && { progress }),
        ...(failing && { failing }),
      };
      if (failing) measuring.unknown();
      else measuring.saw({ ...(mirror && { mirror }), ...(progress && { progress }) });
      const said = latest();
      const seenNow = JSON.stringify([state.own, state.failingSince, mirror]);
      if (seenNow !== seenBefore) changedAt = watchedMs;
      seenBefore = seenNow;
      const unchangedMs = watchedMs - changedAt;
      // What has been the same for long is beaten often enough; who watches it sees another sentence at once.
      if (!rests(unchangedMs) || said.says !== saidBefore) surroundings.heartbeat(said);
      saidBefore = said.says;
      const next = nextProbe(Date.now(), waitMs(input.migration, 'probe'), { confirming, unchangedMs });
      if ((next >= sliceEnd || (tellNow && !input.untold)) && !confirming)
        return { state: 'watching', sentence: said.says, carry: state };
      await surroundings.sleep(next - Date.now());
    }
  } finally {
    ended = true;
    stopBeating();
    measuring.unknown();
  }
}

const fresh: Envelope = { watchedMs: 0, failingSince: null, own: undefined };

/** Carries come from heartbeats and workflow inputs, which may be of another version or nobody's. */
function read(carry: unknown): Envelope | undefined {
  return envelope.safeParse(carry).data;
}

function isoNow(): string {
  return new Date().toISOString();
}

interface Surroundings {
  lastHeartbeat: unknown;
  heartbeat(details: Heartbeat): void;
  /** Resolves when the server has it. */
  note(details: Heartbeat): Promise<void>;
  /** Repeats the latest heartbeat between probes that are further apart than the heartbeat timeout. */
  beat(latest: () => Heartbeat): () => void;
  unlessCancelled<T>(work: Promise<T>): Promise<T>;
  sleep(ms: number): Promise<void>;
}

const plainSurroundings: Surroundings = {
  lastHeartbeat: undefined,
  heartbeat: () => undefined,
  note: async () => undefined,
  beat: () => () => undefined,
  unlessCancelled: (work) => work,
  sleep: (ms) => timer(Math.max(0, ms)),
};

function activitySurroundings(): Surroundings | undefined {
  const context = currentContext();
  if (!context) return undefined;
  const { heartbeatTimeoutMs } = context.info;
  const heartbeatDetails: unknown = context.info.heartbeatDetails;
  const { run, sleep } = unlessCancelled(context);
  return {
    // A heartbeat of this loop holds the carry beside the sentence.
    lastHeartbeat: z.object({ carry: z.unknown() }).safeParse(heartbeatDetails).data?.carry,
    heartbeat: (details) => context.heartbeat(details),
    note: (details) => note(context, details),
    beat: (latest) => {
      if (!heartbeatTimeoutMs) return () => undefined;
      // The SDK sends on what it was told last, after four fifths of the timeout.
      const timer = setInterval(() => context.heartbeat(latest()), heartbeatTimeoutMs / 2);
      return () => clearInterval(timer);
    },
    unlessCancelled: run,
    sleep,
  };
}
