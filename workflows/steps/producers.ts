import type { HumanStepId } from '../../src/migration/strategies.js';
import type { Step } from '../../src/migration/state.js';
import { watch } from './activities.js';
import { humanStep, type Seen } from './human-step.js';
import { keepOffsets } from './prepare-target.js';
import type { Run } from './run.js';

/** Producers write to the target only. Evidence: the source is quiet, and its end offsets are frozen. */
export const producersSwitched = (run: Run) => quietSource(run, 'producerSwitched');

/** The code that wrote to the source is gone. Evidence: the same. */
export const oldProducerCodeRemoved = (run: Run) => quietSource(run, 'oldProducerCodeRemoved');

async function quietSource(run: Run, id: HumanStepId): Promise<void> {
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
    upkeep: keepOffsets(run),
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
