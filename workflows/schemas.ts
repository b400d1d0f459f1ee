import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  log,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { judgeControl, type SharedControl } from '../src/migration/claims.js';
import type { Judgement } from '../src/migration/judgement.js';
import { detailsOf } from '../src/migration/details.js';
import { addEvidence } from '../src/migration/evidence.js';
import { messageDescription, statusQuery } from '../src/migration/messages.js';
import { newRegistryCopy, readRegistryCopy, type RegistryCopy } from '../src/migration/registry-copy.js';
import type { Outcome, Problem, Shown, Step } from '../src/migration/state.js';
import { statusOf, type Status } from '../src/migration/status.js';
import { change } from './steps/activities.js';
import { canBeAccepted, failureOf } from './steps/failure.js';
import { insist } from './steps/insist.js';
import { interruptible } from './steps/interruptible.js';
import { keepRefused, refused } from './steps/refused.js';
import { Blocked, Interrupted } from './steps/turns.js';

/** What may be said to it: its one step cannot be skipped. */
const controls: SharedControl[] = ['pause', 'resume', 'retry', 'abort'];

/**
 * Copies a whole registry, or the subjects of a name, before any topic moves. Shown, blocked, paused and aborted as a
 * migration is. What was copied stays when it is aborted: a registry binds ids for ever.
 *
 * @throws ApplicationFailure `BadInput` with every mistake, before anything is touched.
 */
export async function schemas(input?: unknown): Promise<Outcome> {
  const copy = checked(input);
  const state = newRegistryCopy(copy, now());
  const step = state.steps[0] as Step;
  const show = () => setCurrentDetails(detailsOf(state));
  listen(state, show);
  show();
  return CancellationScope.nonCancellable(async () => {
    while (!state.outcome) {
      await condition(() => state.paused === null || state.abort !== null);
      try {
        if (state.abort) await aborted(state, copy);
        else await copied(state, step, copy, show);
      } catch (error) {
        const problem = problemOf(error, state);
        if (problem) await decided(state, step, problem, show);
      }
    }
    show();
    return state.outcome;
  });
}

async function copied(state: Shown, step: Step, copy: RegistryCopy, show: () => void): Promise<void> {
  step.status = 'active';
  step.startedAt ??= now();
  step.says = `Copies the schemas of ${copy.from} to ${copy.to}.`;
  show();
  const work = { copy, accepted: state.accepted.map(({ key }) => key) };
  try {
    const { findings, sentence, data } = await undisturbed(state, () => change().copyRegistry(work));
    insist(work, findings);
    addEvidence(step, { at: now(), sentence, data: { copied: data, findings } });
    step.says = sentence;
  } catch (error) {
    await change()
      .leaveRegistry(work)
      .catch((later: unknown) => {
        throw both(error, later);
      });
    throw error;
  }
  await change().leaveRegistry(work);
  step.status = 'done';
  step.endedAt = now();
  state.outcome = { result: 'done', at: now(), sentence: step.says };
}

/** Nothing is deleted: whether anybody has used a schema by now nobody can tell, and its id stays bound all the same. */
async function aborted(state: Shown, copy: RegistryCopy): Promise<void> {
  const step = state.steps[0] as Step;
  const { sentence } = await change().leaveRegistry({ copy });
  const why = state.abort?.note === undefined ? '' : ` (${state.abort.note})`;
  const left =
    step.startedAt === undefined
      ? []
      : [
          `What was registered on ${copy.to} stays there, under the ids of ${copy.from}: nothing tells whether an application uses it by now. Copy again to complete it, or delete by hand what nobody needs.`,
        ];
  step.status = 'skipped';
  step.endedAt = now();
  step.says = `Aborted here by ${state.abort?.by ?? 'somebody'}.`;
  addEvidence(step, { at: now(), sentence: step.says });
  state.outcome = {
    result: 'aborted',
    at: now(),
    sentence: [`Aborted${why}. ${sentence}`, ...left].join(' '),
    undone: [],
    left,
  };
}

/** A pause or an abort stops what is under way; it goes on where it was, since what is there is compared and left. */
function undisturbed<T>(state: Shown, work: () => Promise<T>): Promise<T> {
  return interruptible(
    work,
    () => state.paused !== null || state.abort !== null,
    () => {
      throw new Interrupted();
    },
  );
}

/** @returns `undefined` when nobody has to decide @throws what is no failure of the copy */
function problemOf(error: unknown, { abort }: Shown): Problem | undefined {
  if (error instanceof Interrupted) return undefined;
  const failure = failureOf(error);
  if (!failure) throw error;
  const accept = !abort && canBeAccepted(failure);
  return {
    ...failure,
    offers: ['retry', ...(accept ? ['accept' as const] : []), ...(abort ? [] : ['abort' as const])],
  };
}

/** What went wrong first, which what went wrong after it does not hide. */
function both(first: unknown, second: unknown): unknown {
  const [before, after] = [failureOf(first), failureOf(second)];
  return before && after
    ? new Blocked(`${before.sentence} And then: ${after.sentence}`, before.findings, before.type)
    : second;
}

async function decided(state: Shown, step: Step, problem: Problem, show: () => void): Promise<void> {
  const wasAborting = state.abort !== null;
  step.status = 'blocked';
  step.problem = problem;
  log.warn(`${step.id} blocked: ${problem.sentence}`);
  show();
  await condition(() => state.decision !== null || (state.abort !== null && !wasAborting));
  state.decision = null;
  delete step.problem;
}

function listen(state: Shown, show: () => void): void {
  setHandler(defineQuery<Status>(statusQuery), () => statusOf(state), {
    description: 'How far the copy is, what it waits for, what to send next, and the evidence so far.',
  });
  const judged = (name: SharedControl, input: unknown) => judgeControl(state, name, input, now());
  const heard = ({ apply }: Judgement) => {
    apply?.();
    show();
  };
  const ignored = (message: string, why: string) => {
    keepRefused(state, message, why);
    show();
  };
  for (const name of controls) {
    const description = messageDescription(name);
    const hear = (input: unknown) => {
      const judgement = judged(name, input);
      if (judgement.refusal === undefined) heard(judgement);
      else ignored(name, judgement.refusal);
    };
    setHandler(defineSignal<[unknown?]>(name), hear, { description });
    setHandler(
      defineUpdate<string, [unknown]>(name),
      (input) => {
        const judgement = judged(name, input);
        heard(judgement);
        return judgement.answer ?? judgement.refusal ?? '';
      },
      {
        description,
        validator: (input) => {
          const { refusal } = judged(name, input);
          if (refusal !== undefined) throw refused(refusal);
        },
      },
    );
    // A cancellation from Temporal's own tools means what `abort` means.
    if (name === 'abort')
      CancellationScope.current().cancelRequested.catch(() => hear({ note: 'cancelled from Temporal' }));
  }
  setDefaultSignalHandler((name) =>
    ignored(name, 'no such message; the names are listed under Send a Signal'),
  );
}

function checked(input: unknown): RegistryCopy {
  const { copy, mistakes } = readRegistryCopy(input);
  const id = copy && newRegistryCopy(copy, '').migration.name;
  if (id !== undefined && workflowInfo().workflowId !== id)
    mistakes.push(`the workflow id has to be ${id}, so that no second copy can run between these registries`);
  if (!copy || mistakes.length > 0)
    throw ApplicationFailure.nonRetryable(
      `Not a copy that can be run: ${mistakes.join('; ')}`,
      'BadInput',
      mistakes,
    );
  return copy;
}

const now = (): string => new Date().toISOString();
