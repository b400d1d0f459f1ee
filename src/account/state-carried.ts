import { outOfColumns } from '../migration/columns.js';
import { z } from 'zod';
import type { MigrationState } from '../migration/state.js';
import type { Happening, Run } from './happenings.js';

/** The state of a migration beside its file, as runs hand it on. */
export type State = Omit<MigrationState, 'migration'>;

/** What all versions had; of the rest each part is looked at where it is read. */
const carried = z.looseObject({
  startedAt: z.string(),
  steps: z.array(z.looseObject({ id: z.string(), title: z.string(), status: z.string() })),
  accepted: z.array(z.looseObject({ key: z.string() })).default([]),
  refused: z.array(z.looseObject({ at: z.string() })).default([]),
  facts: z.looseObject({}).default({}),
});

const stateOf = (value: unknown): State | undefined =>
  carried.safeParse(outOfColumns(value)).data as unknown as State | undefined;

/** What the run began with, where it goes on from another. */
export const carriedInto = ({ input }: Run): State | undefined => stateOf(input[1]);

/** The activity that a migration ends with is given the whole state: nothing else of the last run has it. */
export function finalStateIn(happenings: readonly Happening[]): State | undefined {
  const last = happenings.findLast((one) => one.what === 'asked' && one.activity === 'keepAccount');
  return last?.what === 'asked' ? stateOf((last.input as { state?: unknown } | null)?.state) : undefined;
}
