import { noOverride } from './claims.js';
import type { Finding } from './findings.js';
import { named } from './foreign-text.js';
import {
  currentStep,
  isPassed,
  type MigrationState,
  type Part,
  type Problem,
  type Shown,
  type Step,
} from './state.js';
import { isHumanStep, stepKind, type StepId } from './strategies.js';
import type { MessageName } from './messages.js';
import { unverifiedOf } from './unverified.js';

export const stateWords = ['running', 'waiting', 'blocked', 'paused', 'aborting', 'done', 'aborted'] as const;

/** What the query `status` answers: everything a person or a program wants to know, without reading history. */
export interface Status {
  name: string;
  /** Or `schemas`: the copy of a whole registry. */
  strategy: string;
  state: (typeof stateWords)[number];
  /** One sentence: what is waited for, and why. */
  waitingFor: string;
  /** Why the present step, which was closed before, is open again. */
  openedAgain: { step: StepId; at: string; why: string } | null;
  /** What was measured and contradicted what was said of the present step. */
  contradicted: { step: StepId; at: string; why: string } | null;
  /** What a person is to do now, in the imperative. */
  todo: string | null;
  /** What a person can send now, most likely first. */
  next: NextMessage[];
  startedAt: string;
  source: string;
  target: string;
  steps: Step[];
  /** What closed steps have not shown, one sentence for each: nothing of it is verified. */
  unverified: string[];
  accepted: MigrationState['accepted'];
  refused: MigrationState['refused'];
  /** What people could not be told, and what could not be written. */
  untold: { at: string; why: string }[];
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
    contradicted: contradicted(state),
    todo: todo(state),
    next: nextMessages(state),
    startedAt: state.startedAt,
    source,
    target,
    steps: state.steps,
    unverified: unverifiedOf(state.steps),
    accepted: state.accepted,
    refused: state.refused,
    untold: state.untold ?? [],
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

/** What is waited for, where what contradicted it has a line of its own. */
export function asked({
  waitingFor: sentence,
  contradicted: unlike,
}: Pick<Status, 'waitingFor' | 'contradicted'>): string {
  const before = unlike ? `Not so: ${unlike.why} ` : '';
  return before !== '' && sentence.startsWith(before) ? sentence.slice(before.length) : sentence;
}

function openedAgain(state: Shown): Status['openedAgain'] {
  const step = state.outcome ? undefined : currentStep(state);
  return step?.openedAgain ? { step: step.id, ...step.openedAgain } : null;
}

function contradicted(state: Shown): Status['contradicted'] {
  const step = state.outcome ? undefined : currentStep(state);
  return step?.contradicted ? { step: step.id, ...step.contradicted } : null;
}

function todo(state: Shown): string | null {
  const step = currentStep(state);
  if (state.outcome || !step || step.status !== 'waiting' || (state.paused && !state.abort)) return null;
  return stepKind(step.id).ask ?? null;
}

function nextMessages(state: Shown): NextMessage[] {
  const step = currentStep(state);
  if (state.outcome) return [];
  const next: NextMessage[] = [];
  if (step?.problem) next.push(...offered(step.problem));
  if (state.paused && !state.abort)
    next.push({ message: 'resume', input: { by: 'you' }, means: 'the migration goes on' });
  if (step?.status === 'waiting') next.push(...claimsOf(step));
  if (step && (step.status === 'waiting' || step.status === 'active')) next.push(...overridesOf(state, step));
  return next;
}

function offered({ offers, findings }: Problem): NextMessage[] {
  const all: Record<Problem['offers'][number], NextMessage[]> = {
    retry: [
      {
        message: 'retry',
        input: { by: 'you' },
        means:
          'once it is mended, the step is tried again; what the file has to say is changed by amend first',
      },
    ],
    accept: acceptances(findings),
    skip: [{ message: 'skip', input: { by: 'you' }, means: 'the step is left out' }],
    abort: [
      {
        message: 'abort',
        input: { by: 'you' },
        means: 'the migration stops and takes back what it made',
      },
    ],
  };
  return offers.flatMap((offer) => all[offer]);
}

const mostAcceptances = 3;

/** Each by its key, and all of them at once for who has read all of them. */
function acceptances(findings: readonly Finding[]): NextMessage[] {
  const asked = findings.filter(({ weight }) => weight === 'asks');
  const accepting = (keys: string[], means: string): NextMessage => ({
    message: 'retry',
    input: { by: 'you', accept: keys, note: 'why it may go on' },
    means: `${means}; your name and reason are kept, and the step is tried again`,
  });
  return [
    ...asked.slice(0, mostAcceptances).map(({ key }) => accepting([key], 'accepts this finding')),
    ...(asked.length > 1 ? [accepting(['*'], `accepts all ${asked.length} that ask`)] : []),
  ];
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
    means: single ? step.title : `${step.title}: ${named(name)}`,
  }));
}

/** Where a check may never succeed: while one is under way, and after one has contradicted what was said. */
function overridesOf(state: Shown, step: Step): NextMessage[] {
  if (!isHumanStep(step.id) || noOverride(state.migration, step.id) !== undefined) return [];
  const parts = step.parts ?? [];
  const checked = (part: Part): boolean =>
    part.claim !== undefined && !part.claim.override && !isPassed(part);
  const stuck = parts.filter((part) =>
    step.status === 'active' ? checked(part) : step.contradicted !== undefined && part.claim === undefined,
  );
  if (stuck.length === 0) return [];
  // What is measured together is overridden together, or not at all.
  const names = stepKind(step.id).together && parts.length > 1 ? ['*'] : stuck.map(({ name }) => name);
  return names.map((name) => ({
    message: step.id as MessageName,
    input: {
      by: 'you',
      ...(parts.length > 1 && { name }),
      override: { reason: 'why it cannot be measured' },
    },
    means: `the step goes on without ${step.status === 'active' ? 'the check that is under way' : 'its check'}; your name and reason are kept, and ${name === '*' || parts.length === 1 ? 'it' : named(name)} is reported as not verified`,
  }));
}
