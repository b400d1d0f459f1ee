import { patched } from '@temporalio/workflow';
import { formatDuration } from '../../src/migration/duration.js';
import { targetName } from '../../src/migration/file.js';
import { inFull } from '../../src/migration/listed.js';
import { readableOffsets, sameOffsets } from '../../src/migration/offsets.js';
import type { HumanStepId, StepId } from '../../src/migration/strategies.js';
import type { Facts, Step } from '../../src/migration/state.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { BothOffsets } from '../../src/migration/work/drain.js';
import { watch, watchWhole } from './activities.js';
import { mirrorEmptied, mirrorKeepsUp } from './copy.js';
import { humanStep, type Seen } from './human-step.js';
import { keepOffsets } from './prepare-target.js';
import type { Run } from './run.js';
import { insist } from './insist.js';
import { keepTranslated } from './translate.js';
import { Blocked } from './turns.js';
import { watching, watchingUntil } from './watching.js';

/** Producers write to the target only. Evidence: the source is quiet, and its end offsets are frozen. */
export const producersSwitched = (run: Run) => quietSource(run, 'producerSwitched');

/** Producers have stopped, and write nowhere until the target has everything. Evidence: the same. The mirror goes on. */
export async function producersStopped(run: Run): Promise<void> {
  const upkeep = async (): Promise<void> => {
    run.mirror.start();
    const entry = run.step('producerStopped');
    if (entry && patched('asked-when-mirror-keeps-up')) await mirrorKeepsUp(run, entry);
  };
  await quietSource(run, 'producerStopped', { upkeep });
}

/**
 * The same while groups live from the target already. A person may choose that new producers do not wait for the old
 * ones and for the mirror: then records of one key may swap, which is said.
 */
export async function oldProducersStopped(run: Run): Promise<void> {
  const upkeep = async (): Promise<void> => {
    run.mirror.start();
    await keepTranslated(run)();
  };
  const whenOverridden = ({ by, reason }: { by: string; reason: string }): string => {
    run.facts.ahead = { by, reason };
    const topics = inFull(run.migration.topics.map(targetName));
    return `Not waited for, as ${by} decided (${reason}): until the old producers have stopped and the mirror is empty, records of one key may swap on ${run.migration.target} in ${topics}.`;
  };
  await quietSource(run, 'producerStopped', { upkeep, whenOverridden });
}

/**
 * Producers write to the target, which has everything that the source has. Evidence: the source is as it was frozen, and
 * somebody writes to the target.
 */
export async function producersWriteToTarget(run: Run): Promise<void> {
  const writing = async (entry: Step, accepted: string[] = []): Promise<Seen> => {
    const tail = run.facts.ahead && (await tailDrained(run, entry, accepted.length > 0));
    if (tail?.agrees === false) return tail;
    const { ends = {}, mirrored = {}, unproved } = run.facts;
    const seen = await watching(run, entry, (slice) =>
      watch().watchProducers({
        ...slice,
        accepted: [...(slice.accepted ?? []), ...accepted],
        ...{ ends, mirrored, frozen: unproved === undefined },
      }),
    );
    switch (seen.state) {
      case 'writing': {
        const silent = run.migration.topics.some((topic) => !seen.written.includes(targetName(topic)));
        return {
          ...{ agrees: true, sentence: seen.sentence, data: { written: seen.written } },
          ...((unproved ?? silent) && { unverified: 'not-measured' }),
        };
      }
      case 'contradicted':
        return { agrees: false, sentence: seen.sentence };
      case 'grew':
        if (tail) return { agrees: false, sentence: seen.sentence };
        throw run.reopen('producerStopped', seen.sentence);
      case 'asks':
        insist(run, seen.findings);
        throw new Blocked('The check asked for nothing that is not accepted already; retry.');
    }
  };
  await humanStep(run, 'producerSwitched', {
    upkeep: async () => {
      // Copies what old producers have left, before groups are looked for there.
      if (run.facts.ahead) run.mirror.start();
      // Whether it can still be mirrored depends on whether anybody writes to the target.
      await keepTranslated(run, (entry) => writing(entry, ['not-written']))();
    },
    check: (_names, entry) => writing(entry),
    whenOverridden: (entry) => writing(entry, ['not-written']),
  });
}

