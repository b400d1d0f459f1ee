import type { MigrationFile } from '../src/migration/file.js';
import { consumersSwitched } from './steps/consumers.js';
import { sourceDrained } from './steps/drain.js';
import { migrate, type Carried } from './steps/migrate.js';
import { prepareTarget } from './steps/prepare-target.js';
import { producersSwitched } from './steps/producers.js';
import { retireSource } from './steps/retire-source.js';

/**
 * No history needed, all producers and consumers are ours, a short pause is fine.
 *
 * Consumers go on only after the last source message was processed, so nothing is processed twice and order is kept.
 */
export async function simplestCase(file?: MigrationFile, carried?: Carried) {
  return migrate('simplestCase', file, carried, async (run) => {
    await prepareTarget(run);
    await producersSwitched(run);
    await sourceDrained(run);
    await consumersSwitched(run);
    await retireSource(run);
  });
}
