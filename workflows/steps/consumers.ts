import type { SourceOffsets } from '../../src/migration/offsets.js';
import type { HumanStepId } from '../../src/migration/strategies.js';
import type { ConsumersExpected } from '../../src/migration/work/groups.js';
import { watch } from './activities.js';
import { drainedTo } from './drain.js';
import { humanStep, type HumanStep, type Seen } from './human-step.js';
import { keepOffsets } from './prepare-target.js';
import { producersStep } from './producers.js';
import type { Run } from './run.js';
import { keepTranslated, translated } from './translate.js';
import { watching } from './watching.js';

const nobodyNamed: Seen = {
  agrees: true,
  sentence: 'Not verified: the migration file names no consumer group.',
  unverified: 'not-measured',
};

/** Groups have left a drained source and go on on the target. */
export const consumersSwitched = (run: Run) =>
  consumers(run, 'consumerSwitched', 'moved', run.facts.ends, run.facts.unproved === undefined);

/**
 * Groups go on on the target at the record at which they stopped on the source: their offsets are translated again if
 * they have moved there since.
 */
export const consumersSwitchedAtTheirOffsets = (run: Run) =>
  consumers(run, 'consumerSwitched', 'moved', run.facts.ends, run.facts.unproved === undefined, {
    upkeep: keepTranslated(run),
    first: (groups, entry) => translated(run, entry, groups),
  });

/**
 * Groups have stopped on the source, each when it likes, and may start on the target as soon as their offsets are
 * translated: the mirror goes on, and other groups stay where they are. A group that has started there already is left
 * alone when it is looked at again.
 */
export async function consumersStopped(run: Run): Promise<void> {
  await humanStep(run, 'consumerStopped', {
    upkeep: keepTranslated(run),
    toKnow: readElsewhere(run),
    check: async (groups, entry) =>
      run.migration.consumers.length === 0 ? nobodyNamed : translated(run, entry, groups),
    // A group that has not stopped has no position to translate.
    whenOverridden: async () => ({
      agrees: true,
      sentence:
        'Not verified: the check was overridden, so no offsets were translated. Whoever starts on the target before consumerSwitched has looked begins by auto.offset.reset.',
    }),
  });
}

/** Groups that have reached the marks have left the source, which still gets what the target gets. */
export const consumersSwitchedPastTheMarks = (run: Run) =>
  consumers(run, 'consumerSwitched', 'moved', run.facts.marks, false);

/** Groups read from both clusters at once. */
export const consumersReadBoth = (run: Run) => consumers(run, 'consumerReadsBoth', 'reads-both');

/** Groups that read both have left the drained source. */
export const oldConsumerCodeRemoved = (run: Run) =>
  consumers(run, 'oldConsumerCodeRemoved', 'left-source', run.facts.ends, run.facts.unproved === undefined);

/** What a group reads beside the topics that move. */
const readElsewhere = (run: Run) => (groups: readonly string[]) =>
  (run.facts.elsewhere ?? [])
    .flatMap(({ group, sentence }) => (groups.includes(group) ? [sentence] : []))
    .join(' ');

async function consumers(
  run: Run,
  id: HumanStepId,
  expected: ConsumersExpected,
  to?: SourceOffsets,
  frozen = false,
  offsets: { upkeep: () => Promise<void>; first?: HumanStep['check'] } = { upkeep: keepOffsets(run) },
): Promise<void> {
  await humanStep(run, id, {
    upkeep: offsets.upkeep,
    toKnow: readElsewhere(run),
    check: async (groups, entry) => {
      if (run.migration.consumers.length === 0) return nobodyNamed;
      const first = await offsets.first?.(groups, entry);
      if (first?.agrees === false) return first;
      const drained = to && drainedTo(run);
      const seen = await watching(run, entry, (slice) =>
        watch().watchConsumers({
          ...{ ...slice, groups, expected },
          ...(to && { to, frozen }),
          ...(drained && { drained }),
        }),
      );
      if (seen.state === 'grew') throw run.reopen(producersStep(run), seen.sentence);
      return seen.state === 'agrees'
        ? { agrees: true, sentence: seen.sentence, data: seen.data }
        : { agrees: false, sentence: seen.sentence };
    },
  });
}
