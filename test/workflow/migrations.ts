import {
  isGrpcDeadlineError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { CancelledFailure, type Duration } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
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
import { statusQuery, workflowId } from '../../src/migration/messages.js';
import { mirrorQueue, watchQueue } from '../../src/migration/queues.js';
import type { Outcome, StepStatus } from '../../src/migration/state.js';
import type { Status } from '../../src/migration/status.js';
import type { StepId, Strategy } from '../../src/migration/strategies.js';
import type { FleetActivities } from '../../src/migration/work/fleet.js';
import { eventually } from '../eventually.js';
import { todaysBundle } from './bundle.js';
import { migrationFile } from './migration-files.js';
import { ScriptedCluster, scriptedActivities } from './scripted-cluster.js';
import { realServer, skippingServer } from './servers.js';
import { areTakenUp, callsOf, isTakenUp, pendingOf, underWay } from './under-way.js';

const taskQueue = 'workflow-tests';

/** One migration under test: what a person may do to it, and what they see. */
export class TestMigration {
  constructor(
    readonly handle: WorkflowHandle,
    readonly cluster: ScriptedCluster,
    readonly pass: (time: string) => Promise<void>,
    private readonly skipsTime: boolean,
  ) {}

  /** Asks again while the worker, which is this process, has too much to do to answer in time. */
  async status(): Promise<Status> {
    for (;;) {
      try {
        return await this.handle.query<Status>(statusQuery);
      } catch (error) {
        if (!isGrpcDeadlineError(error)) throw error;
      }
    }
  }

  /** Sends the update; the answer to the person. */
  async say(name: string, input?: unknown): Promise<string> {
    await this.#takenUp();
    return input === undefined
      ? this.handle.executeUpdate<string, []>(name)
      : this.handle.executeUpdate<string, [unknown]>(name, { args: [input] });
  }

  /** Sends the update that has to be refused; the sentence why. */
  async refusal(name: string, input?: unknown): Promise<string> {
    const answer = await this.say(name, input).then(
      (text) => new Error(`it was accepted: ${text}`),
      (error: Error) => error,
    );
    if (answer.name !== 'WorkflowUpdateFailedError') throw answer;
    return (answer.cause as Error).message;
  }

  async signal(name: string, input?: unknown): Promise<void> {
    await this.#takenUp();
    await this.handle.signal<[unknown?]>(name, ...(input === undefined ? [] : [input]));
  }

  until(holds: (status: Status) => boolean): Promise<Status> {
    return eventually(() => this.status(), holds);
  }

  /** Waits until a step has a status. */
  async at(id: StepId, ...statuses: StepStatus[]): Promise<Status['steps'][number]> {
    const step = ({ steps }: Status) => steps.find((one) => one.id === id && statuses.includes(one.status));
    const status = await this.until((seen) => step(seen) !== undefined);
    return step(status) as Status['steps'][number];
  }

  /**
   * Plays the person until a step is reached: sends what the status says to send next, as it stands, and lets the soak
   * time pass.
   */
  async reach(id: StepId, ...statuses: StepStatus[]): Promise<Status['steps'][number]> {
    const wanted: StepStatus[] = statuses.length > 0 ? statuses : ['active', 'waiting', 'blocked'];
    for (;;) {
      const status = await this.until(
        ({ steps, state, outcome }) =>
          outcome !== null ||
          state === 'waiting' ||
          steps.some((one) => one.id === id && wanted.includes(one.status)) ||
          (id !== 'soak' && steps.some((one) => one.id === 'soak' && one.status === 'active')),
      );
      const step = status.steps.find((one) => one.id === id);
      if (step && wanted.includes(step.status)) return step;
      if (status.outcome) throw new Error(`${id} was never ${wanted.join(' or ')}`);
      const [first] = status.next;
      if (first) await this.say(first.message, first.input);
      else if (await this.#soaks()) await this.pass('25 hours');
    }
  }

  /** Whether the soak waits for time alone, once the workflow has been told what its watch saw. */
  async #soaks(): Promise<boolean> {
    await eventually(
      async () => callsOf(await this.events(), 'watchSoak'),
      ({ asked, told }) => asked === told,
    );
    const { steps } = await this.status();
    return steps.some(({ id, status }) => id === 'soak' && status === 'active');
  }

  /** People may be faster than workers, but not where `isTakenUp` matters. */
  async #takenUp(): Promise<void> {
    if (this.skipsTime) await eventually(() => isTakenUp(this.handle), Boolean);
  }

  /** As somebody may end it in Temporal, once it has done what this message of its fleet brings about. */
  async terminateAfter(message: string): Promise<void> {
    await eventually(
      () => this.events(),
      (events) => {
        const heard = events.findLastIndex(
          (one) => one.workflowExecutionSignaledEventAttributes?.signalName === message,
        );
        const done = events.findLastIndex((one) => one.workflowTaskCompletedEventAttributes);
        return heard !== -1 && heard < done && !underWay(events).task;
      },
    );
    await this.#takenUp();
    await this.handle.terminate();
  }

  /** What the web UI shows under User Metadata. */
  async details(): Promise<string> {
    return (await this.metadata()).currentDetails ?? '';
  }

  metadata() {
    return this.handle.query<{
      currentDetails?: string;
      definition?: Record<
        'queryDefinitions' | 'signalDefinitions' | 'updateDefinitions',
        { name: string; description: string }[]
      >;
    }>('__temporal_workflow_metadata');
  }

  async events(): Promise<NonNullable<History['events']>> {
    return (await this.handle.fetchHistory()).events ?? [];
  }

  /**
   * Waits until the workflow has been told of the answers to this many calls. A message that is sent before that may be
   * heard before the answer.
   */
  async digested(activity: string, calls: number): Promise<void> {
    await eventually(
      async () => callsOf(await this.events(), activity).told,
      (told) => told >= calls,
    );
  }

  /** How many activities the server waits for. */
  async pending(): Promise<number> {
    return (await pendingOf(this.handle)).length;
  }

  /** Waits for the end; where time can be skipped, it is. */
  async outcome(): Promise<Outcome> {
    const outcome: unknown = await this.handle.result().catch((error: unknown) => {
      const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
      if (cause instanceof CancelledFailure) return cause.details[0];
      throw error;
    });
    return outcome as Outcome;
  }
}

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

/**
 * Ends a migration once it rests, and answers whether it has ended. The time-skipping server keeps its clock locked for ever
 * for an activity or a workflow task that is under way when its workflow is terminated: nobody may be at work then, and a
 * mirror is told to stop before.
 */
async function end(handle: WorkflowHandle): Promise<boolean> {
  if (!(await runs(handle))) return true;
  if (!(await rests(handle))) return false;
  // Asked for after that: what a migration keeps running in the background while it rests has been scheduled by now.
  const { task, activities } = underWay((await handle.fetchHistory()).events ?? []);
  if (task) return false;
  if (activities === 0) await handle.terminate().catch(() => undefined);
  // The time-skipping server lets a run end as Canceled only when it was asked to cancel it.
  else if (areTakenUp(await pendingOf(handle))) await handle.cancel().catch(() => undefined);
  return false;
}

/** One that a test has deleted does not. */
async function runs(handle: WorkflowHandle): Promise<boolean> {
  try {
    return (await handle.describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Whether a migration waits: for a person, or for time to pass. */
async function rests(handle: WorkflowHandle): Promise<boolean> {
  const { state, steps } = await handle.query<Status>(statusQuery);
  const soaks = steps.some((step) => step.id === 'soak' && step.status === 'active');
  return soaks || ['waiting', 'blocked', 'paused'].includes(state);
}

function quietly(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
}
