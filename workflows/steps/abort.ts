import { mirrorKind } from '../../src/migration/file.js';
import { named } from '../../src/migration/foreign-text.js';
import { inFull } from '../../src/migration/listed.js';
import type { TargetOffsets } from '../../src/migration/offsets.js';
import { currentStep, isPassed, type Outcome, type Step } from '../../src/migration/state.js';
import { stepKind } from '../../src/migration/strategies.js';
import { change, look } from './activities.js';
import type { Run } from './run.js';
import { leaveImport } from './importing.js';
import { step } from './step.js';

/**
 * Ends an aborted migration. What the migration made is taken back, newest first, as long as no producer has written
 * to the target; after that both sides stay as they are and a person decides.
 */
export async function takeBack(run: Run): Promise<Outcome> {
  await run.mirror.end();
  run.mirror.told();
  if (!run.step('undo')) {
    const at = currentStep(run.state);
    if (at) run.close(at, 'skipped', { sentence: `Aborted here by ${run.state.abort?.by ?? 'somebody'}.` });
    run.state.decision = null;
    run.state.steps.push({ id: 'undo', title: stepKind('undo').title, status: 'pending', evidence: [] });
  }
  const undone: string[] = [];
  let left: string[] = [];
  await step(run, 'undo', async () => {
    await leaveImport(run);
    const { made, translated } = run.facts;
    const mirrored = provedCopies(run);
    // It may have made something even if it failed on the way.
    const mirror =
      run.step('startMirror')?.startedAt !== undefined && run.step('removeMirror')?.status !== 'done';
    if (mirror && mirrorKind(run.migration) === 'mirrormaker') await change().stopMirror(run.work());
    const start = run.facts.start ?? mirrored ?? {};
    const { partitions } = run.facts.mirror ?? {};
    // Of a mirror whole logs may have to be compared.
    const { written, mirrored: copied = mirrored } = await look().targetWrites({
      ...{ ...run.work(), start },
      ...(mirror && partitions && { partitions }),
    });
    if (written.length > 0) {
      left = [
        ...written,
        `Decide what to do with them: they are only on ${run.migration.target}, so nothing there was taken back.`,
        ...(mirror ? ['What the mirror keeps there is left too: it knows where each record went.'] : []),
        ...schemasStay(run),
        ...goneOn(run),
      ];
      return {
        sentence: 'The target has been written to: both clusters are left as they are.',
        data: { left },
      };
    }
    const undo = await change().undo({
      ...{ ...run.work(), made },
      ...(copied && { mirrored: copied }),
      ...(translated && { translated }),
    });
    undone.push(...undo.undone);
    left = [...undo.left, ...schemasStay(run), ...goneOn(run)];
    // Last, because its map tells the mirror's records from those of a producer.
    if (mirror) undone.push((await change().removeMirror(run.work())).sentence);
    return {
      sentence: undone.length > 0 ? undone.join(' ') : 'There was nothing to take back.',
      data: { undone, left },
    };
  });
  if (run.step('undo')?.status === 'skipped')
    left = [`What the migration made on ${run.migration.target} was not taken back.`];
  const why = run.state.abort?.note ? ` (${run.state.abort.note})` : '';
  run.state.outcome = {
    result: 'aborted',
    at: run.now(),
    sentence:
      left.length > 0
        ? `Aborted${why}. Left for a person to decide: ${inFull(left, ' ')}`
        : `Aborted${why}. The source is as it was.`,
    undone,
    left,
  };
  run.show();
  return run.state.outcome;
}

/**
 * Up to where the target holds nothing but copies. The engine knows by its map. Of MirrorMaker it is known where the target
 * ended, whoever had written there, until parity has found both clusters equal up to that.
 */
function provedCopies(run: Run): TargetOffsets | undefined {
  const { mirrored, compared } = run.facts;
  if (mirrorKind(run.migration) === 'engine') return mirrored;
  const parity = run.step('parity');
  return compared && parity?.status === 'done' && !parity.unverified ? mirrored : undefined;
}

/** What a registry has given an id it keeps bound to that for ever, and whether anybody has used it since nobody can tell. */
function schemasStay(run: Run): string[] {
  const { schemas } = run.migration;
  const copied = run.step('copySchemas');
  if (!schemas || copied?.startedAt === undefined || copied.status === 'skipped') return [];
  const { registered, versions } = copiedOf(copied);
  const many =
    versions === undefined
      ? ''
      : ` (${versions} versions, ${registered} of them registered when the step closed)`;
  return [
    `The schemas that were copied to ${schemas.target} stay there${many}: nothing tells whether an application uses one by now. Delete by hand what nobody needs.`,
  ];
}

/** What the step has kept of its copy; nothing when it has not closed. */
function copiedOf({ evidence }: Step): { registered?: number; versions?: number } {
  const data = evidence.at(-1)?.data as { copied?: { registered?: number; versions?: number } } | undefined;
  return data?.copied ?? {};
}

/** Groups that have stopped on the source, and may have processed on the target what they have not processed there. */
function goneOn(run: Run): string[] {
  const { source, target } = run.migration;
  const parts = run.step('consumerStopped')?.parts ?? [];
  const groups = inFull(parts.flatMap((part) => (isPassed(part) ? [named(part.name)] : [])));
  return groups === ''
    ? []
    : [
        `Where ${groups} went on on ${target}, set the offsets on ${source} to what has been processed before it starts there again, or that is processed twice.`,
      ];
}