/**
 * New producers did not wait: the old ones have to be gone by now, and the mirror copies what they have left.
 * @param overridden a person says that the source cannot be seen quiet: it is copied up to where it is.
 */
async function tailDrained(run: Run, entry: Step, overridden: boolean): Promise<Seen> {
  run.mirror.start();
  const quiet = await sourceQuiet(run, entry, overridden);
  if (!quiet.agrees) return quiet;
  if (!overridden) delete run.facts.unproved;
  const seen = await mirrorEmptied(run, entry);
  return seen.state === 'caught-up'
    ? { agrees: true, sentence: seen.sentence }
    : { agrees: false, sentence: seen.sentence };
}

/** The step in which producers left the source: it opens again when a record arrives there after all. */
export function producersStep(run: Run): StepId {
  return (
    (['producerStopped', 'producerSwitched', 'oldProducerCodeRemoved'] as const).find((id) => run.step(id)) ??
    'producerSwitched'
  );
}

/**
 * The code that wrote to the source is gone. Evidence: the same, and what came to the source after the marks is on the
 * target too. Groups have left the source by now, so what is there alone would reach none of them.
 */
export const oldProducerCodeRemoved = (run: Run) =>
  quietSource(run, 'oldProducerCodeRemoved', {
    proves: (entry) => twinsFound(run, entry),
    provesOverridden: (entry) =>
      patched('twins-for-a-while') ? twinsFoundSoon(run, entry) : twinsFound(run, entry),
  });

async function twinsFound(run: Run, entry: Step): Promise<Seen> {
  if (!patched('twins-found')) return { agrees: true, sentence: '' };
  const range = twinsRange(run);
  return compared(
    run,
    await watching(run, entry, (slice) => watchWhole().watchTwins({ ...slice, ...range })),
  );
}

/** How long what a person has overridden is compared all the same, ms. */
const overriddenMs = 10 * 60_000;

/**
 * A person does not wait for a comparison that takes hours. What it has not come to is not known to have twins: all of it
 * counts as alone, and is asked about before the deletion.
 */
async function twinsFoundSoon(run: Run, entry: Step): Promise<Seen> {
  const range = twinsRange(run);
  run.says(
    entry,
    'active',
    `Overridden: what came to ${run.migration.source} after the marks is compared for ${formatDuration(overriddenMs)} at most.`,
  );
  const seen = await watchingUntil(run, Date.now() + overriddenMs, (slice) =>
    watchWhole().watchTwins({
      ...slice,
      ...range,
      accepted: [...(slice.accepted ?? []), 'not-compared'],
    }),
  );
  if (seen) return compared(run, seen);
  const sentence = `What came to ${run.migration.source} after the marks could not be compared with ${run.migration.target} in ${formatDuration(overriddenMs)}: all of it counts as being on ${run.migration.source} alone, and is asked about before the deletion.`;
  return { agrees: true, sentence };
}

function twinsRange({ facts: { marks = {}, ends = {}, doublingSince, doubled } }: Run) {
  return {
    since: doubled ? { source: doubled.to, ...doubled.next } : firstTwins({ marks, doublingSince }),
    from: doubled?.to ?? marks,
    to: ends,
    known: doubled?.alone ?? [],
  };
}

/** Where twins of what came after the marks begin. */
const firstTwins = ({ marks = {}, doublingSince }: Pick<Facts, 'marks' | 'doublingSince'>): BothOffsets =>
  doublingSince ?? { source: marks, target: {} };

type Twins = Exclude<Awaited<ReturnType<Activities['watchTwins']>>, { state: 'watching' }>;

