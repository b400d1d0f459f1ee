import type { MigrationFile } from '../src/migration/file.js';
import { consumersStopped, consumersSwitchedAtTheirOffsets } from './steps/consumers.js';
import {
  caughtUp,
  comparedRecordByRecord,
  mirrorRemoved,
  mirrorStarted,
  mirrorSteady,
} from './steps/copy.js';
import { migrate, type Carried } from './steps/migrate.js';
import { prepareTarget } from './steps/prepare-target.js';
import { oldProducersStopped, producersWriteToTarget } from './steps/producers.js';
import { retireSource } from './steps/retire-source.js';
import { teamApproved } from './steps/team.js';

/**
 * History is kept, no pause, messages are not idempotent, schemas in sync.
 *
 * The mirror runs until the end, so groups move when they like, each at the record at which it stopped. Order per key is
 * kept because new producers begin only after the old ones have stopped and the mirror has copied their last record.
 */
export async function advancedMirroring(file?: MigrationFile, carried?: Carried) {
  return migrate('advancedMirroring', file, carried, async (run) => {
    await teamApproved(run);
    await prepareTarget(run);
    await mirrorStarted(run);
    await mirrorSteady(run);
    await consumersStopped(run);
    await consumersSwitchedAtTheirOffsets(run);
    await oldProducersStopped(run);
    await caughtUp(run);
    await producersWriteToTarget(run);
    await comparedRecordByRecord(run);
    await mirrorRemoved(run);
    await retireSource(run);
  });
}
