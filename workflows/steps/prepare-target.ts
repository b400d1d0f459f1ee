import { targetName } from '../../src/migration/file.js';
import { peopleMakeTopics } from '../../src/migration/state.js';
import { readableOffsets } from '../../src/migration/offsets.js';
import { change } from './activities.js';
import { held } from './holds.js';
import { humanStep } from './human-step.js';
import { listenFor } from './listen.js';
import type { Run } from './run.js';
import { schemasCopied } from './schemas.js';
import { insist } from './insist.js';
import { step } from './step.js';

/**
 * First step, always: the topics on the target with configuration, ACLs and schemas, and a starting offset for every
 * group, unless the strategy brings the history along: then groups go on at their own offsets.
 */
export async function prepareTarget(run: Run): Promise<void> {
  await planChecked(run);
  await topicsCreated(run);
  await aclsCopied(run);
  await schemasCopied(run);
  await offsetsSeeded(run);
}

/** A migration may come from the web UI, so what `ferry plan` checks is checked here as well. */
async function planChecked(run: Run): Promise<void> {
  await step(run, 'checkPlan', async () => {
    const { findings, will, topicIds, acls, elsewhere, byPeople, offsetsKeptMs } = await change().checkPlan(
      run.work(),
    );
    insist(run, findings);
    if (byPeople) {
      peopleMakeTopics(run.state);
      listenFor(run, 'topicCreated');
    }
    run.facts.topicIds = topicIds;
    if (acls) run.facts.acls = acls;
    if (elsewhere) run.facts.elsewhere = elsewhere;
    if (offsetsKeptMs !== undefined) run.facts.offsetsKeptMs = offsetsKeptMs;
    await held(run);
    // Who started it from the web UI has not seen what `ferry plan` notes.
    const other = findings.find(({ key }) => key === 'other-strategy');
    return {
      sentence: ['The plan holds.', ...(other ? [other.sentence] : [])].join(' '),
      data: { will, findings },
    };
  });
}

async function topicsCreated(run: Run): Promise<void> {
  await humanStep(run, 'topicCreated', {
    check: async (created) => {
      const topics = run.migration.topics
        .filter((topic) => created.includes(targetName(topic)))
        .map(({ name }) => name);
      const { findings, sentence } = await change().compareTopics({ ...run.work(), topics });
      const wrong = findings.filter(({ weight }) => weight !== 'notes');
      return wrong.length > 0
        ? { agrees: false, sentence: wrong.map((finding) => finding.sentence).join(' ') }
        : { agrees: true, sentence };
    },
  });
  await step(run, 'createTopics', async () => {
    const { made, findings, sentence } = await change().createTopics(run.work());
    const known = new Set(run.facts.made.topics.map(({ name }) => name));
    run.facts.made.topics.push(...made.filter(({ name }) => !known.has(name)));
    insist(run, findings);
    return { sentence, data: { made, findings } };
  });
}

async function aclsCopied(run: Run): Promise<void> {
  await step(run, 'copyAcls', async () => {
    const { made, created = made.length, findings, sentence } = await change().copyAcls(run.work());
    run.facts.made.acls.push(...made);
    insist(run, findings);
    return { sentence, data: { made: created, findings } };
  });
}

async function offsetsSeeded(run: Run): Promise<void> {
  await step(run, 'seedOffsets', () => seed(run));
}

/** Commits what is missing; the first time decides where groups start, later times keep to it (offsets of empty groups expire). */
async function seed(run: Run) {
  const { start: decided, made: before } = run.facts;
  const { start, made, findings, sentence } = await change().seedOffsets({
    ...{ ...run.work(), made: before.offsets },
    ...(decided && { start: decided }),
  });
  for (const one of made) run.madeOffsets(one);
  // A group that was refused is no reason to let those start elsewhere that were not.
  if (made.length > 0) run.facts.start = start;
  insist(run, findings);
  run.facts.start = start;
  return { sentence, data: { start: readableOffsets(start), findings } };
}

/** Looks after the starting offsets while people take their time. */
export const keepOffsets = (run: Run) => async (): Promise<void> => {
  if (run.facts.start) await seed(run);
};
