import { isGrpcDeadlineError, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { statusQuery } from '../../src/migration/messages.js';
import type { Outcome, StepStatus } from '../../src/migration/state.js';
import type { Status } from '../../src/migration/status.js';
import type { StepId } from '../../src/migration/strategies.js';
import { eventually } from '../eventually.js';
import type { ScriptedCluster } from './scripted-cluster.js';
import { callsOf, isTakenUp, pendingOf, underWay } from './under-way.js';

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
