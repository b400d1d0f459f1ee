import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { connectionOf } from '../lab/kafka/clients.js';
import { LabError } from '../lab/lab.js';
import { FERRY } from '../lab/principals.js';
import { WorkerProcess } from '../lab/rehearsal/worker-process.js';
import type { Cluster } from '../src/kafka/cluster.js';
import { statusQuery, workflowId } from '../src/migration/messages.js';
import type { Status } from '../src/migration/status.js';
import { type Behind, commit, driveToDrain, type Mover, movers, settleSource, untilAt } from './fleet.js';
import { PeerProcess } from './peer-process.js';
import { usageOver } from './process-usage.js';
import { median, rounded, table } from './report.js';
import { onStage, type Say, type Stage } from './stage.js';
import { eventsPerWaitingHour } from './waiting-history.js';

interface Waiting {
  /** So many wait at once. */
  migrations: number;
  /** From a group's last commit to the start of the step after the drain. */
  detectionMedianSeconds: number;
  detectionMaxSeconds: number;
  /** How many groups were timed. */
  detections: number;
  eventsPerWaitingHour: number;
  /** Of the worker, while all of them wait. */
  rssMb: number;
  /** Of the worker, in the same window; 100 is one core. */
  cpuPercent: number;
  windowSeconds: number;
  /** One process that asks for the lag of every group once a second with kafkajs, in the same window. */
  peer: { rssMb: number; cpuPercent: number; pollsPerGroupAndSecond: number };
  /** The peer's use divided by the worker's. */
  ratio: { rss: number; cpu: number };
  goals: { detectionMedianSeconds: number; eventsPerWaitingHour: number };
}

const goals = { detectionMedianSeconds: 2, eventsPerWaitingHour: 10 };

const windowSeconds = 60;
/** What starts is not what waits: a pause before the window. */
const settleMs = 10_000;
const detections = 50;
/** The longest pause between two commits. Probes come once a second, so commits meet every part of it. */
const jitterMs = 1500;

/**
 * What it costs to wait, and how soon the wait ends: many migrations in one `ferry worker`, each with a group that has
 * one record left to read.
 * @throws LabError when something could not be measured.
 */
export async function waiting(migrations: number, say: Say): Promise<Waiting> {
  return onStage(say, async (stage) => {
    const { client, source } = stage;
    say(`making ${migrations} topics and groups`);
    const fleet = await settleSource(stage.lab, source, movers('waiting', migrations));
    const sliced = await settleSource(stage.lab, source, movers('sliced', 1));
    say('counting the events of history that waiting adds');
    const events = await eventsPerWaitingHour(stage, sliced);
    const usage = await measureUsage(stage, fleet);
    say(`timing the end of ${Math.min(detections, migrations)} waits`);
    const seconds = await timeDetections(client, source, spread(fleet, detections));
    return {
      migrations,
      detectionMedianSeconds: rounded(median(seconds)),
      detectionMaxSeconds: rounded(Math.max(...seconds)),
      detections: seconds.length,
      eventsPerWaitingHour: rounded(events),
      ...usage,
      windowSeconds,
      goals,
    };
  });
}

/** Brings all migrations to their drain in a real worker, and measures it beside the peer; the worker goes on afterwards. */
async function measureUsage(
  { lab, client, say, onEnd }: Stage,
  fleet: readonly Mover[],
): Promise<Pick<Waiting, 'rssMb' | 'cpuPercent' | 'peer' | 'ratio'>> {
  const worker = new WorkerProcess(lab);
  onEnd(() => worker.stop());
  worker.start();
  say(`bringing ${fleet.length} migrations to their drain`);
  await driveToDrain(client, fleet, say);

  const asFerry = lab.source.clients[FERRY];
  if (!asFerry || worker.pid === undefined) throw new LabError('The worker has ended: see its log.');
  const peer = await PeerProcess.start({
    connection: await connectionOf(lab.source.bootstrap, asFerry),
    groups: fleet.map(({ group, topic }) => ({ group, topic })),
  });
  onEnd(() => peer.stop());
  await sleep(settleMs);
  say(`measuring the worker and the peer for ${windowSeconds} s`);
  const before = await peer.polls();
  const begun = Date.now();
  const [ours, theirs] = await usageOver(windowSeconds, [worker.pid, peer.pid]);
  const polls = (await peer.polls()) - before;
  const lasted = (Date.now() - begun) / 1000;
  await untilAt(client, 'drain', 'running', fleet);
  await peer.stop();
  if (!ours || !theirs) throw new LabError('The use of the worker and of the peer could not be read.');
  return {
    rssMb: rounded(ours.rssMb, 0),
    cpuPercent: rounded(ours.cpuPercent, 1),
    peer: {
      rssMb: rounded(theirs.rssMb, 0),
      cpuPercent: rounded(theirs.cpuPercent, 1),
      pollsPerGroupAndSecond: rounded(polls / fleet.length / lasted),
    },
    ratio: {
      rss: rounded(theirs.rssMb / ours.rssMb),
      cpu: rounded(theirs.cpuPercent / ours.cpuPercent),
    },
  };
}

/** Lets groups read their last record one after the other, at moments that do not depend on the probes'. */
export async function timeDetections(
  client: Client,
  source: Cluster,
  sample: readonly Behind[],
): Promise<number[]> {
  const committedAt = new Map<Mover, number>();
  for (const mover of sample) {
    await sleep(Math.random() * jitterMs);
    // Before the request and not after its answer, which comes with a second look: late by a round trip, never early.
    committedAt.set(mover, Date.now());
    await commit(source, mover, mover.end);
  }
  await untilAt(client, 'consumerSwitched', 'waiting', sample);
  return Promise.all(
    [...committedAt].map(async ([{ name }, committed]) => {
      const status = await client.workflow.getHandle(workflowId(name)).query<Status>(statusQuery);
      const next = status.steps.find(({ id }) => id === 'consumerSwitched')?.startedAt;
      if (next === undefined) throw new LabError(`${name} does not say when its step after the drain began.`);
      return (Date.parse(next) - committed) / 1000;
    }),
  );
}

/** So many of them, from all over the list. */
export function spread<T>(all: readonly T[], amount: number): T[] {
  const every = Math.max(1, all.length / amount);
  return all.filter((_, index) => Math.floor(index / every) !== Math.floor((index - 1) / every));
}

/** For a person. */
export function printWaiting(result: Waiting): string {
  const { migrations, detections, windowSeconds, goals, peer, ratio } = result;
  const costs = table(
    ['', 'ferry worker', 'polling with kafkajs', 'ratio'],
    [
      ['CPU, % of one core', String(result.cpuPercent), String(peer.cpuPercent), String(ratio.cpu)],
      ['memory (RSS), MB', String(result.rssMb), String(peer.rssMb), String(ratio.rss)],
    ],
  );
  return [
    `${migrations} migrations wait in one worker. Over ${windowSeconds} s:`,
    costs,
    `The peer polled each group ${peer.pollsPerGroupAndSecond} times a second.`,
    `A wait ends ${result.detectionMedianSeconds} s after the last commit (median of ${detections}; goal: under ${goals.detectionMedianSeconds} s), at most ${result.detectionMaxSeconds} s.`,
    `An hour of waiting adds ${result.eventsPerWaitingHour} events of history (goal: at most ${goals.eventsPerWaitingHour}).`,
  ].join('\n');
}
