import { z } from 'zod';
import { parseMigration, targetName, type Migration } from '../migration/file.js';
import { FerryError } from '../migration/errors.js';
import { unpackAcls } from '../migration/packed-acls.js';
import { newState, type Outcome } from '../migration/state.js';
import { unverifiedOf } from '../migration/unverified.js';
import { acceptedSince } from './acceptances.js';
import { accountVersion, type Account, type AccountState, type Saying } from './account.js';
import { deletionOf } from './deletion.js';
import { findingsOf } from './findings.js';
import { begin, foundIn, nothingFound, takeDown, type Found } from './found.js';
import type { Histories, Run } from './happenings.js';
import { inSteps, type InStep } from './in-steps.js';
import { endsOf, groupOffsets } from './offsets.js';
import { pausesOf, phasesOf } from './phases.js';
import { sayingsIn } from './said.js';
import { carriedInto, finalStateIn } from './state-carried.js';
import { stepsOf, titleOf } from './steps.js';

const outcomeShape = z.object({
  result: z.enum(['done', 'aborted']),
  at: z.string(),
  sentence: z.string(),
  unverified: z.array(z.string()).optional(),
  undone: z.array(z.string()).optional(),
  left: z.array(z.string()).optional(),
});

/**
 * What happened in a migration, from its histories alone: of all runs that Temporal has, and of those before them what
 * they have handed on.
 *
 * @param readAt now, ISO 8601
 * @throws FerryError `Unsupported` when the latest run does not begin with a migration
 */
export function accountOf({ workflowId, runs, gone }: Histories, readAt: string): Account {
  const [first, last] = [runs[0], runs.at(-1)];
  if (!first || !last) throw new TypeError('A migration has at least one run.');
  const migration = migrationIn(last);
  if (!migration)
    throw new FerryError(
      'Unsupported',
      `What ${workflowId} was started with is no migration file that this ferry can read: read it with the ferry that ran it (and with the codec that it had, if payloads are encoded).`,
    );
  const final = finalStateIn(last.happenings);
  const carried = carriedInto(last);
  const state = final ?? carried;
  const outcome = final?.outcome ?? outcomeOf(last);
  const endedAt = outcome?.at ?? (last.end && last.end.how !== 'continued' ? last.end.at : null);
  const startedAt = state?.startedAt ?? first.startedAt;
  const phases = phasesOf(runs, endedAt ?? readAt).filter(
    // A moment between two steps is no time in any.
    ({ state, from, to }) => state !== 'done' && state !== 'aborted' && from < to,
  );
  const happened = inSteps(runs);
  const said = sayingsIn(happened, state?.refused ?? []);
  const found = allFound(first, happened);
  const steps = stepsOf((state ?? newState(migration, startedAt)).steps, {
    ...{ happened, said, phases: phasesOf([last], endedAt ?? readAt) },
    whole: final !== undefined,
  });
  const acls = safely(() => unpackAcls(migration.topics.map(targetName), found.made.acls)) ?? [];
  return {
    kind: 'kafka-ferry/account',
    version: accountVersion,
    ...{ readAt, name: migration.name, workflowId, startedAt, endedAt, outcome, migration },
    state: stateOf(last, outcome, phases.at(-1)?.state),
    endedBecause: (!outcome && last.end?.sentence) || null,
    runs: runs.map(({ runId, startedAt, end, events }) => ({
      ...{ runId, startedAt, events },
      endedAt: end?.at ?? null,
    })),
    gone: goneFrom(first, gone, startedAt),
    phases,
    pauses: pausesOf(said, endedAt, carriedInto(first)?.paused),
    steps,
    said,
    findings: findingsOf(happened, state, [
      ...(state?.accepted ?? []),
      // The state of the end has all of them.
      ...(final
        ? []
        : acceptedSince(
            carried,
            happened.slice(happened.length - last.happenings.length),
            saidIn(last, said),
          )),
    ]),
    offsets: groupOffsets(migration, found),
    ends: endsOf(migration, found),
    parity: parityOf(found),
    made: { topics: found.made.topics, acls },
    deletion: deletionOf(found, steps),
    // An end has it of all steps; what an abort ended, and what runs, has it with each.
    unverified: outcome?.unverified ?? unverifiedOf(state?.steps ?? []),
    overridden: overriddenIn(steps, said),
  };
}

/** In the last run. */
const saidIn = ({ happenings }: Run, said: readonly Saying[]): Saying[] =>
  said.slice(said.length - happenings.filter(({ what }) => what === 'said').length);

/** The file as it was carried out last: it may have been amended, and each activity is given it. */
function migrationIn({ input, happenings }: Run): Migration | undefined {
  for (const one of happenings.toReversed()) {
    const given = one.what === 'asked' ? (one.input as { migration?: unknown } | null)?.migration : undefined;
    const { migration } = given === undefined ? {} : parseMigration(given);
    if (migration) return migration;
  }
  return parseMigration(input[0]).migration;
}

function allFound(first: Run, happened: readonly InStep[]): Found {
  const before = carriedInto(first);
  const found = before ? foundIn(before) : nothingFound();
  for (const { one, asked } of happened)
    if (one.what === 'asked') begin(found, one.activity, one.input);
    else if (one.what === 'answered' && asked)
      takeDown(found, asked.activity, asked.input, one.answer, one.at);
  return found;
}

function outcomeOf({ end }: Run): Outcome | null {
  const told = outcomeShape.safeParse(end?.result).data;
  return told ?? null;
}

const endings: Record<'failed' | 'terminated' | 'timed-out' | 'canceled' | 'completed', AccountState> = {
  failed: 'failed',
  terminated: 'terminated',
  'timed-out': 'timed-out',
  canceled: 'cancelled',
  completed: 'done',
};

function stateOf({ end }: Run, outcome: Outcome | null, shown: AccountState | undefined): AccountState {
  if (outcome) return outcome.result;
  if (end && end.how !== 'continued') return endings[end.how];
  return shown ?? 'running';
}

function goneFrom(first: Run, gone: Histories['gone'], startedAt: string): string[] {
  if (!gone) return [];
  const kept = carriedInto(first)
    ? 'Of what was said and measured there, what went along is here: the latest of each step, and every acceptance'
    : 'Nothing of it is here';
  return [
    `The runs before ${first.startedAt} are gone from Temporal, which keeps a run that has ended for so long as its namespace says. The migration began at ${startedAt}. ${kept}.`,
  ];
}

function parityOf({ parity }: Found): Account['parity'] {
  if (!parity) return null;
  const { at, verdict, sentence, report, hashes } = parity;
  return {
    ...{ at, verdict, sentence, ...report },
    hashes: hashes ? Object.entries(hashes).map(([topic, sha256]) => ({ topic, sha256 })) : null,
  };
}

function overriddenIn(steps: Account['steps'], said: readonly Saying[]): Account['overridden'] {
  return steps.flatMap(({ id, parts }) =>
    parts.flatMap(({ name, by, override, at }) =>
      override === null
        ? []
        : [
            {
              ...{ step: id, title: titleOf(steps, id), name, by: by ?? 'somebody', reason: override },
              at: at ?? said.findLast(({ message }) => message === id)?.at ?? '',
            },
          ],
    ),
  );
}

function safely<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
