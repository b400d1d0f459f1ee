import { parseMigration, type MigrationFile } from '../../src/migration/file.js';
import {
  newState,
  stepOf,
  type MigrationState,
  type Step,
  type StepStatus,
} from '../../src/migration/state.js';
import type { StepId } from '../../src/migration/strategies.js';

export const at = '2026-03-01T12:00:00.000Z';

/** A migration at one of its steps: those before are done, those after pending. */
export function stateAt(
  id: StepId,
  status: StepStatus = 'waiting',
  changes: Partial<MigrationFile> = {},
): MigrationState {
  const { migration, mistakes } = parseMigration({
    name: 'orders',
    strategy: 'simplestCase',
    source: 'onprem',
    target: 'aiven',
    topics: [{ name: 'orders' }],
    producers: [{ name: 'orders-web' }],
    consumers: [{ group: 'billing' }],
    ...changes,
  });
  if (!migration) throw new Error(JSON.stringify(mistakes));
  const state = newState(migration, at);
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
