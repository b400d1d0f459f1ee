import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../../lab/lab.js';
import { type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import { ProcessMeter } from '../process-usage.js';
import type { Running, Turn } from './engine.js';
import { contentOf } from './log-content.js';

/** What an engine has done between the last look at an empty target and the first look at which the last record was there. */
export interface Copied {
  /** On the target when it was stopped, as a consumer that reads committed is given them. */
  records: number;
  seconds: number;
  cpuSeconds: number;
  /** The most that was seen from its start to its end, in MB (10⁶ bytes). */
  peakRssMb: number;
  /** Whether it was given the time to copy all. */
  complete: boolean;
}

interface Look {
  at: number;
  /** Offsets that are taken on the target, all partitions together: of records and of transactions' markers. */
  taken: bigint;
  cpuSeconds: number;
}

const everyMs = 50;
const startWithinMs = 120_000;
/** Nothing more has come for so long: that was all, if it was enough. */
const settledMs = 1500;
const stuckMs = 60_000;

/**
 * Follows an engine until all records are on the target and nothing follows them, or until its time is over, and stops it.
 * @param limitSeconds how long it may copy.
 * @throws LabError when it ends, does not begin or gets stuck, or when records are missing on the target.
 */
export async function followCopy(
  target: Cluster,
  engine: Running,
  turn: Turn,
  limitSeconds: number,
): Promise<Copied> {
  const { targetTopic, records, shape } = turn;
  const { partitions } = shape;
  const meter = new ProcessMeter(engine.pid);
  const of = Array.from({ length: partitions }, (_, partition) => ({ topic: targetTopic, partition }));
  const started = performance.now();
  let peakRss = 0;
  let empty: Look | undefined;
  let latest: Look | undefined;
  let complete: boolean;
  for (;;) {
    const { cpuSeconds, rssBytes } = await meter.read();
    const look = { taken: await takenOffsets(target, of), at: performance.now(), cpuSeconds };
    peakRss = Math.max(peakRss, rssBytes);
    if (look.taken === 0n) {
      if (!empty) engine.begin();
      empty = look;
      if (look.at - started > startWithinMs)
        throw new LabError(`Nothing came to ${targetTopic} within ${startWithinMs / 1000} s.`);
    } else if (look.taken !== latest?.taken) latest = look;
    if (latest) {
      const quietMs = look.at - latest.at;
      complete = latest.taken >= BigInt(records) && quietMs > settledMs;
      if (complete || latest.at - (empty ?? latest).at > limitSeconds * 1000) break;
      if (quietMs > stuckMs)
        throw new LabError(`${targetTopic} has ${latest.taken} of ${records} records and gets no more.`);
    }
    await sleep(everyMs);
  }
  await engine.stop();
  if (!empty || !latest) throw new LabError(`The start of the copy to ${targetTopic} was not seen.`);
  const content = await contentOf(target, targetTopic, partitions);
  if (complete && content.records !== records)
    throw new LabError(`${targetTopic} has ${content.records} records, and the source has ${records}.`);
  return {
    records: content.records,
    seconds: (latest.at - empty.at) / 1000,
    cpuSeconds: latest.cpuSeconds - empty.cpuSeconds,
    peakRssMb: peakRss / 1e6,
    complete,
  };
}

async function takenOffsets(target: Cluster, of: readonly TopicPartition[]): Promise<bigint> {
  let sum = 0n;
  for (const { value, error } of (await target.watermarks(of)).values()) {
    if (error) throw error;
    sum += value.highWatermark;
  }
  return sum;
}
