import { partitionKey, type Cluster, type Committed, type TopicPartition } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { targetGroup, targetName, type Migration } from '../../src/migration/file.js';
import { offsetAt, type TargetOffsets } from '../../src/migration/offsets.js';
import { unpackAcls } from '../../src/migration/packed-acls.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { MadeAcl } from '../../src/migration/work/acls.js';
import { unpackTranslated } from '../../src/migration/translated.js';
import type { MadeOffsets, TranslatedGroup } from '../../src/migration/work/offsets.js';
import type { MadeTopic } from '../../src/migration/work/topics.js';
import type { Provisioner } from '../../src/provision/provisioner.js';
import { aclKey } from '../acls/acl-plan.js';
import type { Attempt } from '../kit/attempt.js';
import type { Dependencies } from '../kit/dependencies.js';
import { provisionerOf } from '../kit/provisioning.js';
import { readCommitted } from '../groups/group-reading.js';
import { isOpaque, liveReaders, membersReading } from '../groups/membership.js';
import { settledGroups } from '../groups/settled.js';
import {
  hasOldMark,
  isAsMade,
  madeOf,
  topicsMade,
  unpackCommits,
  type MadeCommit,
} from '../offsets/made-commits.js';
import { readEnds, type Ends } from '../offsets/offset-reading.js';
import { DeletionRounds } from '../topics/deletion-rounds.js';
import { partitionsIn } from '../topics/planned-topics.js';
import { lastingAt, valueIfThere, valueOf } from '../kit/rows.js';
import { mirroredOffsets, recordsBeyond } from '../offsets/target-writes.js';
import { count, listed } from '../kit/wording.js';
import { Taken, type TakenTopic } from './taken-back.js';

interface Undone {
  undone: string[];
  left: string[];
  taken: Taken;
}

/**
 * Takes back what the migration made on the target: offsets, then ACLs, then topics, each newest first. Only what is
 * still as it was made is touched; the rest is left and named. What is gone already needs nothing, so that a second
 * call ends where the first did; an attempt that comes after a lost one says what that one took back as well.
 */
export async function undo(
  dependencies: Dependencies,
  { migration, made, mirrored = [], translated = [] }: Parameters<Activities['undo']>[0],
  attempt: Attempt,
): ReturnType<Activities['undo']> {
  const target = dependencies.clusters(migration.target);
  const done: Undone = { undone: [], left: [], taken: new Taken(attempt) };
  attempt.says(`Takes back offsets, ACLs and topics on ${target.name}.`);
  const unseen = await undoOffsets(
    target,
    migration.name,
    [
      ...translatedOffsets(migration, translated),
      ...made.offsets.toReversed().map((one) => seededOffsets(migration, one)),
    ],
    done,
  );
  attempt.signal.throwIfAborted();
  await undoAcls(
    target,
    provisionerOf(dependencies, migration.target),
    unpackAcls(migration.topics.map(targetName), made.acls),
    done,
  );
  attempt.signal.throwIfAborted();
  await undoTopics(
    target,
    made.topics.toReversed(),
    await mirroredOffsets(target, migration, mirrored),
    unseen,
    done,
    attempt.signal,
  );
  return { undone: done.undone, left: done.left };
}

/** Commits of one group on the target, by `partitionKey` there. */
interface GroupCommits {
  group: string;
  topics: string[];
  commits: ReadonlyMap<string, MadeCommit>;
}

function seededOffsets(migration: Migration, made: MadeOffsets): GroupCommits {
  return {
    group: made.group,
    topics: [...topicsMade(migration, made).keys()],
    commits: unpackCommits(migration, made),
  };
}

function translatedOffsets(migration: Migration, translated: readonly TranslatedGroup[]): GroupCommits[] {
  const names = new Map(migration.topics.map((move) => [move.name, targetName(move)]));
  const groups = new Map(migration.consumers.map((move) => [move.group, targetGroup(move)]));
  return unpackTranslated(migration, translated).map(({ group, partitions }) => {
    const onTarget = partitions.map((one) => ({
      ...one,
      topic: names.get(one.topic) ?? one.topic,
    }));
    return {
      group: groups.get(group) ?? group,
      topics: [...new Set(onTarget.map(({ topic }) => topic))],
      commits: new Map(onTarget.map((one) => [partitionKey(one), madeOf(one)])),
    };
  });
}

/**
 * A commit is the ferry's as long as it is as it was made: a consumer that has processed a record has replaced it.
 *
 * @returns groups by topic that have commits of their own there although nobody ever joined them: their consumers assign
 * partitions to themselves, and may run.
 */
