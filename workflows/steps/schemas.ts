import type { MigrationState } from '../../src/migration/state.js';
import type { Work } from '../../src/migration/work.js';
import { change } from './activities.js';
import type { Run } from './run.js';
import { insist, step } from './step.js';

/** The schemas on the target registry, before anything on the target needs them. */
export async function schemasCopied(run: Run): Promise<void> {
  const entry = run.step('copySchemas');
  if (run.migration.schemas) await step(run, 'copySchemas', () => schemasInStep(run));
  else if (entry?.status === 'pending')
    run.close(entry, 'skipped', { sentence: 'The migration file names no schemas.' });
}

/** Copies what the target registry has not got yet. Copied already: finds nothing to do. */
export async function schemasInStep(run: Run): Promise<{ sentence: string; data: unknown }> {
  return mayImport(run, async () => {
    const { findings, sentence, data } = await change().copySchemas(run.work());
    insist(run, findings);
    return { sentence, data: { copied: data, findings } };
  });
}

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
