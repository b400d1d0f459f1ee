import { Client } from '@temporalio/client';
import {
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type Logger,
  type NativeConnection,
} from '@temporalio/worker';
import { createActivities } from '../../activities/index.js';
import { openClusters } from '../connections/clusters.js';
import type { Config } from '../config/config.js';
import type { WorkerSettings } from '../config/worker.js';
import { unprotectedLogins } from '../config/unprotected.js';
import { openFleets } from '../connections/fleet.js';
import { openHolds } from '../connections/holds.js';
import { openRegistries } from '../connections/registries.js';
import { openConnects } from '../connections/connects.js';
import { listMigrations, listRunning } from '../connections/listing.js';
import { cannotListen, type Listening } from '../../src/http/listen.js';
import { under } from '../../src/migration/by-name.js';
import { mirrorQueue, watchQueue } from '../../src/migration/queues.js';
import { dataConverterOf } from '../codec/open.js';
import { webLink } from '../connections/web-link.js';
import { historiesOf } from '../connections/histories.js';
import { accountOf } from '../../src/account/account-of.js';
import { openKeeper } from '../../src/report/account/keeper.js';
import { deploymentOf } from './deployment.js';
import { serveHealth } from './health.js';
import { workerLogger } from './log.js';
import { keepMigrationGauges, MigrationGauges } from './migration-gauges.js';
import { connectTemporal, temporalAnswers } from './temporal-connection.js';
import { RequestCounts } from './request-counts.js';
import { openTraces } from './traces.js';
import { workflowCode } from './workflow-code.js';

export interface RunOptions {
  jsonLogs?: boolean;
}

/**
 * Runs migrations until SIGTERM or SIGINT, then lets changes under way end (`worker.shutdownGrace`) and hands watches
 * over to the next worker. Three Temporal workers share one connection: workflows and changes on the task queue, and
 * watches and mirrors on queues of their own, where each migration that waits or copies holds slots for hours.
 *
 * Installs the process-wide Temporal runtime, so a process can call it once.
 * @throws FerryError `Unreachable` when Temporal does not answer; whatever ended a worker for good.
 */
