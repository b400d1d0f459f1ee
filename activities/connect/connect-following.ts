import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { z } from 'zod';
import { taskFailure, type TaskFailure } from '../../src/connect/task-failure.js';
import { partitionKey, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import { transientTypes } from '../../src/migration/error-types.js';
import { FerryError, isFerryError } from '../../src/migration/errors.js';
import { formatDuration } from '../../src/migration/duration.js';
import { waitMs } from '../../src/migration/file.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import type { Watching } from '../../src/migration/work/work.js';
import { MirrorLag, type PartitionLag } from './connect-lag.js';
import { connectorConfig, mirrorOf, type MirrorAt } from './connect-workers.js';
import type { Dependencies } from '../kit/dependencies.js';
import { plannedCopies, plannedTopics } from '../topics/planned-topics.js';
import { LagClock } from '../mirror/lag-clock.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { count, listed } from '../kit/wording.js';

type Input = Parameters<Activities['mirror']>[0];

const followed = z.object({
  /** Restarts of what had failed, since it last ran for a while. */
  restarts: z.number(),
  /** `watchedMs` at the last of them, and from when on it ran again. */
  restartedAt: z.number().nullable(),
  positions: z.object({ sum: z.string(), at: z.number() }).nullable(),
  /** Offsets copied since the first look. */
  copied: z.number(),
  /** `watchedMs` since when nothing has been copied although something is left. */
  stillSince: z.number().nullable(),
});
type Followed = z.infer<typeof followed>;

/** What fails for a reason that a person has to mend is restarted this often: a grant may have just been made. */
const restartsOfLasting = 3;
const restartsOfTransient = 10;
const firstPauseMs = 2_000;
const longestPauseMs = 60_000;
/** After so long without a failure the count begins anew. */
const healthyAfterMs = 5 * 60_000;
/** Connect reads its topic of offsets to the end for each question. */
const lagEveryMs = 3_000;
const mostLagging = 5;

/**
 * Lets MirrorMaker's connectors run and follows them: what failed is restarted a few times, with a growing pause, and
 * then asks a person. All shares of the partitions are the tasks of one connector, so only the first share acts. When the
 * workflow cancels it, the copying has stopped before it ends; when its worker ends, the connectors run on.
 *
 * @throws FerryError of the type that the reason of a failed task has; `NotFound` when a connector is gone.
 */
export async function followMirrorMaker(
  dependencies: Pick<Dependencies, 'clusters' | 'connects'>,
  input: Input,
): Promise<Watching> {
  const { migration } = input;
  const at = mirrorOf(dependencies, migration);
  const sides = {
    source: dependencies.clusters(migration.source),
    target: dependencies.clusters(migration.target),
  };
  const lag = new MirrorLag(sides.source, at.rest, migration);
  const following = new Following(at, lag, sides, input);
  try {
    return await watch<never, Followed>(input, followed, (moment) => following.probe(moment));
  } catch (error) {
    // A worker that ends hands the mirror over to the next one; only the workflow wants it to stand still.
    if (error instanceof CancelledFailure && error.message === 'CANCELLED') await stopCopying(at);
    throw error;
  }
}

const stoppedWithinMs = 120_000;
const lookAgainMs = 250;

/** Stops the connector that copies, and waits until its tasks have ended: nothing of it is written after that. */
async function stopCopying({ rest, names }: MirrorAt): Promise<void> {
  const context = Context.current();
  const deadline = Date.now() + stoppedWithinMs;
  for (let asked = false; Date.now() < deadline; await sleep(lookAgainMs)) {
    context.heartbeat({ says: 'Stops MirrorMaker.', at: new Date().toISOString(), carry: undefined });
    try {
      if (!asked && (await rest.config(names.source)) === undefined) return;
      if (!asked) await rest.act(names.source, 'stop');
      asked = true;
      const status = await rest.status(names.source);
      if (status?.connector.state === 'STOPPED' && status.tasks.length === 0) return;
    } catch (error) {
      if (!isFerryError(error) || error.type !== 'Unreachable') throw error;
    }
  }
  context.log.warn('MirrorMaker did not stop in time.', { connector: names.source });
}

class Following {
  private readonly partitions: TopicPartition[];
  private lagging: PartitionLag[] = [];
  private readonly clock = new LagClock();
  private behindMs = 0;
  private lagReadAt = -Infinity;

  constructor(
    private readonly at: MirrorAt,
    private readonly lag: MirrorLag,
    private readonly sides: { source: Cluster; target: Cluster },
    private readonly input: Input,
  ) {
    this.partitions = Object.entries(input.partitions).flatMap(([topic, partitions]) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    );
  }

  async probe({ carry, watchedMs }: Moment<Followed>): Promise<Seen<never, Followed>> {
    const before = carry ?? { restarts: 0, restartedAt: null, positions: null, copied: 0, stillSince: null };
    const { failures, says } = await this.connectors();
    const next = await this.mend(before, failures, watchedMs);
    if (Date.now() - this.lagReadAt >= lagEveryMs) {
      await this.insistOnTopics();
      this.lagging = await this.lag.look(this.partitions);
      this.behindMs = this.clock.saw(
        this.lagging.map((one) => ({ key: partitionKey(one), next: one.end - one.left, end: one.end })),
        performance.now(),
      );
      this.lagReadAt = Date.now();
    }
    const sum = this.lagging.reduce((all, { position }) => all + position, 0n);
    const rate = rateOf(next.positions, sum, watchedMs);
    const positions =
      rate === undefined && next.positions ? next.positions : { sum: String(sum), at: watchedMs };
    const moved = next.positions ? Number(sum - BigInt(next.positions.sum)) : 0;
    const copied = next.copied + (positions === next.positions ? 0 : Math.max(0, moved));
    const left = this.lagging.reduce((all, one) => all + Number(one.left), 0);
    const still = left > 0 && next.positions !== null && sum === BigInt(next.positions.sum);
    const stillSince = still ? (next.stillSince ?? watchedMs) : null;
    this.insistOnProgress(stillSince, watchedMs, left);
    return {
      says: `${says}; ${left === 0 ? 'everything is copied' : `up to ${count(left, 'record')} left to copy`}`,
      carry: { ...next, positions, copied, stillSince },
      mirror: this.numbers(copied, rate ?? 0, left),
    };
  }

  /** MirrorMaker copies into whatever has the name, and what is added it neither tells nor waits for. */
  private async insistOnTopics(): Promise<void> {
    const { migration, topicIds, targetIds, partitions } = this.input;
    const { source, target } = this.sides;
    const topics = await plannedTopics(
      source,
      migration.topics.map(({ name }) => name),
      { topicIds, partitions: new Map(Object.entries(partitions)) },
    );
    await plannedCopies(target, this.input, topics, targetIds);
  }

  /** MirrorMaker logs what hinders it to read the source, and runs on. */
  private insistOnProgress(stillSince: number | null, watchedMs: number, left: number): void {
    const stillMs = stillSince === null ? 0 : watchedMs - stillSince;
    if (stillMs < waitMs(this.input.migration, 'patience')) return;
    const { source } = this.input.migration;
    throw new FerryError(
      'Refused',
      `MirrorMaker on Kafka Connect "${this.at.rest.name}" has copied nothing for ${formatDuration(stillMs)}, and up to ${count(left, 'record')} of ${source} are left: check that its principal may read the topics there, and see the log of Connect. Then retry.`,
    );
  }

  /** Lets run what does not, and says what has failed. */
  private async connectors(): Promise<{ failures: (TaskFailure & { what: string })[]; says: string }> {
    const { rest, names } = this.at;
    const wanted = [names.source, ...(this.input.migration.consumers.length > 0 ? [names.checkpoint] : [])];
    const failures: (TaskFailure & { what: string })[] = [];
    let running = 0;
    const waiting: string[] = [];
    for (const connector of wanted) {
      const status = await rest.status(connector);
      if (!status) {
        // The status of a connector that was just made is not there yet; its configuration is.
        await connectorConfig(rest, connector);
        waiting.push(`${connector} has no state yet`);
        continue;
      }
      const { state, trace = '' } = status.connector;
      if ((state === 'STOPPED' || state === 'PAUSED') && this.input.share === 0)
        await rest.act(connector, 'resume');
      if (state === 'FAILED') failures.push({ what: connector, ...taskFailure(trace) });
      else if (state !== 'RUNNING') waiting.push(`${connector} is ${state.toLowerCase()}`);
      for (const task of status.tasks) {
        if (task.state === 'FAILED')
          failures.push({ what: `task ${task.id} of ${connector}`, ...taskFailure(task.trace ?? '') });
        else if (task.state === 'RUNNING') running++;
        else waiting.push(`task ${task.id} of ${connector} is ${task.state.toLowerCase()}`);
      }
    }
    const parts = [
      `MirrorMaker runs with ${count(running, 'task')} on Kafka Connect "${rest.name}"`,
      ...(waiting.length > 0 ? [listed(waiting, 3)] : []),
      ...failures.slice(0, 2).map(({ what, reason }) => `${what} has failed: ${reason}`),
    ];
    return { failures, says: parts.join('; ') };
  }

  private async mend(
    before: Followed,
    failures: readonly (TaskFailure & { what: string })[],
    watchedMs: number,
  ): Promise<Followed> {
    const { restarts, restartedAt } = before;
    const [failure] = failures;
    const since = watchedMs - (restartedAt ?? -Infinity);
    if (!failure) return since >= healthyAfterMs ? { ...before, restarts: 0, restartedAt: null } : before;
    if (this.input.share !== 0) return before;
    const allowed = transientTypes.includes(failure.type) ? restartsOfTransient : restartsOfLasting;
    if (restarts > 0 && since < Math.min(longestPauseMs, firstPauseMs * 2 ** (restarts - 1))) return before;
    if (restarts >= allowed)
      throw new FerryError(
        // A person is asked: what is tried again by itself has been.
        failure.type === 'Unreachable' ? 'Refused' : failure.type,
        `MirrorMaker on Kafka Connect "${this.at.rest.name}" fails again after ${count(restarts, 'restart')}: ${failure.what}: ${failure.reason}. Then retry.`,
      );
    const { names, rest } = this.at;
    for (const connector of [names.source, names.checkpoint])
      if (failures.some(({ what }) => what.endsWith(connector))) await rest.restartFailed(connector);
    return { ...before, restarts: restarts + 1, restartedAt: watchedMs };
  }

  private numbers(records: number, recordsPerSecond: number, lag: number): MirrorHeartbeat['mirror'] {
    const behind = this.lagging.filter(({ left }) => left > 0n).sort((a, b) => Number(b.left - a.left));
    return {
      share: this.input.share,
      records,
      // Connect tells offsets, not sizes.
      bytes: 0,
      recordsPerSecond,
      bytesPerSecond: 0,
      lag,
      behindMs: this.behindMs,
      lagging: Object.fromEntries(
        behind.slice(0, mostLagging).map((one) => [partitionKey(one), Number(one.left)]),
      ),
    };
  }
}

/** Offsets a second since the positions were last taken down; `undefined` before some seconds have passed. */
function rateOf(before: Followed['positions'], sum: bigint, watchedMs: number): number | undefined {
  if (!before) return undefined;
  const seconds = (watchedMs - before.at) / 1000;
  return seconds < lagEveryMs / 1000 ? undefined : Math.max(0, Number(sum - BigInt(before.sum)) / seconds);
}
