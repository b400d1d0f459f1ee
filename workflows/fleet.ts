import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  log,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import { parseFleet, type Fleet, type FleetFile } from '../src/fleet/file.js';
import { movesOf, type Moves } from '../src/fleet/moves.js';
import { isRunning, newFleet, type FleetOutcome, type FleetState } from '../src/fleet/state.js';
import { mistakeText } from '../src/migration/mistakes.js';
import { fleetId } from '../src/migration/membership.js';
import { parseRate } from '../src/migration/rate.js';
import { lookAfter, nextLook, readHoursAhead } from './fleet/looking.js';
import { listen } from './fleet/listen.js';
import { Running } from './fleet/running.js';
import { outcomeOf } from './fleet/outcome.js';
import { startAll } from './fleet/starting.js';
import { tell } from './fleet/telling.js';
import { WaveTeller } from './fleet/wave-teller.js';
import { goOnWithNewestBuild } from './steps/newest-build.js';

/** So long is waited at most before it is looked again: nothing need run, and timers are no longer than that. */
const longestWaitMs = 7 * 86_400_000;

/** Signals and updates that one run takes; each is an event or some of history. */
const mostHeard = 3_000;

/**
 * Migrations that run together, for months: waves begin when their time has come, each migration is a child that goes on
 * whatever becomes of the fleet, and tells it what changes.
 *
 * @throws ApplicationFailure `BadInput` with every mistake, before anything is started.
 */
export async function fleet(file?: FleetFile, carried?: FleetState): Promise<FleetOutcome> {
  const checked = fleetFrom(file, carried === undefined);
  const state = carried ?? newFleet(checked, new Date().toISOString(), budgetOf(checked));
  const run = new Running(checked, state);
  const teller = new WaveTeller(run);
  listen(run);
  run.show();
  let cancelled = false;
  CancellationScope.current().cancelRequested.catch(() => {
    cancelled = true;
  });
  // A new run waits until whoever is being told has heard it, some minutes at most; all but starts goes on meanwhile.
  const long = () => isLong(run) && !teller.tells;
  // Children are not to hear of a cancellation of the fleet: it ends, and they go on.
  return CancellationScope.nonCancellable(async () => {
    for (;;) {
      if (cancelled) return leaveAll(run);
      await readHoursAhead(run);
      const moves = movesOf(run.fleet, state, Date.now(), patched);
      // Each start has its whole file in this history: hundreds of them are more than Temporal takes.
      if (isLong(run) && teller.tells) moves.start = [];
      if (moves.ended) return ended(run);
      if (await act(run, moves)) {
        if (long() && !cancelled && patched('long-while-it-starts')) await goOnInNewRun(run, file);
        continue;
      }
      // What that finds, and what is said meanwhile, is looked at before any wait.
      await lookAfter(run);
      // A run that is to end tells nothing new.
      const tellsAgain = isLong(run) ? Infinity : teller.look();
      const wakes = Math.min(moves.wakeAt ?? Infinity, nextLook(run), tellsAgain);
      const until = Math.min(wakes, Date.now() + longestWaitMs);
      const ready = () => run.changed || cancelled || long();
      const left = until - Date.now();
      if (!ready() && left > 0)
        await condition(ready, Math.ceil(left), { summary: 'until something changes, or its time has come' });
      if (long() && !cancelled) await goOnInNewRun(run, file);
    }
  });
}

/** Also when there is a newer build: a fleet may be still for months, and would keep an old worker. */
function isLong(run: Running): boolean {
  const { continueAsNewSuggested, targetWorkerDeploymentVersionChanged: newer } = workflowInfo();
  return continueAsNewSuggested || newer === true || run.heard >= mostHeard;
}

/** @returns whether anything was done, so that what follows from it is looked at */
async function act(run: Running, { opens, leave, start: starting, tell: tellings }: Moves): Promise<boolean> {
  run.rests();
  for (const wave of opens) run.opens(wave);
  for (const name of leave) run.leaves(name);
  if (starting.length > 0) await startAll(run, starting);
  await tell(run, tellings);
  run.show();
  return opens.length + leave.length + starting.length + tellings.length > 0;
}

function fleetFrom(file: unknown, begins: boolean): Fleet {
  const { fleet: read, mistakes = [] } = parseFleet(file, () => begins && patched('file-checked-further'));
  const lines = mistakes.map(mistakeText);
  if (read && workflowInfo().workflowId !== fleetId(read.shape.name))
    lines.push(`the workflow id has to be ${fleetId(read.shape.name)}, so that the fleet runs once`);
  if (!read || lines.length > 0)
    throw ApplicationFailure.nonRetryable(
      `Not a fleet that can be run: ${lines.join('; ')}`.slice(0, 20_000),
      'BadInput',
      lines.slice(0, 100),
    );
  return read;
}

const budgetOf = ({ shape }: Fleet): number | null =>
  shape.budget === undefined ? null : parseRate(shape.budget);

function ended(run: Running): FleetOutcome {
  run.state.outcome = outcomeOf(run.fleet, run.state, new Date().toISOString());
  run.show();
  return run.state.outcome;
}

async function leaveAll(run: Running): Promise<FleetOutcome> {
  log.warn('cancelled from Temporal: the fleet ends, and what runs of it goes on');
  const limited = Object.entries(run.state.migrations).flatMap(([to, one]) =>
    isRunning(one) && typeof one.told?.rate === 'number' ? [{ to, what: 'rate', rate: null } as const] : [],
  );
  // Nobody else can take back what it has said, and nothing shares the budget any more.
  if (limited.length > 0 && patched('takes-rates-back')) await tell(run, limited);
  const held = Object.values(run.state.migrations).filter((one) => isRunning(one) && one.told?.hold === true);
  run.state.outcome = {
    ...outcomeOf(run.fleet, run.state, new Date().toISOString()),
    sentence: `The fleet was cancelled: what runs of it goes on by itself, and nothing else starts.${
      held.length > 0 ? ` ${held.length} that it has paused stay so until a person resumes them.` : ''
    }`,
  };
  run.show();
  return run.state.outcome;
}

async function goOnInNewRun(run: Running, file: FleetFile | undefined): Promise<never> {
  await condition(allHandlersFinished);
  return goOnWithNewestBuild(file, run.state);
}
