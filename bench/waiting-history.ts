import { createActivities } from '../activities/index.js';
import { LabError } from '../lab/lab.js';
import type { Activities } from '../src/migration/work/activities.js';
import { openRegistries } from '../app/connections/registries.js';
import { sliceMs } from '../workflows/steps/activities.js';
import { type Mover, startMigration, untilAt } from './fleet.js';
import { eventsOfAllRuns } from './history.js';
import { workHere } from './local-worker.js';
import type { Stage } from './stage.js';

const taskQueue = 'bench-slices';
/** So many that the migration continues as new on the way: what that costs counts. */
const slices = 1000;

/**
 * How many events of history an hour of waiting adds: counted on a real migration whose watch of the drain ends its
 * slices at once, so that weeks of waiting pass in a minute. A slice in life lasts `sliceMs`, and adds as much.
 */
export async function eventsPerWaitingHour(
  { lab, client, clusters }: Stage,
  [mover]: readonly Mover[],
): Promise<number> {
  if (!mover) throw new LabError('There is no migration to count the events of.');
  let watched = 0;
  const activities: Activities = {
    ...createActivities({
      clusters: (name) => clusters.get(name),
      registries: openRegistries({}).get,
      holds: { take: async () => [], release: async () => undefined, held: async () => [] },
      otherMigrations: async () => [],
    }),
    watchDrain: async ({ migration }) =>
      ++watched < slices
        ? { state: 'watching', sentence: `${mover.group} 1 record behind on 1 partition`, carry: { watched } }
        : {
            state: 'drained',
            sentence: `${mover.group} has read the source to its end.`,
            lag: migration.consumers.map(({ group }) => ({ group, verdicts: { drained: 1 } })),
          },
  };
  const stop = await workHere(lab, taskQueue, activities);
  try {
    const handle = await startMigration(client, mover, taskQueue);
    await untilAt(client, 'consumerSwitched', 'waiting', [mover]);
    const { events, runs } = await eventsOfAllRuns(client, handle.workflowId, handle.signaledRunId);
    await client.workflow.getHandle(handle.workflowId).terminate('measured');
    const begun = events.flatMap((event, at) =>
      event.activityTaskScheduledEventAttributes?.activityType?.name === 'watchDrain' ? [at] : [],
    );
    const [first, last] = [begun[0], begun.at(-1)];
    if (first === undefined || last === undefined || begun.length !== slices || runs < 2)
      throw new LabError(
        `The history shows ${begun.length} slices of waiting in ${runs} runs, not ${slices} in several: what an hour costs cannot be told.`,
      );
    return (((last - first) / (begun.length - 1)) * 3_600_000) / sliceMs;
  } finally {
    await stop();
  }
}