async function undoOffsets(
  target: Cluster,
  migration: string,
  made: readonly GroupCommits[],
  { undone, left, taken }: Undone,
): Promise<Map<string, string[]>> {
  const unseen = new Map<string, string[]>();
  if (made.length === 0) return unseen;
  const names = [...new Set(made.flatMap(({ topics }) => topics))];
  const topics = await target.topics(names);
  const partitionsOf = (topic: string) => {
    const facts = valueIfThere(topics, topic);
    return facts ? partitionsIn([facts]) : [];
  };
  const wanted = new Map<string, TopicPartition[]>();
  const commitsOf = new Map<string, Map<string, MadeCommit>>();
  for (const { group, topics, commits } of made) {
    const known = new Set((wanted.get(group) ?? []).map(({ topic }) => topic));
    const more = topics.filter((topic) => !known.has(topic)).flatMap(partitionsOf);
    wanted.set(group, [...(wanted.get(group) ?? []), ...more]);
    commitsOf.set(group, new Map([...(commitsOf.get(group) ?? []), ...commits]));
  }
  const [committed, described] = await Promise.all([
    readCommitted(target, [...wanted.keys()], wanted),
    target.describeGroups([...wanted.keys()]),
  ]);
  for (const [group, partitions] of wanted) {
    const commits = valueIfThere(committed, group) ?? new Map<string, Committed>();
    const held = partitions.filter((at) => commits.has(partitionKey(at)));
    const own = held.filter((at) => {
      const found = commits.get(partitionKey(at));
      const asMade = commitsOf.get(group)?.get(partitionKey(at));
      return (
        found !== undefined &&
        (hasOldMark(found, migration) || (asMade !== undefined && isAsMade(found, asMade)))
      );
    });
    if (held.length > own.length && lastingAt(described, group).value?.neverJoined)
      for (const topic of new Set(held.filter((at) => !own.includes(at)).map((at) => at.topic)))
        unseen.set(topic, [...(unseen.get(topic) ?? []), group]);
    if (held.length > own.length)
      left.push(
        `${group} has committed offsets of its own on ${target.name} for ${count(held.length - own.length, 'partition')}: they are left.`,
      );
    const doomed = await taken.offsets(group, own.length);
    const rows = own.length > 0 ? await target.deleteOffsets(group, own) : new Map<string, never>();
    const refused = [...rows.keys()].flatMap((key) => lastingAt(rows, key).error ?? []);
    if (refused.length < doomed)
      undone.push(
        `Deleted the starting offsets of ${group} on ${target.name} (${count(doomed - refused.length, 'partition')}).`,
      );
    if (refused[0])
      left.push(`Starting offsets of ${group} on ${target.name} are left: ${refused[0].message}`);
  }
  return unseen;
}

async function undoAcls(
  target: Cluster,
  provisioner: Provisioner,
  made: readonly MadeAcl[],
  { undone, taken }: Undone,
): Promise<void> {
  if (made.length === 0) return;
  const keys = new Set(made.map(aclKey));
  const rights = await provisioner.rights();
  if (rights === 'hidden')
    throw new FerryError(
      'Unauthorized',
      `${target.name} does not show the ferry its ACLs any more, so ${count(made.length, 'ACL')} that it made cannot be taken back: grant it DESCRIBE and ALTER on the cluster, then retry.`,
    );
  const there = rights?.filter((right) => keys.has(aclKey(right))) ?? [];
  const doomed = await taken.acls(there.length);
  const left = there.length > 0 ? there.length - (await provisioner.takeBack(there)) : 0;
  if (left < doomed) undone.push(`Deleted ${count(doomed - left, 'ACL')} on ${target.name}.`);
}

/**
 * A topic is taken back only when its id is the one that was made, nothing but a mirror ever wrote to it, and nobody reads
 * it.
 */
