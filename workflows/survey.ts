import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  log,
  setCurrentDetails,
  setDefaultSignalHandler,
  setDefaultUpdateHandler,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { named } from '../src/migration/foreign-text.js';
import { readWord, statusQuery, surveyId } from '../src/migration/messages.js';
import { digestOf, namesAt, packSeen, unpackLook, unpackSeen } from '../src/migration/packed-survey.js';
import type { Outcome } from '../src/migration/state.js';
import type { Status } from '../src/migration/status.js';
import { everyMs, readSurvey, surveyMessages, surveyQuery, type Survey } from '../src/migration/survey.js';
import { addLook, nothingSeen } from '../src/migration/survey-seen.js';
import {
  addMissed,
  addUnseen,
  endsAt,
  soFar,
  surveyDetailsOf,
  surveyStatusOf,
  type CarriedSurvey,
  type SurveyAnswer,
  type SurveyState,
} from '../src/migration/survey-state.js';
import { looking } from './steps/activities.js';
import { failureOf } from './steps/failure.js';
import { interruptible } from './steps/interruptible.js';
import { goOnWithNewestBuild } from './steps/newest-build.js';
import { keepRefused, refused } from './steps/refused.js';

/** Of one run: each look has some hundred kilobytes of history on a large cluster. */
const mostLooks = 50;

/**
 * Looks at a cluster again and again: producers that write weekly and groups that come monthly are seen by no single look.
 * A look that fails is told and never ends it. What was seen is answered at any time, and after the end.
 *
 * @throws ApplicationFailure `BadInput` with every mistake, before anything is looked at
 */
export async function survey(input?: unknown, carried?: CarriedSurvey): Promise<Outcome> {
  const state = stateFrom(checked(input), carried);
  const show = shower(state);
  listen(state, show);
  show();
  return CancellationScope.nonCancellable(async () => {
    for (let looks = 1; ; looks++) {
      const began = Date.now();
      await look(state);
      show();
      const next = Math.min(began + everyMs(state.survey), endsAt(state));
      if (state.stop || Date.now() >= endsAt(state)) break;
      const summary = 'until it looks again';
      await condition(() => state.stop !== null, Math.max(1, next - Date.now()), { summary });
      if (state.stop) break;
      const { continueAsNewSuggested, targetWorkerDeploymentVersionChanged: newer } = workflowInfo();
      if (looks >= mostLooks || continueAsNewSuggested || newer) await inNewRun(state);
    }
    state.outcome = { result: 'done', at: now(), sentence: ended(state) };
    show();
    await condition(allHandlersFinished);
    return state.outcome;
  });
}

async function look(state: SurveyState): Promise<void> {
  const { survey, seen } = state;
  const names = {
    topics: namesAt(seen.topics, seen.lastLook),
    groups: namesAt(seen.groups, seen.lastGroups),
  };
  try {
    const answer = await interruptible(
      () =>
        looking(`looks at ${survey.cluster}, look ${seen.looks + state.missed.count + 1}`).lookAtCluster({
          cluster: survey.cluster,
          ...(survey.topics !== undefined && { glob: survey.topics }),
          known: { topics: digestOf(names.topics), groups: digestOf(names.groups) },
        }),
      () => state.stop !== null,
      () => undefined,
    );
    if (!answer) return;
    if (seen.clusterId !== '' && seen.clusterId !== answer.clusterId) {
      addMissed(
        state,
        now(),
        `${survey.cluster} is another cluster now (id ${named(answer.clusterId)}) than the one that was looked at (${named(seen.clusterId)}): what is there is not added.`,
      );
      return;
    }
    addLook(seen, unpackLook(answer, names), Date.now());
    addUnseen(state, now(), answer.unseen);
  } catch (error) {
    const failure = failureOf(error);
    // A name that `ferry.yaml` does not have is no cluster that is away.
    if (failure?.type === 'BadInput' && seen.looks === 0)
      throw ApplicationFailure.nonRetryable(failure.sentence, 'BadInput');
    if (!failure && !(error instanceof TypeError)) throw error;
    const why =
      failure?.sentence ??
      'What the look has answered cannot be read: see that all workers are of one build.';
    log.warn(`A look saw nothing: ${why}`);
    addMissed(state, now(), why);
  }
}

