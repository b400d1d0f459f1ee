import { log, patched, workflowInfo } from '@temporalio/workflow';
import { inColumns } from '../../src/migration/columns.js';
import type { MigrationState } from '../../src/migration/state.js';
import type { Work } from '../../src/migration/work/work.js';
import { bytesOf, mostBytes } from '../../src/migration/size.js';
import { outside } from './activities.js';
import { notHeard } from './not-heard.js';

/**
 * The last thing of a migration: its report is written where the worker's configuration says, if it does. The whole state
 * goes along, and so stands in history for whoever reads that later. What goes wrong ends nothing and is told.
 */
export async function keptAccount(whole: MigrationState, work: Work): Promise<void> {
  if (!patched('keeps-account')) return;
  const { migration: _, ...rest } = whole;
  const state = inColumns(rest);
  const fits = bytesOf([work, state]) < mostBytes;
  const { outcome } = whole;
  try {
    const { sentence } = await outside().keepAccount({ ...work, ...(fits && { state }) });
    if (outcome && sentence !== '') outcome.report = sentence;
  } catch (error) {
    const why = notHeard(whole, error);
    log.warn(`The report of ${workflowInfo().workflowId} is not written: ${why}`);
    if (outcome) outcome.report = `Not written: ${why}`;
  }
}
