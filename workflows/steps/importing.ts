import type { MigrationState } from '../../src/migration/state.js';
import type { Work } from '../../src/migration/work/work.js';
import { change } from './activities.js';

interface Importing {
  readonly facts: MigrationState['facts'];
  work(): Work;
}

/**
 * Does work that may put the target registry into import mode. That is written down before, and undone after it whatever
 * happens: a worker that is killed at it, a failure, an abort, a new run.
 */
export async function mayImport<T>(run: Importing, work: () => Promise<T>): Promise<T> {
  run.facts.importing = true;
  try {
    return await work();
  } finally {
    await leaveImport(run);
  }
}

/** In import mode a registry takes no version from anybody but the ferry. */
export async function leaveImport(run: Importing): Promise<void> {
  if (!run.facts.importing) return;
  await change().leaveImport(run.work());
  delete run.facts.importing;
}
