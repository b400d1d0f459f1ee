import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { inParallel } from '../src/parallel/in-parallel.js';
import { type Lab, LabError } from '../lab/lab.js';
import { type Cluster, partitionKey } from '../src/kafka/cluster.js';
import { type Listed, listMigrations } from '../app/connections/listing.js';
import type { MigrationFile } from '../src/migration/file.js';
import { statusQuery, workflowId } from '../src/migration/messages.js';
import { defaultTaskQueue } from '../src/migration/queues.js';
import type { Status } from '../src/migration/status.js';
import type { StepId } from '../src/migration/strategies.js';
import { createTopics, write } from './source.js';
import type { Say } from './stage.js';

/** One migration of the fleet: a topic of one partition, and a group that has one record left to read there. */
export interface Mover {
  name: string;
  topic: string;
  group: string;
}

export const movers = (prefix: string, amount: number): Mover[] =>
  Array.from({ length: amount }, (_, index) => {
    const name = `${prefix}-${index + 1}`;
    return { name, topic: `${name}.orders`, group: `${name}.billing` };
  });

/** The group's commit that will say it has read everything; a mover of the fleet is behind it by one record. */
export type Behind = Mover & { end: bigint };

const groupsAtOnce = 16;

/** Makes topics with their records and groups with their commits, on the source. */
export async function settleSource(lab: Lab, source: Cluster, fleet: readonly Mover[]): Promise<Behind[]> {
  const topics = fleet.map(({ topic }) => topic);
  await createTopics(source, topics, 1);
  await write(lab, topics, [{ value: 'read' }, { value: 'left' }]);
  // Asked for and not counted: a producer that tries again may write twice.
  const marks = await source.watermarks(fleet.map(({ topic }) => ({ topic, partition: 0 })));
  const behind = fleet.map((mover) => {
    const row = marks.get(partitionKey({ topic: mover.topic, partition: 0 }));
    if (!row?.value) throw row?.error ?? new LabError(`The source does not say where ${mover.topic} ends.`);
    return { ...mover, end: row.value.highWatermark };
  });
  await inParallel(behind, (mover) => commit(source, mover, mover.end - 1n), groupsAtOnce);
  return behind;
}

/** @throws FerryError what the broker said instead of taking the commit. */
export async function commit(source: Cluster, { group, topic }: Mover, offset: bigint): Promise<void> {
  for (const { error } of (await source.commitOffsets(group, [{ topic, partition: 0, offset }])).values())
    if (error) throw error;
}

/** A migration with the waiting times of life, but for the window in which the source has to be quiet. */
export function migrationOf({ name, topic, group }: Mover): MigrationFile {
  return {
    name,
    strategy: 'simplestCase',
    source: 'source',
    target: 'target',
    topics: [{ name: topic }],
    producers: [{ name: 'orders-web' }],
    consumers: [{ group }],
    leaveBehind: { principals: ['User:ferry'] },
    waits: { quiet: '1s' },
  };
}

/** Starts a migration and says at once that its producers have been switched: it goes on until it has to wait for its group. */
export async function startMigration(client: Client, mover: Mover, taskQueue = defaultTaskQueue) {
  return client.workflow.signalWithStart('simplestCase', {
    workflowId: workflowId(mover.name),
    taskQueue,
    args: [migrationOf(mover)],
    signal: 'producerSwitched',
    signalArgs: [{ by: 'the benchmark' }],
  });
}

/** How many migrations are on their way to the drain at once. */
const underWayAtOnce = 30;

/** Starts migrations, some at a time, and resolves when all of them wait for their groups. */
export async function driveToDrain(client: Client, fleet: readonly Mover[], say: Say): Promise<void> {
  let started = 0;
  let told = 0;
  await untilListed(client, async (listed) => {
    const waiting = listed.filter(({ step }) => step === 'drain').length;
    if (waiting >= told + 50) say(`  ${(told = waiting)} of ${fleet.length} migrations wait`);
    for (const mover of fleet.slice(started, waiting + underWayAtOnce)) {
      await startMigration(client, mover);
      started += 1;
    }
    return { done: waiting === fleet.length, progress: waiting };
  });
}

/** Resolves when every one of these migrations is at the step, in that state. */
export async function untilAt(
  client: Client,
  step: StepId,
  state: Status['state'],
  fleet: readonly { name: string }[],
): Promise<void> {
  const names = new Set(fleet.map(({ name }) => name));
  await untilListed(client, async (listed) => {
    const there = listed.filter((one) => names.has(one.name) && one.step === step && one.state === state);
    return { done: there.length === fleet.length, progress: there.length };
  });
}

const stalledMs = 180_000;

/** @throws LabError when a migration is blocked, or none has come further for a long time. */
async function untilListed(
  client: Client,
  look: (listed: Listed[]) => Promise<{ done: boolean; progress: number }>,
): Promise<void> {
  let before = -1;
  for (let deadline = Date.now() + stalledMs; ;) {
    const listed = await listMigrations(client, { running: true });
    const blocked = listed.find(({ state }) => state === 'blocked');
    if (blocked) {
      const { waitingFor } = await client.workflow.getHandle(blocked.workflowId).query<Status>(statusQuery);
      throw new LabError(`${blocked.name} is blocked, so there is nothing to measure: ${waitingFor}`);
    }
    const { done, progress } = await look(listed);
    if (done) return;
    if (progress > before) deadline = Date.now() + stalledMs;
    before = Math.max(before, progress);
    if (Date.now() > deadline)
      throw new LabError(`No migration has come further for ${stalledMs / 1000} s: is the worker running?`);
    await sleep(500);
  }
}
