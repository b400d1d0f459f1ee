import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Duration } from '@temporalio/common';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type NativeConnection,
} from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { fleetActivities } from '../../activities/fleet/fleet.js';
import { openFleets } from '../../app/connections/fleet.js';
import { runSinks } from '../../app/worker/runs.js';
import { isolateExecutionTimeout } from '../../app/worker/workflow-code.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { workflowId } from '../../src/migration/messages.js';
import { mirrorQueue, watchQueue } from '../../src/migration/queues.js';
import type { Strategy } from '../../src/migration/strategies.js';
import type { FleetActivities } from '../../src/migration/work/fleet.js';
import { eventually } from '../eventually.js';
import { todaysBundle } from './bundle.js';
import { end } from './ending.js';
import { migrationFile } from './migration-files.js';
import { ScriptedCluster, scriptedActivities } from './scripted-cluster.js';
import { realServer, skippingServer } from './servers.js';
import { TestMigration } from './test-migration.js';

const taskQueue = 'workflow-tests';

export type ToldOfFleet = Parameters<FleetActivities['tellOfFleet']>[0];

const heard: FleetActivities['tellOfFleet'] = async ({ tellings }) => ({
  told: tellings.map(({ wave }) => wave),
  failed: [],
  sentence: 'Told.',
});

/** A Temporal server with one worker, and the migrations that the tests of one file start on it. */
export class Migrations {
  #count = 0;
  readonly #clusters = new Map<string, ScriptedCluster>();
  readonly #started: WorkflowHandle[] = [];
  #stop: () => Promise<void> = async () => undefined;
  /** What people have been told of fleets. */
  readonly toldOfFleets: ToldOfFleet[] = [];
  /** How those answer who are told of a fleet. */
  tellOfFleet: FleetActivities['tellOfFleet'] = heard;
  /** How many times the worker does not learn which search attributes there are. */
  unanswered = 0;

  private constructor(
    readonly environment: TestWorkflowEnvironment,
    readonly prefix: string,
    /** How long a migration soaks, unless the test says otherwise. */
    readonly soak: string,
  ) {}

  /** On the server that skips time. */
  static async skippingTime(prefix = 'm'): Promise<Migrations> {
    quietly();
    return new Migrations(await skippingServer(), prefix, '24h').#work();
  }

  /** On the real server. */
  static async onRealServer(prefix = 'm', extraArgs: string[] = []): Promise<Migrations> {
    quietly();
    return new Migrations(await realServer(...extraArgs), prefix, '10ms').#work();
  }

  get client(): Client {
    return this.environment.client;
  }

  /** Where the server is. */
  get address(): string {
    return this.environment.address;
  }

  /** What the next migration will be called. */
  nextName(): string {
    return `${this.prefix}${this.#count + 1}`;
  }

  async start(
    strategy: Strategy,
    changes: Partial<MigrationFile> = {},
    script: (cluster: ScriptedCluster) => void = () => undefined,
  ): Promise<TestMigration> {
    const { name, cluster } = this.prepare();
    script(cluster);
    const handle = await this.client.workflow.start(strategy, {
      taskQueue,
      workflowId: workflowId(name),
      args: [migrationFile(strategy, name, { waits: { soak: this.soak }, ...changes })],
    });
    return this.adopt(handle, cluster);
  }

  /** A name and clusters for a migration that the test starts in its own way. */
  prepare(): { name: string; cluster: ScriptedCluster; taskQueue: string } {
    const name = this.nextName();
    this.#count += 1;
    const cluster = new ScriptedCluster();
    this.#clusters.set(name, cluster);
    return { name, cluster, taskQueue };
  }

  adopt(handle: WorkflowHandle, cluster: ScriptedCluster): TestMigration {
    this.#started.push(handle);
    return new TestMigration(
      handle,
      cluster,
      (time) => this.pass(time),
      this.environment.supportsTimeSkipping,
    );
  }

  /** Waits until something that is asked again and again is this. */
  async eventually<T>(ask: () => Promise<T>, wanted: T): Promise<void> {
    await eventually(ask, (answer) => answer === wanted);
  }

  /** A day and a time, so far from now by the clock of the server. */
  async inHours(hours: number): Promise<Date> {
    return new Date(Number(await this.environment.currentTimeMs()) + hours * 3_600_000);
  }

  /** Lets time pass, where time can be skipped; elsewhere the soak is over in a moment. */
  async pass(time: string): Promise<void> {
    if (this.environment.supportsTimeSkipping) await this.environment.sleep(time as Duration);
  }

  /** Ends what a test has left running: clocks of other migrations must not run in the next test. */
  async clear(): Promise<void> {
    this.tellOfFleet = heard;
    for (const cluster of this.#clusters.values()) cluster.letGo();
    for (const handle of this.#started.splice(0)) await eventually(() => end(handle), Boolean);
  }

  /** A worker that knows nothing of what the one before has asked. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.#work();
  }

  /** What is done while no worker is there. */
  async withoutWorker<T>(work: () => Promise<T>): Promise<T> {
    await this.#stop();
    try {
      return await work();
    } finally {
      await this.#work();
    }
  }

  async close(): Promise<void> {
    await this.clear();
    await this.#stop();
    await this.environment.teardown();
  }

  async #work(): Promise<this> {
    const connection: NativeConnection = this.environment.nativeConnection;
    const scripted = scriptedActivities(({ name }) => {
      const cluster = this.#clusters.get(name);
      if (!cluster) throw new Error(`no test has prepared clusters for ${name}`);
      return cluster;
    });
    const fleets = fleetActivities(openFleets(this.client));
    const knownAttributes = async () => {
      if (this.unanswered > 0) {
        this.unanswered -= 1;
        throw new Error('Temporal does not say which search attributes there are.');
      }
      // The server that skips time has none, and cannot be asked.
      return this.environment.supportsTimeSkipping ? { names: [] } : fleets.knownAttributes();
    };
    const tellOfFleet: FleetActivities['tellOfFleet'] = (input) => {
      this.toldOfFleets.push(input);
      return this.tellOfFleet(input);
    };
    const activities = { ...scripted, ...fleets, knownAttributes, tellOfFleet };
    const workflowBundle = await todaysBundle();
    const namespace = this.environment.namespace ?? 'default';
    const shared = {
      ...{ connection, namespace, activities, identity: taskQueue },
      // An activity learns by a heartbeat that it is cancelled.
      maxHeartbeatThrottleInterval: '200ms',
    } as const;
    const workers = [
      await Worker.create({
        ...shared,
        ...{ taskQueue, workflowBundle, sinks: runSinks, isolateExecutionTimeout },
      }),
      await Worker.create({ ...shared, taskQueue: watchQueue(taskQueue) }),
      await Worker.create({ ...shared, taskQueue: mirrorQueue(taskQueue) }),
    ];
    const running = workers.map((worker) => worker.run());
    this.#stop = async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
    };
    return this;
  }
}

function quietly(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
}
