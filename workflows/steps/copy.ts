import { change, watch } from './activities.js';
import type { Run } from './run.js';
import { insist, step } from './step.js';
import { Blocked } from './turns.js';

/** The mirror copies the history, and then what comes, in the background. */
export async function mirrorStarted(run: Run): Promise<void> {
  await step(run, 'startMirror', async () => {
    const { partitions, findings, sentence } = await change().prepareMirror(run.work());
    insist(run, findings);
    run.facts.mirror = { partitions, runs: true };
    run.mirror.goOn();
    return { sentence, data: { partitions, findings } };
  });
}

/**
 * The target has every record that a consumer could read on the source up to its frozen end, and the mirror has stopped:
 * from here on the target has no writer until producers come.
 */
export async function caughtUp(run: Run): Promise<void> {
  await step(run, 'catchUp', async (entry) => {
    run.mirror.start();
    const { ends = {}, mirror, unproved } = run.facts;
    const seen = await run.watch(entry, (slice) =>
      watch().watchMirror({
        ...slice,
        ...{ partitions: mirror?.partitions ?? {}, to: ends, frozen: unproved === undefined },
      }),
    );
    if (seen.state === 'grew') throw run.reopen('producerStopped', seen.sentence);
    if (seen.state === 'contradicted') throw new Blocked(seen.sentence);
    await run.mirror.stop();
    run.facts.mirrored = seen.mirrored;
    return { sentence: seen.sentence, data: { mirrored: seen.mirrored } };
  });
}

/** Both clusters hold the same records. What could not be compared is said, and what differs is for a person. */
export async function comparedRecordByRecord(run: Run): Promise<void> {
  await step(run, 'parity', async (entry) => {
    const { ends = {}, mirrored = {} } = run.facts;
    const seen = await run.watch(entry, (slice) => watch().watchParity({ ...slice, ends, mirrored }));
    if (seen.state === 'equal') return { sentence: seen.sentence, data: seen.report };
    if (seen.state === 'differs') run.saw(entry, { sentence: seen.sentence, data: seen.report });
    throw new Blocked(seen.sentence);
  });
}

/** Nothing of the mirror is left on either cluster. */
export async function mirrorRemoved(run: Run): Promise<void> {
  await step(run, 'removeMirror', async () => {
    await run.mirror.stop();
    const { sentence } = await change().removeMirror(run.work());
    delete run.facts.mirror;
    return { sentence };
  });
}
