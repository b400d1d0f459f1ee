import { currentStep, type MigrationState, type Problem, type Shown, type Step } from './state.js';
import type { StepId } from './strategies.js';
import type { MessageName } from './messages.js';

/** What the query `status` answers: everything a person or a program wants to know, without reading history. */
export interface Status {
  name: string;
  /** Or `schemas`: the copy of a whole registry. */
  strategy: string;
  state: 'running' | 'waiting' | 'blocked' | 'paused' | 'aborting' | 'done' | 'aborted';
  /** One sentence: what is waited for, and why. */
  waitingFor: string;
  /** Why the present step, which was closed before, is open again. */
  openedAgain: { step: StepId; at: string; why: string } | null;
  /** What a person can send now, most likely first. */
  next: NextMessage[];
  startedAt: string;
  source: string;
  target: string;
  steps: Step[];
  accepted: MigrationState['accepted'];
  refused: MigrationState['refused'];
  outcome: MigrationState['outcome'];
}

export interface NextMessage {
  message: MessageName;
  /** An example of its JSON that would be accepted as it stands. */
  input: Record<string, unknown>;
  /** What it would do. */
  means: string;
}

export function statusOf(state: Shown): Status {
  const { name, strategy, source, target } = state.migration;
  return {
    name,
    strategy,
    state: stateWord(state),
    waitingFor: waitingFor(state),
    openedAgain: openedAgain(state),
    next: nextMessages(state),
    startedAt: state.startedAt,
    source,
    target,
    steps: state.steps,
    accepted: state.accepted,
    refused: state.refused,
    outcome: state.outcome,
  };
}

function stateWord(state: Shown): Status['state'] {
  const step = currentStep(state);
  if (state.outcome) return state.outcome.result;
  if (step?.status === 'blocked') return 'blocked';
  if (state.abort) return 'aborting';
  if (state.paused) return 'paused';
  return step?.status === 'waiting' ? 'waiting' : 'running';
}

function waitingFor(state: Shown): string {
  const step = currentStep(state);
  if (state.outcome) return state.outcome.sentence;
  if (step?.problem) return step.problem.sentence;
  if (state.paused && !state.abort)
    return `Paused${state.paused.by ? ` by ${state.paused.by}` : ''}: waits for resume.`;
  if (!step) return state.abort ? 'Aborting.' : 'Starting.';
  return step.says ?? step.title;
}

function openedAgain(state: Shown): Status['openedAgain'] {
  const step = state.outcome ? undefined : currentStep(state);
  return step?.openedAgain ? { step: step.id, ...step.openedAgain } : null;
}

function nextMessages(state: Shown): NextMessage[] {
  const step = currentStep(state);
  if (state.outcome) return [];
  const next: NextMessage[] = [];
  if (step?.problem) next.push(...offered(step.problem));
  if (state.paused && !state.abort)
    next.push({ message: 'resume', input: { by: 'you' }, means: 'the migration goes on' });
  if (step?.status === 'waiting') next.push(...claimsOf(step));
  return next;
}

function offered({ offers }: Problem): NextMessage[] {
  const all: Record<Problem['offers'][number], NextMessage> = {
    retry: { message: 'retry', input: { by: 'you' }, means: 'once it is mended, the step is tried again' },
    override: {
      message: 'retry',
      input: { by: 'you', override: { reason: 'why it may go on' } },
      means: 'the step goes on although the check asks; your name and reason are kept',
    },
    skip: { message: 'skip', input: { by: 'you' }, means: 'the step is left out' },
    abort: {
      message: 'abort',
      input: { by: 'you' },
      means: 'the migration stops and takes back what it made',
    },
  };
  return offers.map((offer) => all[offer]);
}

function claimsOf(step: Step): NextMessage[] {
  const open = (step.parts ?? []).filter(({ claim }) => !claim);
  const single = step.parts?.length === 1;
  return open.map(({ name }) => ({
    message: step.id as MessageName,
    input:
      step.id === 'deletionApproved'
        ? { by: 'you', topic: name }
        : {
            by: 'you',
            ...(!single && { name }),
            ...(step.id === 'teamApproved' && { note: 'why the team approves it' }),
          },
    means: single ? step.title : `${step.title}: ${name}`,
  }));
}
