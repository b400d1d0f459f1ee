import type { Client } from '@temporalio/client';
import type { Status } from '../../src/migration/status.js';
import type { Lab } from '../lab.js';
import type { WorkerProcess } from './worker-process.js';

/** What may happen to a migration at any moment, and must not cost it its promise. */
export const interferences = ['worker', 'source', 'target', 'temporal', 'people'] as const;
export type Interference = (typeof interferences)[number] | 'connect';

export interface Stage {
  lab: Lab;
  worker: WorkerProcess;
  client: Client;
  workflowId: string;
}

/** Kills a server and starts it again, or lets people send what makes no sense. */
export async function interfere(
  what: Interference,
  { lab, worker, client, workflowId }: Stage,
): Promise<void> {
  switch (what) {
    case 'worker':
      await worker.kill();
      worker.start();
      return;
    case 'source':
    case 'target':
    case 'temporal':
      await lab[what].kill();
      await lab[what].start();
      return;
    case 'connect':
      await lab.connect?.kill();
      await lab.connect?.start();
      return;
    case 'people':
      return peopleErr(client, workflowId);
  }
}

/** Nonsense, a typo, an approval before its turn, a repetition, and a pause in the middle of whatever is under way. */
async function peopleErr(client: Client, workflowId: string): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const before = await handle.query<Status>('status');
  await handle.signal('produceSwitched', { by: 'a typo' });
  await handle.signal('retry', 'not an object');
  await handle.signal('deletionApproved', { by: 'somebody', topic: 'another topic' });
  await handle.signal('pause', { by: 'somebody', note: 'lunch' });
  await handle.signal('pause');
  for (const step of before.steps)
    for (const part of step.status === 'done' ? (step.parts ?? []) : [])
      await handle.signal(step.id, { by: 'somebody again', name: part.name });
  const paused = await handle.query<Status>('status');
  if (paused.state !== 'paused' && paused.outcome === null)
    throw new Error(`paused by a signal, and the state is ${paused.state}`);
  await handle.signal('resume');
}
