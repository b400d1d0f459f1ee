import { z } from 'zod';
import { partitionAt, type AclBinding, type Cluster } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { formatDuration } from '../../src/migration/duration.js';
import { topicsOf, waitMs } from '../../src/migration/file.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { PlanReport } from '../../src/migration/work/plan.js';
import type { Watch, Work } from '../../src/migration/work/work.js';
import { partitionCounts } from '../../src/migration/offsets.js';
import { lateRecords, staysBehind } from '../drain/late-records.js';
import { SchemaTranslation } from '../schemas/schema-translation.js';
import { brokersAway } from '../topics/brokers-away.js';
import { DeletionRounds } from '../topics/deletion-rounds.js';
import { partitionsIn } from '../topics/planned-topics.js';
import { insistThere } from '../topics/still-there.js';
import { aclsByTopic, aclsOfTopics, aclText } from '../acls/acl-text.js';
import { attempting, type Attempt } from '../kit/attempt.js';
import type { Dependencies } from '../kit/dependencies.js';
import { finalCheck } from './final-check.js';
import { insistGone } from './gone.js';
import { lastingAt, rowAt, valueIfThere, valueOf } from '../kit/rows.js';
import { Streak } from '../kit/streak.js';
import { watch, type Seen } from '../kit/watch.js';
import { heldBackOn } from '../kit/held-back.js';
import { count, listed } from '../kit/wording.js';
import { under } from '../../src/migration/by-name.js';
import { few } from '../../src/migration/foreign-text.js';

const nothing = z.object({});
type DeletedAnswer = Exclude<Awaited<ReturnType<Activities['watchDeleted']>>, { state: 'watching' }>;

export function retireActivities(
  dependencies: Pick<Dependencies, 'clusters' | 'registries'>,
): Pick<Activities, 'finalCheck' | 'deleteSource' | 'watchDeleted'> {
  const held = ({ migration }: Work) => heldBackOn(dependencies.clusters, migration);
  const sourceOf = ({ migration }: Work) => dependencies.clusters(migration.source);
  return {
    finalCheck: (input) =>
      attempting(async (attempt) => {
        const { signal } = attempt;
        const sides = { source: sourceOf(input), target: dependencies.clusters(input.migration.target) };
        const ids = await SchemaTranslation.of(dependencies, input, signal);
        return finalCheck(sides, input, {
          ...{ asCopied: ids?.asCopied, signal },
          says: (sentence) => attempt.says(sentence),
        });
      }, held(input)),
    deleteSource: (input) =>
      attempting((attempt) => deleteSource(sourceOf(input), input, attempt), held(input)),
    async watchDeleted(input) {
      const source = sourceOf(input);
      const streak = new Streak(input.migration.waits.agreeing);
      return watch(
        input,
        nothing,
        ({ outOfPatience }) => probeDeleted(source, input, streak, outOfPatience),
        held(input),
      );
    },
  };
}

/**
 * By id, so that a topic that was made anew under the name survives (KIP-516); with it survive the ACLs of that name.
 * The coordinators drop the offsets of a deleted topic by themselves; asking for it makes it true at once.
 */
async function deleteSource(
  source: Cluster,
  work: Parameters<Activities['deleteSource']>[0],
  attempt: Attempt,
): ReturnType<Activities['deleteSource']> {
  const planned = plannedIds(source, work);
  const before = noted.safeParse(attempt.noted).data;
  // Once the topics are gone, nobody can say any more who held their replicas.
  const unseen = [...(before?.unseen ?? []), ...(await replicasAway(source, planned))];
  const rounds = new DeletionRounds(source, attempt.signal);
  for (;;) {
    // An attempt that Temporal has given up ends here. It comes before the look, since it may have to wait for Temporal.
    await attempt.note({ acls: before?.acls ?? [], unseen } satisfies Noted);
    const { there, findings, gone } = await grownSince(source, work, rounds.leftOf(planned), attempt.signal);
    const begun = gone || rounds.deleted > 0;
    const so =
      rounds.deleted > 0
        ? `Deleted ${rounds.deleted} of ${count(planned.length, 'topic')}`
        : 'Nothing was deleted';
    if (findings.length > 0) return { findings, begun, sentence: `${so}.` };
    // Where all of it is gone already, only what goes with it is left.
    if (there.length > 0 && Date.now() >= (work.closesAt ?? Infinity))
      return { sentence: `${so}: the hours are over.`, begun, closed: true };
    // One that did not show itself was not looked at either: if it is there all the same, the watch will see it.
    if (await rounds.ask(there)) break;
    attempt.says(`Has deleted ${rounds.deleted} of ${count(planned.length, 'topic')} on ${source.name}.`);
  }
  for (const { error } of rounds.rows.values()) if (error && error.type !== 'NotFound') throw error;
  const again = await namesHeldByOthers(source, planned);
  const names = planned.map(({ name }) => name).filter((name) => !again.includes(name));
  const { gone, left, kept, hidden } = await deleteAcls(source, names, work.acls, unseen, attempt);
  await deleteOffsets(source, work, new Set(names));
  return {
    sentence: [
      `Deleted ${count(planned.length, 'topic')} on ${source.name}, ${count(gone.flatMap(({ acls }) => acls).length, 'ACL')} and the committed offsets of the migration's groups.`,
      ...(again.length > 0
        ? [`${listed(again)} is there again under another id, and was left alone with its ACLs.`]
        : []),
      ...sayUnseen(source, unseen),
      ...(hidden ? [`${source.name} does not show its ACLs: those for these names are left.`] : []),
      ...(left.length > 0
        ? [
            `${count(left.length, 'ACL')} for the same names on ${source.name} ${left.length === 1 ? 'is' : 'are'} left, since no request there takes away exactly that: ${few(left.map(aclLine), 4)}; remove ${left.length === 1 ? 'it' : 'them'} by hand.`,
          ]
        : []),
      ...(kept > 0
        ? [
            `${count(kept, 'ACL')} for the same names on ${source.name}, made since the plan, ${kept === 1 ? 'is' : 'are'} left.`,
          ]
        : []),
    ].join(' '),
    acls: gone,
  };
}