async function undoTopics(
  target: Cluster,
  made: readonly MadeTopic[],
  mirrored: TargetOffsets,
  unseen: ReadonlyMap<string, string[]>,
  { undone, left, taken }: Undone,
  signal: AbortSignal,
): Promise<void> {
  if (made.length === 0) return;
  const topics = await target.topics(made.map(({ name }) => name));
  const ours: { name: string; topicId: string }[] = [];
  for (const { name, topicId } of made) {
    const there = valueIfThere(topics, name);
    const before = taken.topic(name);
    if (before && (!there || there.topicId !== topicId)) undone.push(sayTopic(target, before));
    if (!there) continue;
    if (topicId !== null && there.topicId === topicId) ours.push({ name, topicId });
    else
      left.push(
        `${name} on ${target.name} is left: ${topicId === null ? 'the broker has no topic ids, so nothing proves that it is the one that was made' : 'it was deleted and created again by somebody else'}.`,
      );
  }
  if (ours.length === 0) return;
  const kept = new Set<string>();
  const keep = (name: string, why: string): void => {
    kept.add(name);
    left.push(`${name} on ${target.name} is left: ${why}.`);
  };
  const endsOf = (some: readonly { name: string }[]) =>
    readEnds(target, partitionsIn(some.map(({ name }) => valueOf(topics, name))), { going: true });
  /** Those to which nobody but a mirror has written, and whether they hold what that has copied. */
  const unwritten = async <T extends { name: string }>(some: readonly T[]) => {
    const ends = await endsOf(some);
    const written = await writtenByOthers(target, ends, mirrored);
    return some.flatMap((one) => {
      const partitions = written.filter(({ topic }) => topic === one.name);
      if (partitions.length > 0)
        keep(one.name, `it has got records since it was made, in ${count(partitions.length, 'partition')}`);
      const held = ends.some(({ topic, highWatermark }) => topic === one.name && highWatermark > 0n);
      return partitions.length > 0 ? [] : [{ ...one, held }];
    });
  };
  const rounds = new DeletionRounds(target, signal);
  const going = new Map<string, TakenTopic>();
  for (;;) {
    const rest = rounds.leftOf(ours).filter(({ name }) => !kept.has(name));
    if (rest.length === 0) break;
    const readers = await readersByTopic(target, new Set(rest.map(({ name }) => name)), signal);
    const doomed = (await unwritten(rest)).filter(({ name }) => {
      const groups = readers.get(name) ?? [];
      const hidden = unseen.get(name) ?? [];
      if (groups.length > 0) keep(name, listed(groups));
      else if (hidden.length > 0)
        keep(
          name,
          `${listed(hidden)} has committed there without ever having had a member, as consumers do that assign partitions to themselves, and may run`,
        );
      return groups.length === 0 && hidden.length === 0;
    });
    if (doomed.length === 0) break;
    for (const { name, held } of doomed) going.set(name, { name, held });
    await taken.topics([...going.values()]);
    // The note may have had to wait for Temporal.
    if (await rounds.ask(await unwritten(doomed))) break;
  }
  for (const [name, one] of going) {
    if (kept.has(name)) continue;
    const { error } = lastingAt(rounds.rows, name);
    if (error) left.push(`${name} on ${target.name} is left: ${error.message}`);
    else undone.push(sayTopic(target, one));
  }
}

const sayTopic = (target: Cluster, { name, held }: TakenTopic): string =>
  held
    ? `Deleted the topic ${name} on ${target.name}, which held nothing but what the mirror had copied.`
    : `Deleted the empty topic ${name} on ${target.name}.`;

/** Partitions that hold records, other than a mirror's: where nobody has mirrored, any offset counts. */
async function writtenByOthers(
  target: Cluster,
  ends: readonly Ends[],
  mirrored: TargetOffsets,
): Promise<TopicPartition[]> {
  const [copied, others] = [true, false].map((is) =>
    ends.filter(({ topic, partition }) => (offsetAt(mirrored, topic, partition) !== undefined) === is),
  ) as [Ends[], Ends[]];
  return [
    ...(await recordsBeyond(target, copied, mirrored)),
    ...others.filter(({ highWatermark }) => highWatermark > 0n),
  ];
}

/** By topic, for each live group with a member that has or wants it, or of which that cannot be told: what it does. */
async function readersByTopic(
  target: Cluster,
  topics: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Map<string, string[]>> {
  const live = liveReaders(await target.groups());
  const readers = new Map<string, string[]>();
  if (live.length === 0) return readers;
  const described = await settledGroups(target, live, { signal });
  for (const group of live) {
    const { value: facts, error } = lastingAt(described, group);
    if (error?.type === 'NotFound') continue;
    for (const topic of topics) {
      const members = membersReading(facts, new Set([topic]));
      if (facts && members.length === 0) continue;
      const says = members.every(isOpaque) ? `${group} may read it, nobody can tell` : `${group} reads it`;
      readers.set(topic, [...(readers.get(topic) ?? []), says]);
    }
  }
  return readers;
}
