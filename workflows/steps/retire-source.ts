import { patched } from '@temporalio/workflow';
import { formatDuration } from '../../src/migration/duration.js';
import { waitMs } from '../../src/migration/file.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { closesFor } from '../../src/migration/membership.js';
import type { Step } from '../../src/migration/state.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { Proved } from '../../src/migration/work/retire.js';
import type { Work } from '../../src/migration/work/work.js';
import { change, look, watch } from './activities.js';
import { drainedTo } from './drain.js';
import { humanStep } from './human-step.js';
import { producersStep } from './producers.js';
import type { Run } from './run.js';
import { insist } from './insist.js';
import { step } from './step.js';
import { Blocked, Interrupted } from './turns.js';
import { watching, watchingUntil } from './watching.js';

/** Last step, always: after a soak, and approved by exact name with fresh checks, the source topics are deleted and proved gone. */
export async function retireSource(run: Run): Promise<void> {
  await soaked(run);
  await deletionApproved(run);
  await sourceDeleted(run);
}

async function soaked(run: Run): Promise<void> {
  await step(run, 'soak', async (entry) => {
    const length = waitMs(run.migration, 'soak');
    const until = Date.parse(entry.startedAt ?? run.now()) + length;
    run.says(
      entry,
      'active',
      `Soaking for ${formatDuration(length)}, until ${new Date(until).toISOString()}.`,
    );
    if (Date.now() < until) await sourceStaysQuiet(run, until);
    await run.goAhead();
    return { sentence: `Soaked for ${formatDuration(length)}.` };
  });
}

/** A record that comes while the source soaks opens the producers' step again at once, or asks where that is no use. */
async function sourceStaysQuiet(run: Run, until: number): Promise<void> {
  const { ends = {}, unproved } = run.facts;
  // A source that was never seen quiet may go on as it was: what has come is asked about before the deletion.
  if (unproved || !patched('soak-watched')) {
    await run.until(() => false, { ms: until - Date.now(), summary: 'soaks' });
    return;
  }
  const seen = await watchingUntil(run, until, (slice) => watch().watchSoak({ ...slice, ends }));
  if (seen?.state === 'grew') throw run.reopen(producersStep(run), seen.sentence);
  if (seen?.state === 'contradicted') throw new Blocked(seen.sentence);
  if (seen) insist(run, seen.findings);
}

const isGrowth = ({ key }: Finding): boolean => key.startsWith('grew:');

/** Reads everything afresh. Records that came late open the producers' step again: nobody has consumed them. */
async function finalCheck(run: Run) {
  const seen = await checkedNow(run);
  const late = seen.findings.find(isGrowth);
  if (late) throw run.reopen(producersStep(run), late.sentence);
  return seen;
}

/** Where logs of copies begin later by now, whole partitions are read, which takes as long as they are large. */
function checkedNow(run: Run) {
  const work = provedSoFar(run);
  return patched('final-check-stops')
    ? run.stoppable(() => look().finalCheck(work))
    : change().finalCheck(work);
}

function provedSoFar(run: Run): Work & Proved {
  const { ends = {}, unproved, marks, doubled, mirrored } = run.facts;
  const drained = drainedTo(run);
  const copies = comparedCopies(run);
  return {
    ...run.work(),
    ...{ ends, unproved: unproved !== undefined },
    ...(drained && { drained }),
    ...(marks && { marks }),
    ...(doubled && { doubled }),
    ...(mirrored && { mirrored }),
    ...(copies && { copies }),
  };
}

/** What an earlier reading had found is no word for a comparison that was left out then. */
function comparedCopies(run: Run): Proved['copies'] {
  const { compared } = run.facts;
  if (!compared || run.step('parity')?.status !== 'done') return undefined;
  const { logStarts, topicIds, lastEpochs } = compared;
  return { logStarts, topicIds, ...(lastEpochs && { lastEpochs }) };
}

async function deletionApproved(run: Run): Promise<void> {
  await humanStep(run, 'deletionApproved', {
    toKnow: (topics) => aclsThatGo(run, topics),
    check: async (_topics, entry) => {
      const { findings, sentence, manifest } = await finalCheck(run);
      if (standing(findings, run.accepted).length > 0)
        for (const part of entry.parts ?? []) delete part.claim;
      insist(run, findings);
      return { agrees: true, sentence, data: { manifest, findings } };
    },
  });
}