/**
 * Hours may lie between the check and this, when no worker runs: what came to the source since is not deleted with the
 * rest. It is looked at before each request to delete, which follows within milliseconds; no broker can make that less.
 */
async function grownSince(
  source: Cluster,
  { migration, ends = [], accepted = [] }: Parameters<Activities['deleteSource']>[0],
  left: readonly { name: string; topicId: string }[],
  signal: AbortSignal,
): Promise<{ findings: Finding[]; gone: boolean; there: { name: string; topicId: string }[] }> {
  const byId = await source.topicsById(left.map(({ topicId }) => topicId));
  const there = left.filter(({ topicId }) => valueIfThere(byId, topicId));
  const gone = left.filter((one) => !there.includes(one));
  await insistGone(source, gone, migration, signal);
  const frozen = partitionCounts(ends);
  const topics = there.flatMap(({ name, topicId }) => (frozen.has(name) ? [valueOf(byId, topicId)] : []));
  const marks = insistThere(source, await source.watermarks(partitionsIn(topics)));
  const findings: Finding[] = [];
  for (const topic of topics) {
    const late = await lateRecords(source, ends, partitionsIn([topic]), marks);
    if (late) findings.push(staysBehind(late, migration));
  }
  return { findings: standing(findings, accepted), gone: gone.length > 0, there };
}

function plannedIds(source: Cluster, { migration, topicIds }: Work): { name: string; topicId: string }[] {
  return migration.topics.map(({ name }) => {
    const topicId = under(topicIds, name);
    if (topicId == null)
      throw new FerryError(
        'Unsupported',
        `${source.name} gave no topic id for ${name} (brokers before Kafka 2.8 have none), so it cannot be told from a topic made anew: delete it yourself with kafka-topics.sh --delete, then skip this step.`,
      );
    return { name, topicId };
  });
}

const unseenShape = z.object({ broker: z.number(), partitions: z.number(), topics: z.array(z.string()) });
type Unseen = z.infer<typeof unseenShape>;
const noted = z.object({
  acls: z.array(z.object({ topic: z.string(), acls: z.array(z.string()) })),
  /** Brokers that were away when topics were deleted of which they held replicas. */
  unseen: z.array(unseenShape),
});
type Noted = z.infer<typeof noted>;

async function replicasAway(
  source: Cluster,
  planned: readonly { name: string; topicId: string }[],
): Promise<Unseen[]> {
  const again = new Set(await namesHeldByOthers(source, planned));
  const away = await brokersAway(
    source,
    planned.map(({ name }) => name).filter((name) => !again.has(name)),
  );
  return [...away].map(([broker, partitions]) => ({
    broker,
    partitions: partitions.length,
    topics: [...new Set(partitions.map(({ topic }) => topic))],
  }));
}

/** A topic is gone when the controller has forgotten it; a broker that was away learns it when it is back. */
function sayUnseen(source: Cluster, unseen: readonly Unseen[]): string[] {
  const brokers = new Map(unseen.map((one) => [one.broker, one]));
  return [...brokers.values()].map(
    ({ broker, partitions, topics }) =>
      `Broker ${broker} of ${source.name} was away and holds ${count(partitions, 'replica')} of ${listed(topics)} that nobody has seen deleted: when it is back it may keep them on its disk in directories that end in -stray, until somebody removes those.`,
  );
}

/**
 * What is to be deleted is noted first, whole: an attempt that comes after a lost one can still say it. What the cluster then
 * left is not said to be gone.
 *
 * @param shownBefore what people were shown with the topics: what was made since then, nobody has approved. `undefined`: all.
 */
