import { log, patched, workflowInfo } from '@temporalio/workflow';
import { inColumns } from '../../src/migration/columns.js';
import { bytesOf, mostBytes } from '../../src/migration/size.js';
import { outside } from './activities.js';
import { notHeard } from './not-heard.js';
import type { Run } from './run.js';

/**
 * The last thing of a migration: its report is written where the worker's configuration says, if it does. The whole state
 * goes along, and so stands in history for whoever reads that later. What goes wrong ends nothing and is told.
 */
export async function keptAccount(run: Run): Promise<void> {
  if (!patched('keeps-account')) return;
  const { migration: _, ...whole } = run.state;
  const state = inColumns(whole);
  const work = run.work();
  const fits = bytesOf([work, state]) < mostBytes;
  const { outcome } = run.state;
  try {
    const { sentence } = await outside().keepAccount({ ...work, ...(fits && { state }) });
    if (outcome && sentence !== '') outcome.report = sentence;
  } catch (error) {
    const why = notHeard(run.state, error);
    log.warn(`The report of ${workflowInfo().workflowId} is not written: ${why}`);
    if (outcome) outcome.report = `Not written: ${why}`;
  }
}
