import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import {
  free,
  freeUpdate,
  hasRoomFor,
  heldQuery,
  holdsDetails,
  readFreeing,
  readWant,
  readWho,
  release,
  releaseUpdate,
  take,
  takeUpdate,
  type Holder,
  type HoldsState,
  type Taken,
} from '../src/migration/holds.js';
import { refused } from './steps/refused.js';

/** Temporal takes 2,000 updates of one run. */
const mostAnswers = 1_000;

// It is asked for years after it began, and by migrations of every build: its code is small, and changes by patches alone.
// Where workers are not versioned the server takes no such word.
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {},
  holds,
);

/**
 * What migrations hold of one cluster. Workflows do one thing after the other, so of two migrations that ask at the same
 * moment one gets what both want. It ends when nothing has been held for an hour, and begins again when somebody asks.
 */
export async function holds(cluster: string, carried?: HoldsState): Promise<void> {
  const state: HoldsState = carried ?? { cluster, holders: [], freed: [] };
  const now = () => new Date().toISOString();
  let answered = 0;
  const show = () => {
    answered += 1;
    setCurrentDetails(holdsDetails(state));
  };

  setHandler(defineQuery<Holder[]>(heldQuery), () => state.holders, {
    description: 'Which migration holds which topics and groups.',
  });
  setHandler(
    defineUpdate<Taken[], [unknown]>(takeUpdate),
    (input) => {
      const want = readWant(input);
      const taken = want ? take(state, want, now()) : [];
      show();
      return taken;
    },
    {
      description: 'Of migrations alone: takes topics and groups, all or none.',
      validator: (input) => {
        const want = readWant(input);
        if (!want) throw refused('take is said by migrations alone, with all that they want');
        if (!hasRoomFor(state, want))
          throw refused(`${state.cluster} has no room for more holds: end some migrations first.`);
      },
    },
  );
  setHandler(
    defineUpdate<void, [unknown]>(releaseUpdate),
    (input) => {
      const who = readWho(input);
      if (who) release(state, who);
      show();
    },
    {
      description: 'Of migrations alone: gives back what was taken.',
      validator: (input) => {
        if (!readWho(input)) throw refused('release is said by migrations alone, with who they are');
      },
    },
  );
  setHandler(
    defineUpdate<string, [unknown]>(freeUpdate),
    (input) => {
      const { value } = readFreeing(input);
      const freed = value ? free(state, value, now()) : 0;
      show();
      return freed === 0 ? 'nothing of that is held' : `freed ${freed} of ${state.cluster}`;
    },
    {
      description:
        'Frees what a migration holds that will never end by itself. Example: {"by":"ann","reason":"it was terminated","migration":"migrate/orders"}',
      validator: (input) => {
        const { mistake } = readFreeing(input);
        if (mistake !== undefined) throw refused(mistake);
      },
    },
  );

  show();
  const idle = () => state.holders.length === 0;
  const long = () => answered >= mostAnswers || workflowInfo().continueAsNewSuggested;
  for (;;) {
    await condition(() => idle() || long());
    if (idle() && (await condition(() => !idle(), '1 hour', { summary: 'ends, if nobody asks until then' })))
      continue;
    await condition(allHandlersFinished);
    if (idle()) return;
    await continueAsNew<typeof holds>(cluster, state);
  }
}
