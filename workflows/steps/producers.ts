import type { HumanStepId, StepId } from '../../src/migration/strategies.js';
import type { Step } from '../../src/migration/state.js';
import { watch } from './activities.js';
import { humanStep, type Seen } from './human-step.js';
import { keepOffsets } from './prepare-target.js';
import type { Run } from './run.js';
import { insist } from './step.js';
import { keepTranslated } from './translate.js';
import { Blocked } from './turns.js';

/** Producers write to the target only. Evidence: the source is quiet, and its end offsets are frozen. */
export const producersSwitched = (run: Run) => quietSource(run, 'producerSwitched');

/** Producers have stopped, and write nowhere until the target has everything. Evidence: the same. The mirror goes on. */
export async function producersStopped(run: Run): Promise<void> {
  await quietSource(run, 'producerStopped', async () => run.mirror.start());
}

/**
 * Producers write to the target, which has everything that the source has. Evidence: the source is as it was frozen, and
 * somebody writes to the target.
 */
export async function producersWriteToTarget(run: Run): Promise<void> {
  const writing = async (entry: Step, accepted: string[] = []): Promise<Seen> => {
    const { ends = {}, mirrored = {}, unproved } = run.facts;
    const seen = await run.watch(entry, (slice) =>
      watch().watchProducers({
        ...slice,
        accepted: [...(slice.accepted ?? []), ...accepted],
        ...{ ends, mirrored, frozen: unproved === undefined },
      }),
    );
    switch (seen.state) {
      case 'writing':
        return { agrees: true, sentence: seen.sentence, data: { written: seen.written } };
      case 'contradicted':
        return { agrees: false, sentence: seen.sentence };
      case 'grew':
        throw run.reopen('producerStopped', seen.sentence);
      case 'asks':
        insist(run, seen.findings);
        throw new Blocked('The check asked for nothing that is not accepted already; retry.');
    }
  };
  await humanStep(run, 'producerSwitched', {
    together: true,
    upkeep: keepTranslated(run),
    check: (_names, entry) => writing(entry),
    whenOverridden: (entry) => writing(entry, ['not-written']),
  });
}

/** The step in which producers left the source: it opens again when a record arrives there after all. */
export function producersStep(run: Run): StepId {
  return (
    (['producerStopped', 'producerSwitched', 'oldProducerCodeRemoved'] as const).find((id) => run.step(id)) ??
    'producerSwitched'
  );
}

/** The code that wrote to the source is gone. Evidence: the same. */
export const oldProducerCodeRemoved = (run: Run) => quietSource(run, 'oldProducerCodeRemoved');

async function quietSource(run: Run, id: HumanStepId, upkeep = keepOffsets(run)): Promise<void> {
  const quiet = async (entry: Step, accepted: string[] = []): Promise<Seen> => {
    const seen = await run.watch(entry, (slice) =>
      watch().watchQuiet({ ...slice, accepted: [...(slice.accepted ?? []), ...accepted] }),
    );
    if (seen.state !== 'quiet') return { agrees: false, sentence: seen.sentence };
    run.facts.ends = seen.ends;
    return { agrees: true, sentence: seen.sentence, data: { ends: seen.ends } };
  };
  await humanStep(run, id, {
    together: true,
    upkeep,
    check: (_names, entry) => {
      delete run.facts.unproved;
      return quiet(entry);
    },
    whenOverridden: (entry) => {
      const claim = entry.parts?.find((part) => part.claim?.override)?.claim;
      run.facts.unproved = { by: claim?.by ?? '', reason: claim?.override?.reason ?? '' };
      return quiet(entry, ['not-quiet']);
    },
  });
}

/**
 * Producers write to both clusters. Evidence: what the source gets, the target gets; the source's end offsets at that
 * moment are the marks that every group has to reach on the source, because what lies before them is nowhere else.
 */
export async function producersWriteBoth(run: Run): Promise<void> {
  const doubling = async (entry: Step, accepted: string[] = []): Promise<Seen> => {
    const seen = await run.watch(entry, (slice) =>
      watch().watchDoubling({ ...slice, accepted: [...(slice.accepted ?? []), ...accepted] }),
    );
    if (seen.state !== 'doubling') return { agrees: false, sentence: seen.sentence };
    run.facts.marks = seen.marks;
    return { agrees: true, sentence: seen.sentence, data: { marks: seen.marks } };
  };
  await humanStep(run, 'producerWritesBoth', {
    together: true,
    upkeep: keepOffsets(run),
    check: (_names, entry) => doubling(entry),
    whenOverridden: (entry) => doubling(entry, ['not-doubling']),
  });
}
