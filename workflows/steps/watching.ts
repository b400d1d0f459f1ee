import type { Step } from '../../src/migration/state.js';
import type { Watch, Watched } from '../../src/migration/work/work.js';
import { sliceMs } from './activities.js';
import type { Run } from './run.js';

/** One call of a watching activity. */
type Slice<T> = (watch: Watch) => Promise<T>;
/** What it has seen at last. */
type Seen<T extends { state: string }> = Exclude<T, Extract<Watched<string, unknown>, { state: 'watching' }>>;

/**
 * Calls a watching activity slice after slice until it has seen something. Pause, skip and abort stop it at once;
 * after a pause, or in a new run, nothing that was seen before counts.
 */
export async function watching<T extends { state: string }>(
  run: Run,
  step: Step,
  slice: Slice<T>,
): Promise<Seen<T>> {
  for (;;) {
    const seen = await watchingUnless(run, () => false, slice, {
      firstMs: sliceMs,
      says: (sentence) => run.says(step, 'active', sentence),
    });
    if (seen) return seen;
  }
}

/**
 * The same until a person has said something: `null` then. What the first slice sees is told soon, so that people who
 * have said something know what it means.
 */
export async function watchingUnless<T extends { state: string }>(
  run: Run,
  said: () => boolean,
  slice: Slice<T>,
  { firstMs, says }: { firstMs: number; says: (sentence: string) => void },
): Promise<Seen<T> | null> {
  let carry: unknown;
  for (let length = firstMs; ; length = sliceMs) {
    const current = carry;
    const seen = await run.stoppable(() => slice({ ...run.work(), sliceMs: length, carry: current }), said);
    if (seen === null) return null;
    if (seen.state !== 'watching') return seen as Seen<T>;
    const more = seen as unknown as { sentence: string; carry: unknown };
    carry = more.carry;
    says(more.sentence);
    await run.startFreshHistory();
  }
}

/**
 * The same up to a moment, ms since the epoch: `null` when nothing has been seen until then. A slice that is answered
 * early is not asked for again at once.
 */
export async function watchingUntil<T extends { state: string }>(
  run: Run,
  until: number,
  slice: Slice<T>,
): Promise<Seen<T> | null> {
  let carry: unknown;
  for (let left = until - Date.now(); left > 0; left = until - Date.now()) {
    const began = Date.now();
    const length = Math.min(sliceMs, left);
    const current = carry;
    const seen = await run.stoppable(() =>
      slice({ ...run.work(), sliceMs: length, carry: current, untold: true }),
    );
    if (seen.state !== 'watching') return seen as Seen<T>;
    carry = (seen as unknown as { carry: unknown }).carry;
    const early = began + length - Date.now();
    if (early > length / 10) await run.until(() => false, { ms: early, summary: 'until it looks again' });
    await run.startFreshHistory();
  }
  return null;
}