const aclsShown = 10;

/** The deletion takes the ACLs of a topic with it, whoever made them. */
function aclsThatGo({ facts, migration }: Run, topics: readonly string[]): string {
  const all = (facts.acls ?? []).flatMap(({ topic, acls }) =>
    topics.includes(topic) ? acls.map((acl) => (topics.length === 1 ? acl : `${topic}: ${acl}`)) : [],
  );
  if (all.length === 0) return '';
  const more = all.length > aclsShown ? `; and ${all.length - aclsShown} more` : '';
  return `With it go the ACLs for ${topics.length === 1 ? 'that name' : 'these names'} on ${migration.source}, whoever made them, ${all.length} in all (${all.slice(0, aclsShown).join('; ')}${more}). They are kept in the evidence, so that they can be put back; one that was made since the plan stays.`;
}

async function sourceDeleted(run: Run): Promise<void> {
  if (run.step('deletionApproved')?.status === 'skipped') {
    const entry = run.step('deleteSource');
    if (entry?.status === 'pending')
      run.close(entry, 'skipped', { sentence: 'The topics stay on the source.' });
    return;
  }
  await step(run, 'deleteSource', async (entry) => {
    await mayDelete(run, entry);
    const { ends, unproved, acls: listed } = run.facts;
    const closesAt = closesFor(run.state.fleet, 'deletions', Date.now());
    const {
      sentence,
      findings = [],
      begun,
      closed,
      acls,
    } = await change().deleteSource({
      ...run.work(),
      ...(ends && { ends }),
      ...(listed && { acls: listed }),
      ...(closesAt !== undefined && { closesAt }),
    });
    const [late] = standing(findings, run.accepted);
    if ((late || closed) && !begun) delete run.facts.deletingSince;
    if (late && !begun) {
      const mended = !isMirrored(run.migration.strategy) && !unproved;
      throw run.reopen(mended ? producersStep(run) : 'deletionApproved', late.sentence);
    }
    if (closed) {
      // By the clock of a worker, which may be ahead.
      const left = (closesAt ?? 0) - Date.now();
      if (left > 0) await run.until(() => false, { ms: left, summary: 'until the hours are over' });
      throw new Interrupted();
    }
    insist(run, findings);
    run.facts.deletedAt = run.now();
    const seen = await watching(run, entry, (slice) => watch().watchDeleted(slice));
    if (seen.state === 'contradicted') throw new Blocked(seen.sentence);
    return {
      sentence: `${sentence} ${seen.sentence}`,
      data: { recreated: seen.recreated, ...(acls && { acls }) },
    };
  });
}

/** A patch: before, the hours were asked for once, and a deletion that was tried again asked for nothing. */
const deletesInHours = 'deletes-in-hours';

/**
 * Waits for the hours, and looks at everything afresh directly before each deletion: the approval may be older than a
 * pause or a failure by now, the look itself takes minutes, and what failed is tried again whenever a person says so.
 */
async function mayDelete(run: Run, entry: Step): Promise<void> {
  const begun = run.facts.deletingSince !== undefined;
  // What the source has taken on is only seen to its end.
  if (begun && (run.facts.deletedAt !== undefined || !patched(deletesInHours))) return;
  do {
    if (run.isHeldBack('deletions')) await run.inHours(entry, 'deletions', 'deletes from');
    await (begun ? insistOnTheRest(run) : insistOnAll(run));
  } while (run.isHeldBack('deletions') && patched(deletesInHours));
  run.insistUndisturbed();
  run.facts.deletingSince ??= run.now();
}

async function insistOnAll(run: Run): Promise<void> {
  const { findings } = await finalCheck(run);
  const [left] = standing(findings, run.accepted);
  if (left) throw run.reopen('deletionApproved', left.sentence);
}

/** Some of it may be gone, so that nothing before can be done anew: what is found asks here. Late records: the deletion asks. */
async function insistOnTheRest(run: Run): Promise<void> {
  const { findings } = await checkedNow(run);
  insist(
    run,
    findings.filter((finding) => !isGrowth(finding)),
  );
}
