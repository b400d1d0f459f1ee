import type { Client } from '@temporalio/client';
import type { Status } from '../../src/migration/status.js';
import type { Lab } from '../lab.js';
import { disturb, heal, type Disorder } from './disorders.js';
import type { Names } from './script.js';
import type { WorkerProcess } from './worker-process.js';

/** What may happen to a migration at any moment, and must not cost it its promise. */
export const interferences = ['worker', 'source', 'target', 'temporal', 'people'] as const;
export type Interference = (typeof interferences)[number] | 'connect' | Disorder;

export interface Stage {
  lab: Lab;
  worker: WorkerProcess;
  client: Client;
  workflowId: string;
  names: Names;
}

/**
 * Kills a server and starts it again, or lets people send what makes no sense. A disorder of brokers meets both clusters,
 * after what an earlier one has left broken is mended.
 *
 * @returns how many processes were ended
 */
export async function interfere(what: Interference, stage: Stage): Promise<number> {
  const { lab, worker, client, workflowId } = stage;
  switch (what) {
    case 'worker':
      await worker.kill();
      worker.start();
      return 1;
    case 'source':
    case 'target':
    case 'temporal':
      await lab[what].kill();
      await lab[what].start();
      return 1;
    case 'connect':
      await lab.connect?.kill();
      await lab.connect?.start();
      return 1;
    case 'people':
      await peopleErr(client, workflowId);
      return 0;
    default:
      return disorder(what, stage);
  }
}

async function disorder(what: Disorder, { lab, names }: Stage): Promise<number> {
  const group = names.group('billing');
  const ended = await Promise.all([
    heal(lab.source).then(() =>
      disturb(what, lab.source, { topic: names.topic, group, transactionalId: names.transactionalId }),
    ),
    heal(lab.target).then(() =>
      disturb(what, lab.target, {
        topic: names.newTopic,
        group,
        // That of the mirror's first share.
        transactionalId: `kafka-ferry.${names.migration}.0`,
      }),
    ),
  ]);
  return ended[0] + ended[1];
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
