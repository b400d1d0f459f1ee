import type { MigrationFile } from '../src/migration/file.js';
import { consumersSwitchedPastTheMarks } from './steps/consumers.js';
import { drainedToTheMarks } from './steps/drain.js';
import { migrate, type Carried } from './steps/migrate.js';
import { prepareTarget } from './steps/prepare-target.js';
import { oldProducerCodeRemoved, producersWriteBoth } from './steps/producers.js';
import { retireSource } from './steps/retire-source.js';

/**
 * No history needed, the producer is ours, messages are idempotent.
 *
 * What was written before doubling began is on the source alone, so every group has to get past the mark first; after
 * that it may move at any time, and processes some of what was written to both clusters twice.
 */
export async function doubleProducer(file?: MigrationFile, carried?: Carried) {
  return migrate('doubleProducer', file, carried, async (run) => {
    await prepareTarget(run);
    await producersWriteBoth(run);
    await drainedToTheMarks(run);
    await consumersSwitchedPastTheMarks(run);
    await oldProducerCodeRemoved(run);
    await retireSource(run);
  });
}