function compared(run: Run, seen: Twins): Seen {
  if (seen.state === 'contradicted') return { agrees: false, sentence: seen.sentence };
  insist(run, seen.findings);
  const { next, alone, copies } = seen;
  const { ends = {}, doubled } = run.facts;
  const twins = doubled ? doubled.twins : copies && { ...copies, from: firstTwins(run.facts).target };
  // Twins are looked for from where this look ended on: the source has nothing beyond its frozen ends.
  run.facts.doubled = {
    to: ends,
    next: sameOffsets(next.source, ends) ? { target: next.target } : next,
    alone,
    ...(twins && { twins }),
  };
  delete run.facts.doublingSince;
  return { agrees: true, sentence: seen.sentence, data: { alone } };
}

/** The source is quiet, and its ends are frozen; `overridden`: its ends as they are, proved or not. */
async function sourceQuiet(run: Run, entry: Step, overridden = false): Promise<Seen> {
  const accepted = overridden ? ['not-quiet'] : [];
  const seen = await watching(run, entry, (slice) =>
    watch().watchQuiet({ ...slice, accepted: [...(slice.accepted ?? []), ...accepted] }),
  );
  if (seen.state !== 'quiet') return { agrees: false, sentence: seen.sentence };
  run.facts.ends = seen.ends;
  return { agrees: true, sentence: seen.sentence, data: { ends: readableOffsets(seen.ends) } };
}

interface Quiet {
  upkeep?: () => Promise<void>;
  /** What the override of the proof means for the strategy; answers it in a sentence. */
  whenOverridden?: (override: { by: string; reason: string }) => string;
  /** What has to be shown beside it, once the ends are frozen. */
  proves?: (entry: Step) => Promise<Seen>;
  /** The same where a person has overridden the proof. */
  provesOverridden?: (entry: Step) => Promise<Seen>;
}

async function quietSource(
  run: Run,
  id: HumanStepId,
  { upkeep = keepOffsets(run), whenOverridden, proves, provesOverridden }: Quiet = {},
): Promise<void> {
  const andProved = async (entry: Step, quiet: Seen, proof = proves): Promise<Seen> => {
    const more = quiet.agrees ? await proof?.(entry) : undefined;
    if (!quiet.agrees || !more) return quiet;
    const sentence = `${quiet.sentence} ${more.sentence}`.trim();
    return more.agrees
      ? { agrees: true, sentence, data: { ...(quiet.data as object), ...(more.data as object) } }
      : more;
  };
  await humanStep(run, id, {
    upkeep,
    check: async (_names, entry) => {
      delete run.facts.unproved;
      delete run.facts.ahead;
      return andProved(entry, await sourceQuiet(run, entry));
    },
    whenOverridden: async (entry) => {
      const claim = entry.parts?.find((part) => part.claim?.override)?.claim;
      const override = { by: claim?.by ?? '', reason: claim?.override?.reason ?? '' };
      run.facts.unproved = override;
      const means = whenOverridden?.(override);
      const seen = await andProved(entry, await sourceQuiet(run, entry, true), provesOverridden);
      return means === undefined ? seen : { ...seen, sentence: `${seen.sentence} ${means}` };
    },
  });
}

/**
 * Producers write to both clusters. Evidence: each record that came to the source has a twin on the target; the source's
 * end offsets at that moment are the marks that every group has to reach on the source, because what lies before them is nowhere else.
 */
export async function producersWriteBoth(run: Run): Promise<void> {
  const doubling = async (entry: Step, accepted: string[] = []): Promise<Seen> => {
    const seen = await watching(run, entry, (slice) =>
      watch().watchDoubling({ ...slice, accepted: [...(slice.accepted ?? []), ...accepted] }),
    );
    if (seen.state !== 'doubling') return { agrees: false, sentence: seen.sentence };
    run.facts.marks = seen.marks;
    if (seen.since) run.facts.doublingSince = seen.since;
    delete run.facts.doubled;
    return { agrees: true, sentence: seen.sentence, data: { marks: readableOffsets(seen.marks) } };
  };
  await humanStep(run, 'producerWritesBoth', {
    upkeep: keepOffsets(run),
    check: (_names, entry) => doubling(entry),
    whenOverridden: (entry) => doubling(entry, ['not-doubling']),
  });
}