async function deleteAcls(
  source: Cluster,
  names: readonly string[],
  shownBefore: PlanReport['acls'],
  unseen: Unseen[],
  attempt: Pick<Attempt, 'noted' | 'note'>,
): Promise<{ gone: AclTable; left: readonly AclBinding[]; kept: number; hidden?: boolean }> {
  const there = await aclsOfTopics(source, names);
  // Whether there are any, and whose, nobody has seen: a person has accepted that they stay.
  if (there === 'hidden')
    return { gone: noted.safeParse(attempt.noted).data?.acls ?? [], left: [], kept: 0, hidden: true };
  const shown =
    shownBefore && new Set(shownBefore.flatMap(({ topic, acls }) => acls.map((acl) => `${topic} ${acl}`)));
  const ours = there.filter((acl) => shown?.has(aclLine(acl)) ?? true);
  const kept = there.length - ours.length;
  const doomed = merged(noted.safeParse(attempt.noted).data?.acls ?? [], aclsByTopic(ours));
  if (ours.length === 0) return { gone: doomed, left: [], kept };
  await attempt.note({ acls: doomed, unseen } satisfies Noted);
  const { left } = await source.deleteAcls(ours);
  return { gone: without(doomed, left), left, kept };
}

type AclTable = { topic: string; acls: string[] }[];

const aclLine = (acl: AclBinding): string => `${acl.resourceName} ${aclText(acl)}`;

function without(table: AclTable, left: readonly AclBinding[]): AclTable {
  const stays = new Set(left.map(aclLine));
  return table.flatMap(({ topic, acls }) => {
    const gone = acls.filter((acl) => !stays.has(`${topic} ${acl}`));
    return gone.length > 0 ? [{ topic, acls: gone }] : [];
  });
}

function merged(...tables: AclTable[]): AclTable {
  const topics = new Map<string, Set<string>>();
  for (const { topic, acls } of tables.flat())
    topics.set(topic, new Set([...(topics.get(topic) ?? []), ...acls]));
  return [...topics].map(([topic, acls]) => ({ topic, acls: [...acls] }));
}

async function deleteOffsets(
  source: Cluster,
  { migration }: Work,
  names: ReadonlySet<string>,
): Promise<void> {
  for (const consumer of migration.consumers) {
    const topics = topicsOf(migration, consumer)
      .map(({ name }) => name)
      .filter((name) => names.has(name));
    const row = rowAt(await source.committedOffsets([consumer.group]), consumer.group);
    if (row.error) throw row.error;
    const left = [...row.value.keys()].map(partitionAt).filter(({ topic }) => topics.includes(topic));
    if (left.length === 0) continue;
    for (const { error } of (await source.deleteOffsets(consumer.group, left)).values())
      if (error && error.type !== 'NotFound') throw error;
  }
}

async function namesHeldByOthers(
  source: Cluster,
  planned: readonly { name: string; topicId: string }[],
): Promise<string[]> {
  const rows = await source.topics(planned.map(({ name }) => name));
  return planned.flatMap(({ name, topicId }) => {
    // A name that the ferry may not see any more has lost its ACLs to the deletion.
    const now = lastingAt(rows, name).value;
    return now && now.topicId !== topicId ? [name] : [];
  });
}

async function probeDeleted(
  source: Cluster,
  input: Watch,
  streak: Streak,
  outOfPatience: boolean,
): Promise<Seen<DeletedAnswer, z.infer<typeof nothing>>> {
  const planned = plannedIds(source, input);
  const rows = await source.topicsById(planned.map(({ topicId }) => topicId));
  const there = planned.filter(({ topicId }) => valueIfThere(rows, topicId));
  if (there.length > 0) {
    streak.broken();
    const says = `${listed(there.map(({ name }) => name))} is still on ${source.name}`;
    if (!outOfPatience) return { says, carry: {} };
    return {
      answer: {
        state: 'contradicted',
        sentence: `${says} after ${formatDuration(waitMs(input.migration, 'patience'))}: a broker with one of its replicas may be down; bring it back, then retry.`,
      },
    };
  }
  const recreated = await namesHeldByOthers(source, planned);
  if (!streak.saw(recreated.join(' '))) return { says: 'gone, looking again', carry: {}, confirming: true };
  return {
    answer: {
      state: 'gone',
      recreated,
      sentence: await sayGone(source, planned, recreated),
    },
  };
}

async function sayGone(
  source: Cluster,
  planned: readonly { name: string; topicId: string }[],
  recreated: readonly string[],
): Promise<string> {
  const gone = `${count(planned.length, 'topic id')} gone from ${source.name}.`;
  if (recreated.length === 0) return gone;
  const rows = await source.topics(recreated);
  const again = planned
    .filter(({ name }) => recreated.includes(name))
    .map(({ name, topicId }) => `${name} (was ${topicId}, is ${rows.get(name)?.value?.topicId})`);
  return `${gone} A client that still asks for it has made ${listed(again)} anew: find it and stop it, then delete that topic.`;
}
