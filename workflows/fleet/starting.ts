import {
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  patched,
  startChild,
  WorkflowIdReusePolicy,
  type ChildWorkflowHandle,
  type Workflow,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Member } from '../../src/fleet/file.js';
import { firstRate } from '../../src/fleet/moves.js';
import { memberOf, isEnded, type MemberState } from '../../src/fleet/state.js';
import { workflowId } from '../../src/migration/messages.js';
import { summaryOf } from '../../src/migration/summary.js';
import { adopt } from './looking.js';
import { tellsAnew } from './telling.js';
import { membershipOf } from './membership.js';
import type { Running } from './running.js';

/** All of them stand as starting before the first is asked for: each begins with a share of what they copy together. */
export async function startAll(run: Running, members: readonly Member[]): Promise<void> {
  const starting = members.map((member) => {
    const at: MemberState = { is: 'starting', at: run.now() };
    run.state.migrations[member.migration.name] = at;
    return { member, at };
  });
  await Promise.all(starting.map(({ member, at }) => start(run, member, at)));
}

/**
 * Starts one migration, whatever becomes of the fleet. One that runs already is adopted: it is told of the fleet, and never
 * started twice. One that was done before is done.
 */
async function start(run: Running, member: Member, at: MemberState): Promise<void> {
  const { migration, file } = member;
  const { name } = migration;
  const rate = firstRate(run.fleet, run.state, member);
  at.told = {
    ...(run.state.hours && { hours: run.state.hours.knownUntil }),
    // It begins with a share that may be another, or none, once it copies.
    ...(rate !== undefined && patched(tellsAnew) && { rate: 'unknown' }),
  };
  try {
    const child = await startChild<Workflow>(migration.strategy, {
      workflowId: workflowId(name),
      args: [file],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      // One that was aborted or failed may be tried again under its name; what is done is done.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      staticSummary: summaryOf(migration),
      memo: {
        fleet: { ...membershipOf(run, member), ...(rate !== undefined && { rate }) },
        migration: {
          source: migration.source,
          target: migration.target,
          topics: migration.topics.map((topic) => topic.name),
          groups: migration.consumers.map(({ group }) => group),
          state: 'running',
          step: null,
          startedAt: at.at,
        },
      },
    });
    if (at.is === 'starting') at.is = 'started';
    at.heardAt = run.now();
    follow(run, name, child);
    run.changes();
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    await adopt(run, member, at);
  }
}

/** In this run of the fleet Temporal itself tells how a child ended, also when that could not: it was terminated, or failed. */
function follow(run: Running, name: string, child: ChildWorkflowHandle<Workflow>): void {
  const ends = (how: string): void => {
    const at = memberOf(run.state, name);
    if (at && !isEnded(at)) run.ends(at, how);
  };
  void child.result().then(
    (outcome: unknown) => ends((outcome as { result?: string } | undefined)?.result ?? 'done'),
    (error: unknown) => ends(endingOf(error)),
  );
}

function endingOf(error: unknown): string {
  const { cause } = error as { cause?: Error };
  switch (cause?.name) {
    case 'CancelledFailure':
      return 'aborted';
    case 'TerminatedFailure':
      return 'terminated';
    case 'TimeoutFailure':
      return 'timed out';
    default:
      return `failed: ${cause?.message ?? 'for no known reason'}`;
  }
}