export async function runWorker(config: Config, { jsonLogs = false }: RunOptions = {}): Promise<void> {
  const { temporal, worker: settings } = config;
  const { namespace, taskQueue } = temporal;
  const logger = workerLogger(jsonLogs);
  installRuntime(settings, logger);
  const converter = await dataConverterOf(temporal.codec);
  const connection = await connectTemporal(temporal);
  for (const { sentence } of unprotectedLogins(config)) logger.warn(sentence);
  const clusters = openClusters(config.clusters);
  const registries = openRegistries(config.registries);
  const traces = settings.traces === undefined ? undefined : openTraces(settings.traces, taskQueue);
  const workers: Record<string, Worker> = {};
  let health: Listening | undefined;
  try {
    // Before there are workers: one that never ran holds the connection, and with it the process.
    if (settings.health !== undefined)
      health = await serveHealth(settings.health, () => statesOf(workers, connection));
    const client = new Client({ connection, namespace, ...converter });
    const activities = createActivities({
      clusters: (name) => clusters.get(name),
      provisioners: clusters.provisioner,
      registries: (name) => registries.get(name),
      connects: openConnects(config.connect),
      declares: (name) => under(config.declarations, name)?.declaring,
      holds: openHolds(client, taskQueue),
      ...(config.notify && {
        notify: { settings: config.notify, link: (workflowId) => webLink(temporal, workflowId) },
      }),
      ...(config.reports && {
        reports: {
          keeper: openKeeper(config.reports),
          accountOf: async (workflowId, runId) =>
            accountOf(await historiesOf(client, workflowId, runId), new Date().toISOString()),
        },
      }),
      ...openFleets(client),
      otherMigrations: () => listMigrations(client, { running: true }),
    });
    const shared = {
      ...{ connection, namespace, activities },
      ...converter,
      ...(traces && { plugins: [traces.plugin] }),
      ...deploymentOf(settings),
    };
    workers['changes'] = await Worker.create({
      ...shared,
      taskQueue,
      ...workflowCode({ encoded: temporal.codec !== undefined, traced: traces !== undefined }),
      maxConcurrentActivityTaskExecutions: settings.maxChanges,
      maxCachedWorkflows,
      shutdownGraceTime: settings.shutdownGraceMs,
      shutdownForceTime: settings.shutdownGraceMs + stopWithinMs,
    });
    workers['watches'] = await Worker.create({
      ...shared,
      taskQueue: watchQueue(taskQueue),
      maxConcurrentActivityTaskExecutions: settings.maxWatches,
      // A watch never ends by itself, and goes on elsewhere from its heartbeat: there is nothing to wait for.
      shutdownGraceTime: 0,
      shutdownForceTime: stopWithinMs,
    });
    workers['mirrors'] = await Worker.create({
      ...shared,
      taskQueue: mirrorQueue(taskQueue),
      maxConcurrentActivityTaskExecutions: settings.maxMirrors,
      // With a heartbeat a mirror learns that it is to stop, and producers wait for that.
      maxHeartbeatThrottleInterval: '1s',
      // A mirror never ends by itself either; once told, it awaits what is under way and stores where it is.
      shutdownGraceTime: 0,
      shutdownForceTime: stopWithinMs,
    });
    const ended = new AbortController();
    if (settings.metrics !== undefined) {
      const meter = Runtime.instance().metricMeter.withTags({ namespace, task_queue: taskQueue });
      new RequestCounts(meter, clusters.requests).keep(ended.signal);
      void keepMigrationGauges(
        new MigrationGauges(meter),
        (deadline) => connection.withDeadline(deadline, () => listRunning(client, taskQueue)),
        ended.signal,
      );
    }
    await runTogether(Object.values(workers), () => {
      logger.info(
        `Takes work from queue ${taskQueue}, namespace ${namespace}, of Temporal at ${temporal.connection.address}`,
      );
    }).finally(() => ended.abort());
  } finally {
    await health?.close();
    await traces?.close();
    registries.close();
    await clusters.close();
    await connection.close();
  }
}

/**
 * Workflows kept in memory. A migration that waits has nothing to do for almost an hour, and its history is
 * short: bringing it back when somebody asks costs less than keeping all of them.
 */
const maxCachedWorkflows = 50;

/** How long cancelled activities may take to notice, ms: they look at the clusters with a request timeout of their own. */
const stopWithinMs = 30_000;

/** Has to come before any connection: the runtime is one per process, and is made with whatever was known first. */
function installRuntime({ metrics }: WorkerSettings, logger: Logger): void {
  try {
    install(metrics, logger);
  } catch (error) {
    // The native core listens itself, and says so in words alone.
    if (metrics !== undefined && error instanceof Error && /metrics exporter/.test(error.message))
      throw cannotListen(metrics, 'worker.metrics');
    throw error;
  }
}

function install(metrics: string | undefined, logger: Logger): void {
  Runtime.install({
    logger,
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metrics !== undefined && {
        metrics: { prometheus: { bindAddress: metrics, useSecondsForDurations: true } },
      }),
    },
  });
}

/** What `/readyz` tells; a worker that is not there yet is not ready. */
async function statesOf(
  workers: Readonly<Record<string, Worker>>,
  connection: NativeConnection,
): Promise<Record<string, string>> {
  const state = (name: string) => workers[name]?.getState() ?? 'STARTING';
  return {
    ...Object.fromEntries(['changes', 'watches', 'mirrors'].map((name) => [name, state(name)])),
    temporal: (await temporalAnswers(connection)) ? 'RUNNING' : 'UNREACHABLE',
  };
}

/** All run or none: a worker that ends for whatever reason takes the others with it, gracefully. */
async function runTogether(all: readonly Worker[], started: () => void): Promise<void> {
  const runs = all.map((worker) =>
    worker.run().finally(() => {
      for (const other of all) if (other.getState() === 'RUNNING') other.shutdown();
    }),
  );
  started();
  const failed = (await Promise.allSettled(runs)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
