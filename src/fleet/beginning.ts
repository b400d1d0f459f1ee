import type { StepId } from '../migration/strategies.js';
import type { FleetState } from './state.js';

/**
 * How many may be on their way to their first wait at once, beside the windows: until then each asks much of the clusters,
 * of the workers and of Temporal, and hundreds together would all be late.
 */
export const beginningAtOnce = 30;

/** What has not come to a wait by then holds up no other: it may be broken, or its cluster slow. */
const beginsWithinMs = 5 * 60_000;

const untilFirstWait: ReadonlySet<StepId | null> = new Set<StepId>([
  ...(['checkPlan', 'topicCreated', 'createTopics', 'copyAcls', 'copySchemas', 'seedOffsets'] as const),
]);

/** Of each that is on its way to its first wait, when it counts no more, ms since the epoch. */
export function beginning(state: FleetState, now: number): number[] {
  return Object.values(state.migrations)
    .filter(
      ({ is, report }) =>
        (is === 'starting' || is === 'started') &&
        (!report || (report.state === 'running' && untilFirstWait.has(report.step))),
    )
    .map(({ at }) => Date.parse(at) + beginsWithinMs)
    .filter((until) => until > now);
}

/** Whether so many begin that no other does. */
export const tooManyBegin = (state: FleetState, now: number): boolean =>
  beginning(state, now).length >= beginningAtOnce;
