import { z } from 'zod';
import { isFleetsWord } from '../migration/membership.js';
import type { StepId } from '../migration/strategies.js';
import type { AccountState, Pause, Phase, Saying } from './account.js';
import type { Happening, Run } from './happenings.js';

const memo = z.object({
  state: z.enum(['running', 'waiting', 'blocked', 'paused', 'aborting', 'done', 'aborted']),
  step: z.string().nullable(),
});

const handedOn = z
  .object({
    at: z.string(),
    by: z.string().nullable().default(null),
    note: z.string().nullable().default(null),
  })
  .transform(({ at, by, note }): Pause => ({ from: at, to: null, by, note, resumedBy: null }));

interface ShownAt {
  at: string;
  state: AccountState;
  step: StepId | null;
}

/** Where it says that it is. */
export function shownBy(one: Happening): ShownAt | undefined {
  const told = one.what === 'shown' ? memo.safeParse(one.memo).data : undefined;
  return told && { at: one.at, state: told.state, step: told.step as StepId | null };
}

/** What a migration has written down of where it is, as stretches of time; what is between two runs belongs to the first. */
export function phasesOf(runs: readonly Run[], until: string): Phase[] {
  const shown = runs.flatMap(({ happenings }) => happenings.flatMap((one) => shownBy(one) ?? []));
  const changes = shown.filter(
    (one, index) => one.state !== shown[index - 1]?.state || one.step !== shown[index - 1]?.step,
  );
  return changes.map(({ at, state, step }, index) => ({
    ...{ from: at, step, state },
    to: changes[index + 1]?.at ?? (until > at ? until : at),
  }));
}

/**
 * From what people and fleets have said: when and by whom it was paused and resumed. An abort ends a pause too.
 *
 * @param before the pause in which the first of these runs began, as it was handed on
 */
export function pausesOf(said: readonly Saying[], endedAt: string | null, before: unknown): Pause[] {
  let open = handedOn.safeParse(before).data;
  const pauses: Pause[] = open ? [open] : [];
  for (const { message, at, by, note, refused } of said) {
    if (refused !== null) continue;
    const ofFleet = isFleetsWord({ by: by ?? undefined });
    // As it is judged: what a person has paused goes on when a person says so, and not with the fleet.
    const takenOver = open && !ofFleet && isFleetsWord({ by: open.by ?? undefined });
    const heeded = message === 'abort' || !ofFleet || open?.by === by;
    if (message === 'pause' && (!open || takenOver)) {
      if (open) open.to = at;
      open = { from: at, to: null, by, note, resumedBy: null };
      pauses.push(open);
    } else if (open && heeded && (message === 'resume' || message === 'abort')) {
      open.to = at;
      open.resumedBy = by;
      open = undefined;
    }
  }
  if (open && endedAt !== null) open.to = endedAt;
  return pauses;
}
