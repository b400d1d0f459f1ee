import { parseMigration, type Migration, type MigrationFile } from '../../src/migration/file.js';
import {
  newState,
  stepOf,
  type MigrationState,
  type Step,
  type StepStatus,
} from '../../src/migration/state.js';
import type { StepId } from '../../src/migration/strategies.js';

export const at = '2026-03-01T12:00:00.000Z';

/** As the loader makes it, of one topic but for the changes. @throws Error with the mistakes of the file */
export function migrationOf(changes: Partial<MigrationFile> = {}): Migration {
  const { migration, mistakes } = parseMigration({
    ...{ name: 'orders', strategy: 'simplestCase', source: 'onprem', target: 'aiven' },
    topics: [{ name: 'orders' }],
    ...changes,
  });
  if (!migration) throw new Error(JSON.stringify(mistakes));
  return migration;
}

/** A migration at one of its steps: those before are done, those after pending. */
export function stateAt(
  id: StepId,
  status: StepStatus = 'waiting',
  changes: Partial<MigrationFile> = {},
): MigrationState {
  const state = newState(
    migrationOf({ producers: [{ name: 'orders-web' }], consumers: [{ group: 'billing' }], ...changes }),
    at,
  );
  const index = state.steps.findIndex((step) => step.id === id);
  state.steps.slice(0, index).forEach((step) => {
    step.status = 'done';
    step.endedAt = at;
  });
  const step = state.steps[index];
  if (!step) throw new Error(`no step ${id}`);
  step.status = status;
  return state;
}

export function the(state: MigrationState, id: StepId): Step {
  const step = stepOf(state, id);
  if (!step) throw new Error(`no step ${id}`);
  return step;
}