function ended(state: SurveyState): string {
  const { stop } = state;
  const note = stop?.note === undefined ? '' : ` (${stop.note})`;
  return stop ? `Stopped by ${stop.by ?? 'somebody'}${note}. ${soFar(state)}` : soFar(state);
}

async function inNewRun(state: SurveyState): Promise<never> {
  await condition(allHandlersFinished);
  const { survey, startedAt, seen, missed, unseen, refused } = state;
  return goOnWithNewestBuild(survey, {
    startedAt,
    seen: packSeen(seen),
    missed,
    unseen,
    refused,
  } satisfies CarriedSurvey);
}

function shower(state: SurveyState): () => void {
  let memo = '';
  return () => {
    setCurrentDetails(surveyDetailsOf(state));
    const shown = {
      cluster: state.survey.cluster,
      state: state.outcome?.result ?? 'running',
      startedAt: state.startedAt,
      endsAt: new Date(endsAt(state)).toISOString(),
      looks: state.seen.looks,
      missed: state.missed.count,
    };
    const text = JSON.stringify(shown);
    if (text === memo) return;
    memo = text;
    upsertMemo({ survey: shown });
  };
}

function listen(state: SurveyState, show: () => void): void {
  setHandler(defineQuery<Status>(statusQuery), () => surveyStatusOf(state), {
    description: 'How many looks there were, what they could not see, and until when it goes on.',
  });
  setHandler(defineQuery<SurveyAnswer>(surveyQuery), () => answerOf(state), {
    description: 'What was seen so far, packed: ferry scan --survey CLUSTER writes it into an inventory.',
  });
  const hear = ({ by, note }: { by?: string | undefined; note?: string | undefined }) => {
    state.stop ??= { ...(by !== undefined && { by }), ...(note !== undefined && { note }), at: now() };
  };
  const ignored = (message: string, why: string) => {
    keepRefused(state, message, why);
    show();
  };
  for (const name of Object.keys(surveyMessages) as (keyof typeof surveyMessages)[]) {
    const description = surveyMessages[name];
    setHandler(
      defineSignal<[unknown?]>(name),
      (input) => {
        const { value, mistake } = readWord(name, input);
        if (value) hear(value);
        else ignored(name, mistake);
      },
      { description },
    );
    setHandler(
      defineUpdate<string, [unknown]>(name),
      (input) => {
        const already = state.stop !== null;
        hear(readWord(name, input).value ?? {});
        return already ? 'it is ending already' : 'ends, and keeps what it has seen';
      },
      {
        description,
        validator: (input) => {
          const { mistake } = readWord(name, input);
          if (mistake !== undefined) throw refused(mistake);
        },
      },
    );
  }
  setDefaultSignalHandler((name) => ignored(name, `a survey is told nothing but ${messages}`));
  setDefaultUpdateHandler((name) => {
    throw refused(`a survey is told nothing but ${messages}, and no ${name}`);
  });
  CancellationScope.current().cancelRequested.catch(() => hear({ note: 'cancelled from Temporal' }));
}

const messages = Object.keys(surveyMessages).join(' and ');

const answerOf = ({ survey, startedAt, seen, missed, unseen, outcome }: SurveyState): SurveyAnswer => ({
  ...{ survey, startedAt, seen: packSeen(seen), missed, unseen, outcome },
});

function stateFrom(survey: Survey, carried?: CarriedSurvey): SurveyState {
  const fresh = { stop: null, outcome: null };
  return carried
    ? { survey, ...carried, seen: unpackSeen(carried.seen), ...fresh }
    : {
        ...{ survey, startedAt: now(), seen: nothingSeen(), missed: { count: 0, latest: [] } },
        ...{ unseen: [], refused: [], ...fresh },
      };
}

function checked(input: unknown): Survey {
  const { survey, mistakes } = readSurvey(input);
  if (survey && workflowInfo().workflowId !== surveyId(survey.cluster))
    mistakes.push(
      `the workflow id has to be ${surveyId(survey.cluster)}, so that there is one survey of a cluster`,
    );
  if (!survey || mistakes.length > 0)
    throw ApplicationFailure.nonRetryable(
      `Not a survey that can be run: ${mistakes.join('; ')}`,
      'BadInput',
      mistakes,
    );
  return survey;
}

const now = (): string => new Date().toISOString();
