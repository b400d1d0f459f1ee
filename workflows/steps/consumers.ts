import type { OffsetTable } from '../../src/migration/offsets.js';
import type { HumanStepId } from '../../src/migration/strategies.js';
import type { ConsumersExpected } from '../../src/migration/work.js';
import { watch } from './activities.js';
import { humanStep } from './human-step.js';
import { keepOffsets } from './prepare-target.js';
import type { Run } from './run.js';

/** Groups have left a drained source and go on on the target. */
export const consumersSwitched = (run: Run) =>
  consumers(run, 'consumerSwitched', 'moved', run.facts.ends, run.facts.unproved === undefined);

/** Groups that have reached the marks have left the source, which still gets what the target gets. */
export const consumersSwitchedPastTheMarks = (run: Run) =>
  consumers(run, 'consumerSwitched', 'moved', run.facts.marks, false);

/** Groups read from both clusters at once. */
export const consumersReadBoth = (run: Run) => consumers(run, 'consumerReadsBoth', 'reads-both');

/** Groups that read both have left the drained source. */
export const oldConsumerCodeRemoved = (run: Run) =>
  consumers(run, 'oldConsumerCodeRemoved', 'left-source', run.facts.ends, run.facts.unproved === undefined);

async function consumers(
  run: Run,
  id: HumanStepId,
  expected: ConsumersExpected,
  to?: OffsetTable,
  frozen = false,
): Promise<void> {
  await humanStep(run, id, {
    upkeep: keepOffsets(run),
    check: async (groups, entry) => {
      if (run.migration.consumers.length === 0)
        return { agrees: true, sentence: 'Not verified: the migration file names no consumer group.' };
      const seen = await run.watch(entry, (slice) =>
        watch().watchConsumers({ ...slice, groups, expected, ...(to && { to, frozen }) }),
      );
      if (seen.state === 'grew') throw run.reopen('producerSwitched', seen.sentence);
      return seen.state === 'agrees'
        ? { agrees: true, sentence: seen.sentence, data: seen.data }
        : { agrees: false, sentence: seen.sentence };
    },
  });
}
