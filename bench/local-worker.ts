import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import type { Lab } from '../lab/lab.js';
import { watchQueue } from '../src/migration/queues.js';
import type { Activities } from '../src/migration/work/activities.js';
import { workflowCode } from '../app/worker/workflow-code.js';

/** A worker inside this process, for activities that the benchmark counts or answers itself. Ends it with what it returns. */
export async function workHere(
  { temporal }: Lab,
  taskQueue: string,
  activities: Activities,
): Promise<() => Promise<void>> {
  quietly();
  const connection = await NativeConnection.connect({ address: temporal.address });
  const { namespace } = temporal;
  const workers = [
    await Worker.create({ connection, namespace, taskQueue, ...workflowCode(), activities }),
    await Worker.create({ connection, namespace, taskQueue: watchQueue(taskQueue), activities }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));
  return async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    await connection.close();
  };
}

let quiet = false;

/** The runtime is one per process. */
function quietly(): void {
  if (quiet) return;
  quiet = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
}
