import type { SourceOffsets } from '../../src/migration/offsets.js';
import { currentStep, isClosed, type Step } from '../../src/migration/state.js';
import { groupsTranslated, ofGroups, sayTranslated } from '../../src/migration/translated.js';
import type { TranslatedGroup } from '../../src/migration/work/offsets.js';
import { watchThenChange } from './activities.js';
import type { Seen } from './human-step.js';
import type { Run } from './run.js';
import { insist } from './insist.js';
import { step } from './step.js';
import { Blocked } from './turns.js';
import { watching } from './watching.js';

/** Every group goes on on the target at the record at which it stopped on the source. */
export async function offsetsTranslated(run: Run): Promise<void> {
  await step(run, 'translateOffsets', async (entry) => {
    const groups = run.migration.consumers.map(({ group }) => group);
    if (groups.length === 0)
      return {
        sentence: 'Not verified: the migration file names no consumer group to translate offsets for.',
        unverified: 'not-measured',
      };
    const seen = await translated(run, entry, groups);
    if (!seen.agrees) throw new Blocked(seen.sentence);
    return { sentence: seen.sentence, data: seen.data };
  });
}

/**
 * Looks after what was translated while people take their time: offsets of a group without members expire, and a group
 * that went on on the source has another position by now.
 */
export const keepTranslated =
  (run: Run, onGrowth = opensProducersAgain(run)) =>
  async (): Promise<void> => {
    const groups = groupsTranslated(run.facts.translated);
    const entry = currentStep(run.state);
    if (groups.length === 0 || !entry) return;
    const seen = await translated(run, entry, groups, onGrowth);
    if (!seen.agrees) throw new Blocked(seen.sentence);
  };

/** What becomes of a record that came to the source after its end was frozen. */
type OnGrowth = (entry: Step, sentence: string) => Promise<Seen>;

/** The mirror goes on, and what comes after is proved anew. */
const opensProducersAgain =
  (run: Run): OnGrowth =>
  (_entry, sentence) =>
    Promise.reject(run.reopen('producerStopped', sentence));

/** Translates the positions of these groups, as they are now, and commits them where nobody reads on the target yet. */
export async function translated(
  run: Run,
  entry: Step,
  groups: readonly string[],
  onGrowth: OnGrowth = opensProducersAgain(run),
): Promise<Seen> {
  const { facts } = run;
  const copied = copiedTo(run);
  const seen = await watching(run, entry, (slice) =>
    watchThenChange().translateGroups({
      ...slice,
      groups,
      // Groups that move while producers still write have to be gone from the source, however far they got.
      ...(facts.ends && run.step('translateOffsets') && { ends: facts.ends }),
      ...(copied && { copied }),
      translated: ofGroups(facts.translated, groups),
    }),
  );
  if (seen.state === 'asks') {
    if (seen.translated) keep(run, seen.translated);
    insist(run, seen.findings);
    throw new Blocked('The check asked for nothing that is not accepted already; retry.');
  }
  if (seen.state === 'grew') return onGrowth(entry, seen.sentence);
  if (seen.state === 'contradicted') return { agrees: false, sentence: seen.sentence };
  keep(run, seen.translated);
  return {
    agrees: true,
    sentence: seen.sentence,
    data: { translated: sayTranslated(run.migration, facts.translated ?? [], groups) },
  };
}

/** Up to where a mirror that has stopped for good has copied the source. */
function copiedTo(run: Run): { to: SourceOffsets; frozen: boolean } | undefined {
  const { facts } = run;
  const caughtUp = run.step('catchUp');
  return facts.ends && !facts.ahead && caughtUp && isClosed(caughtUp)
    ? { to: facts.ends, frozen: facts.unproved === undefined }
    : undefined;
}

/** What is committed on the target from now on, and taken back by an abort. */
function keep({ facts }: Run, translated: readonly TranslatedGroup[]): void {
  const now = new Set(translated.map(({ group }) => group));
  facts.translated = [...(facts.translated ?? []).filter(({ group }) => !now.has(group)), ...translated];
}
