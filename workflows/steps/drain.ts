import type { SourceOffsets } from '../../src/migration/offsets.js';
import { watch } from './activities.js';
import { producersStep } from './producers.js';
import type { Run } from './run.js';
import { insist } from './insist.js';
import { step } from './step.js';
import { Blocked } from './turns.js';
import { watching } from './watching.js';

/** Every group has consumed all that the source holds. A record that arrives meanwhile opens the producers' step again. */
export const sourceDrained = (run: Run) => drained(run, 'ends', run.facts.unproved === undefined);

/** Every group has consumed what the source held when doubling was proved; what came later is on both clusters. */
export const drainedToTheMarks = (run: Run) => drained(run, 'marks', false);

async function drained(run: Run, upTo: 'ends' | 'marks', frozen: boolean): Promise<void> {
  const to: SourceOffsets = run.facts[upTo] ?? {};
  await step(run, 'drain', async (entry) => {
    delete run.facts.drained;
    const seen = await watching(run, entry, (slice) => watch().watchDrain({ ...slice, to, frozen }));
    switch (seen.state) {
      case 'drained':
        run.facts.drained = upTo;
        return { sentence: seen.sentence, data: { lag: seen.lag, facts: seen.data } };
      case 'grew':
        throw run.reopen(producersStep(run), seen.sentence);
      case 'asks':
        insist(run, seen.findings);
        throw new Blocked('The check asked for nothing that is not accepted already; retry.');
      case 'contradicted':
        throw new Blocked(seen.sentence);
    }
  });
}

/** Up to where every group was seen to have read the source; `undefined` where none had to. */
export function drainedTo({ facts }: Run): SourceOffsets | undefined {
  const { drained: upTo } = facts;
  return typeof upTo === 'string' ? facts[upTo] : upTo;
}
