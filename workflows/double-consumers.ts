import type { MigrationFile } from '../src/migration/file.js';
import { consumersReadBoth, oldConsumerCodeRemoved } from './steps/consumers.js';
import { sourceDrained } from './steps/drain.js';
import { migrate, type Carried } from './steps/migrate.js';
import { prepareTarget } from './steps/prepare-target.js';
import { producersSwitched } from './steps/producers.js';
import { retireSource } from './steps/retire-source.js';

/**
 * No history needed, consumers are easier to change than producers, or there are several producers.
 *
 * Consumers read both clusters before the first producer moves, so each message is processed once, wherever it went;
 * the last source messages and the first target ones of a key may swap.
 */
export async function doubleConsumers(file?: MigrationFile, carried?: Carried) {
  return migrate('doubleConsumers', file, carried, async (run) => {
    await prepareTarget(run);
    await consumersReadBoth(run);
    await producersSwitched(run);
    await sourceDrained(run);
    await oldConsumerCodeRemoved(run);
    await retireSource(run);
  });
}
