import { change } from './activities.js';
import type { Run } from './run.js';
import { mayImport } from './importing.js';
import { insist } from './insist.js';
import { step } from './step.js';

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
