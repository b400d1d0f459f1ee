import { mirrorKind } from '../../src/migration/file.js';
import { standing } from '../../src/migration/findings.js';
import { neverCompared } from '../../src/migration/not-compared.js';
import { readableOffsets } from '../../src/migration/offsets.js';
import type { Step } from '../../src/migration/state.js';
import { change, watch } from './activities.js';
import type { Run } from './run.js';
import { schemasInStep } from './schemas.js';
import { insist } from './insist.js';
import { step } from './step.js';
import { Blocked } from './turns.js';
import { watching, watchingUnless } from './watching.js';

/** The mirror copies the history, and then what comes, in the background. */
export async function mirrorStarted(run: Run): Promise<void> {
  await step(run, 'startMirror', async () => {
    const { partitions, targetIds, findings, sentence } = await change().prepareMirror(run.work());
    insist(run, findings);
    run.facts.mirror = { partitions, ...(targetIds && { targetIds }), runs: true };
    run.mirror.goOn();
    return { sentence, data: { partitions, findings } };
  });
}

/** The target has the history, and what the source gets, it has a moment later. */
export async function mirrorSteady(run: Run): Promise<void> {
  await step(run, 'mirrorSteady', async (entry) => {
    const seen = await watching(run, entry, (slice) => watch().watchMirror({ ...slice, ...mirroredIn(run) }));
    if (seen.state === 'caught-up') return { sentence: seen.sentence };
    throw new Blocked(seen.sentence);
  });
}

/** Long enough to see how fast it copies, ms. */
const paceMs = 10_000;

/**
 * Producers are asked to stop when that is a short pause: not before the mirror keeps up. Who says that they have stopped
 * is told what is left; who overrides the proof for all of them is not held back.
 */
export async function mirrorKeepsUp(run: Run, entry: Step): Promise<void> {
  const { mirror } = run.facts;
  if (!mirror) return;
  mirror.keepsUp = false;
  const claims = () => (entry.parts ?? []).flatMap(({ claim }) => claim ?? []);
  const insisted = () => claims().length === entry.parts?.length && claims().every((one) => one.override);
  while (!insisted()) {
    const before = claims().length;
    let told = before === 0;
    run.says(entry, 'active', sayCopying(before > 0));
    const seen = await watchingUnless(
      run,
      () => claims().length > before,
      (slice) => watch().watchMirror({ ...slice, ...mirroredIn(run) }),
      {
        firstMs: paceMs,
        says: (sentence) => {
          const copying = sayCopying(before > 0, sentence);
          if (!told) run.saw(entry, { sentence: copying });
          told = true;
          run.says(entry, 'active', copying);
        },
      },
    );
    if (seen?.state === 'caught-up') {
      mirror.keepsUp = true;
      return;
    }
    if (seen) throw new Blocked(seen.sentence);
  }
}

function sayCopying(stopped: boolean, left?: string): string {
  const how = left === undefined ? '' : `: ${left}`;
  return stopped
    ? `Producers were said to have stopped before the mirror keeps up, so they stand still until it has copied what is left${how}.`
    : `The mirror copies the history${how}. Let producers write on: you are asked to stop them when it keeps up.`;
}

/**
 * The target has every record that a consumer could read on the source up to its frozen end, and the mirror has stopped:
 * from here on the target has no writer until producers come.
 */
export async function caughtUp(run: Run): Promise<void> {
  await step(run, 'catchUp', async (entry) => {
    run.mirror.start();
    delete run.facts.compared;
    const seen = run.facts.ahead ? await copied(run, entry) : await mirrorEmptied(run, entry);
    if (seen.state === 'grew') throw run.reopen('producerStopped', seen.sentence);
    if (seen.state === 'contradicted') throw new Blocked(seen.sentence);
    const { sentence, mirrored } = seen;
    return {
      sentence: run.facts.ahead ? `${sentence} The mirror goes on: producers do not wait for it.` : sentence,
      data: { mirrored: readableOffsets(mirrored) },
    };
  });
}

/**
 * Everything below the frozen end is copied, the mirror has stopped, and the schemas of its last records are there too.
 * What comes to the source after that is on the source alone.
 */
export async function mirrorEmptied(run: Run, entry: Step) {
  const seen = await copied(run, entry);
  if (seen.state !== 'caught-up') return seen;
  await mirrorStopped(run);
  if (run.migration.schemas) await schemasInStep(run);
  // Connectors are stopped by another than the one that looks: what they copied on the way is looked for again.
  return mirrorKind(run.migration) === 'mirrormaker' ? copied(run, entry) : seen;
}

async function copied(run: Run, entry: Step) {
  const { ends = {}, unproved } = run.facts;
  const seen = await watching(run, entry, (slice) =>
    watch().watchMirror({
      ...slice,
      ...{ ...mirroredIn(run), to: ends, frozen: unproved === undefined },
    }),
  );
  if (seen.state === 'caught-up') run.facts.mirrored = seen.mirrored;
  return seen;
}

function mirroredIn({ facts }: Run) {
  const { partitions = {}, targetIds } = facts.mirror ?? {};
  return { partitions, ...(targetIds && { targetIds }) };
}

/** Nobody writes to the target on behalf of the mirror any more. */
export async function mirrorStopped(run: Run): Promise<void> {
  await run.mirror.stop();
  if (mirrorKind(run.migration) === 'mirrormaker') await change().stopMirror(run.work());
}

/**
 * Both clusters hold the same records. What the source still holds and could not be compared asks; what differs is for a
 * person.
 */
export async function comparedRecordByRecord(run: Run): Promise<void> {
  await step(run, 'parity', async (entry) => {
    const { ends = {}, mirrored = {}, ahead, unproved } = run.facts;
    if (ahead) {
      const why = `${ahead.by} decided that producers do not wait for the mirror (${ahead.reason}), so on ${run.migration.target} their records lie among the copied ones`;
      insist(run, neverCompared(run.migration, ends, why));
      return { sentence: `Not verified: ${why}.`, unverified: 'not-measured' };
    }
    // Once producers write to the target, what comes to the source is not mirrored any more, but asked about.
    const producersWrite = run.step('producerSwitched')?.status !== 'pending';
    const frozen = unproved === undefined && !producersWrite;
    // What was found is not read again for a person who accepts it.
    const known = run.facts.compared;
    if (known && known.asked.length > 0 && standing(known.asked, run.accepted).length === 0)
      return {
        sentence: known.sentence,
        data: { accepted: known.asked },
        unverified: 'not-measured',
      };
    delete run.facts.compared;
    const seen = await watching(run, entry, (slice) =>
      watch().watchParity({ ...slice, ends, mirrored, frozen, producersWrite }),
    );
    if (seen.state === 'grew') throw run.reopen('producerStopped', seen.sentence);
    if (seen.state === 'equal' || seen.state === 'not-proved') {
      const { sentence, report, findings: asked = [], copies } = seen;
      if (copies) run.facts.compared = { ...copies, sentence, asked };
      if (asked.length > 0) run.saw(entry, { sentence, data: report });
      insist(run, asked);
      const proved = seen.state === 'equal' && asked.length === 0;
      return { sentence, data: report, ...(!proved && { unverified: 'not-measured' }) };
    }
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
