import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../../lab/lab.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { workflowId } from '../../src/migration/messages.js';
import { defaultTaskQueue } from '../../src/migration/queues.js';
import type { Step } from '../../src/migration/state.js';
import type { Status } from '../../src/migration/status.js';
import type { StepId } from '../../src/migration/strategies.js';
import type { Stage } from '../stage.js';
import type { LoadedGroup, Names } from './loaded-group.js';

const by = 'the benchmark';
const withinMs = 300_000;

/**
 * Moves the group as `advancedMirroring` has it: stop, say so, start when its offsets are translated.
 * @returns ends the migration, which has not come further than its consumers.
 */
export async function movedByFerry(
  { client }: Stage,
  names: Names,
  group: LoadedGroup,
): Promise<() => Promise<void>> {
  const handle = await client.workflow.start('advancedMirroring', {
    workflowId: workflowId(names.topic),
    taskQueue: defaultTaskQueue,
    args: [migrationOf(names)],
  });
  const say = (step: StepId | 'abort', input: object = {}) =>
    handle.executeUpdate<string, [unknown]>(step, { args: [{ by, ...input }] });
  const until = async (id: StepId, holds: (step: Step) => boolean): Promise<void> => {
    for (const deadline = Date.now() + withinMs; ; await sleep(50)) {
      const { steps } = await handle.query<Status>('status');
      const blocked = steps.find(({ problem }) => problem);
      if (blocked) throw new LabError(`${blocked.id} is blocked: ${blocked.problem?.sentence ?? ''}`);
      const step = steps.find((one) => one.id === id);
      if (step && holds(step)) return;
      if (Date.now() > deadline) throw new LabError(`${id} did not come about: ${step?.says ?? ''}`);
    }
  };
  await until('teamApproved', ({ status }) => status === 'waiting');
  await say('teamApproved', { note: 'to measure it' });
  await until('consumerStopped', ({ status }) => status === 'waiting');
  await group.leaveSource();
  await say('consumerStopped');
  await until('consumerStopped', ({ status }) => status === 'done');
  await group.startOnTarget();
  return async () => {
    await say('abort');
    await handle.result();
  };
}

const migrationOf = ({ topic, group }: Names): MigrationFile => ({
  name: topic,
  strategy: 'advancedMirroring',
  source: 'source',
  target: 'target',
  topics: [{ name: topic }],
  producers: [{ name: 'orders-web' }],
  consumers: [{ group, isolation: 'read_committed' }],
  principals: { 'User:orders-web': 'User:CN=orders-web', 'User:billing': 'User:CN=billing' },
  leaveBehind: { principals: ['User:ferry', 'User:connect'] },
  connect: 'lab',
});
