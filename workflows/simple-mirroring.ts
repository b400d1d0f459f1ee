import type { MigrationFile } from '../src/migration/file.js';
import { consumersSwitchedAtTheirOffsets } from './steps/consumers.js';
import { caughtUp, comparedRecordByRecord, mirrorRemoved, mirrorStarted } from './steps/copy.js';
import { migrate, type Carried } from './steps/migrate.js';
import { prepareTarget } from './steps/prepare-target.js';
import { producersStopped, producersWriteToTarget } from './steps/producers.js';
import { retireSource } from './steps/retire-source.js';
import { offsetsTranslated } from './steps/translate.js';

/**
 * History is kept, a pause is fine, no schema registry is used.
 *
 * The mirror has copied the source to its end before anybody moves, so the target goes on where the source ended; each
 * group goes on at the record at which it stopped.
 */
export async function simpleMirroring(file?: MigrationFile, carried?: Carried) {
  return migrate('simpleMirroring', file, carried, async (run) => {
    await prepareTarget(run);
    await mirrorStarted(run);
    await producersStopped(run);
    await caughtUp(run);
    await comparedRecordByRecord(run);
    await offsetsTranslated(run);
    await consumersSwitchedAtTheirOffsets(run);
    await producersWriteToTarget(run);
    await mirrorRemoved(run);
    await retireSource(run);
  });
}
