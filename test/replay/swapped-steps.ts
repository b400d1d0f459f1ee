import type { MigrationFile } from '../../src/migration/file.js';
import { consumersSwitched } from '../../workflows/steps/consumers.js';
import { sourceDrained } from '../../workflows/steps/drain.js';
import { migrate, type Carried } from '../../workflows/steps/migrate.js';
import { prepareTarget } from '../../workflows/steps/prepare-target.js';
import { producersSwitched } from '../../workflows/steps/producers.js';
import { retireSource } from '../../workflows/steps/retire-source.js';

/** The broken twin of `simplestCase`: it drains before producers have moved, which no recorded run did. */
export async function simplestCase(file?: MigrationFile, carried?: Carried) {
  return migrate('simplestCase', file, carried, async (run) => {
    await prepareTarget(run);
    await sourceDrained(run);
    await producersSwitched(run);
    await consumersSwitched(run);
    await retireSource(run);
  });
}
