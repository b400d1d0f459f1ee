import {
  partitionAt,
  partitionKey,
  type Cluster,
  type GroupFacts,
  type TopicPartition,
} from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { topicsOf, type Migration } from '../../src/migration/file.js';
import { readersOf, topicsWithoutGroup } from '../drain/drain-findings.js';
import { isPending, readCommitted, topicsOfMembers } from './group-reading.js';
import { liveReaders } from './membership.js';
import { isRebalancing, settledGroups } from './settled.js';
import { lastingAt } from '../kit/rows.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

export interface SourceGroups {
  findings: Finding[];
  /** Groups of the file that read other topics as well. */
  elsewhere: { group: string; sentence: string }[];
  /** What groups of the file have committed beside their offsets on these partitions, each text once, in characters. */
  metadata: number;
}

/** What one group has to do with the migration's topics. */
interface Reader {
  group: string;
  /** Partitions with a commit, by topic. */
  commits: Map<string, number>;
  /** A transaction that is open commits for it. */
  pending: boolean;
  members: number;
  neverJoined: boolean;
}

/**
 * Compares the groups that read the migration's topics on the source with those that the file knows: one that is
 * missing there would be left behind unseen, and one that reads nothing may be misspelt.
 */
export async function surveySourceGroups(
  source: Cluster,
  migration: Migration,
  partitions: readonly TopicPartition[],
): Promise<SourceGroups> {
  const listing = await source.groups();
  const known = new Map(listing.map((group) => [group.group, group]));
  const inFile = new Set(migration.consumers.map(({ group }) => group));
  const leftBehind = new Set(migration.leaveBehind.groups);
  const topics = new Set(migration.topics.map(({ name }) => name));

  const asked = [...new Set([...known.keys(), ...inFile])].filter((group) => !leftBehind.has(group));
  // Share groups keep their positions elsewhere (KIP-932): OffsetFetch does not know them.
  const committing = asked.filter((group) => known.get(group)?.protocol !== 'share');
  const committed = await readCommitted(source, committing, partitions);
  const findings: Finding[] = [];
  const commits = new Map<string, Map<string, number>>();
  const pending = new Set<string>();
  for (const group of committing) {
    const row = committed.get(group);
    // A commit on these partitions is there, or will be: the group reads them, and what waits for it says so.
    if (row?.error && isPending(row)) {
      pending.add(group);
      if (inFile.has(group)) findings.push(noting(`commit-pending:${group}`, row.error.message));
    } else if (row?.error) findings.push(unreadable(group, row.error.message, inFile.has(group)));
    commits.set(group, countByTopic(row?.value?.keys() ?? []));
  }

  const live = new Set(liveReaders(listing));
  const sharing = new Set(
    asked.filter((group) => known.get(group)?.protocol === 'share' && !inFile.has(group)),
  );
  findings.push(...(await shareGroupsNotInFile(source, [...sharing], partitions)));
  const toDescribe = asked.filter(
    (group) =>
      !sharing.has(group) &&
      (inFile.has(group) || live.has(group) || pending.has(group) || commits.get(group)?.size),
  );
  const described = await settledGroups(source, toDescribe);
  const facts = new Map<string, GroupFacts>();
  for (const group of toDescribe) {
    const row = lastingAt(described, group);
    if (row.error) findings.push(unreadable(group, row.error.message, inFile.has(group)));
    else facts.set(group, row.value);
  }

  // Of a topic that may not be seen nothing is known, which is told of the topic.
  const seen = new Set(partitions.map(({ topic }) => topic));
  for (const { group, topics: named } of migration.consumers) {
    const reads = commits.get(group) ?? new Map<string, number>();
    const of = topicsOf(migration, { group, topics: named, isolation: 'read_uncommitted' });
    if (committed.get(group)?.error || of.some(({ name }) => reads.has(name) || !seen.has(name))) continue;
    findings.push(
      asking(
        `group-without-commit:${group}`,
        known.has(group)
          ? `${group} has no committed offset for ${listed(of.map(({ name }) => name))} on ${source.name}, so nothing can prove that it has consumed them: check its topics, or accept it.`
          : `There is no group ${group} on ${source.name}: check its id, or accept it if it is new.`,
      ),
    );
  }
  for (const { group, topics: own } of readersOf(migration)) {
    const others = new Set([...topics].filter((topic) => !own.includes(topic)));
    const described = facts.get(group);
    const wants = described ? topicsOfMembers(described, others) : new Set<string>();
    for (const topic of others) {
      const held = commits.get(group)?.get(topic) ?? 0;
      if (held > 0 || wants.has(topic))
        findings.push(topicNotInFile(group, topic, held, source.name, migration.target));
    }
  }
  for (const move of migration.consumers)
    if (
      facts.get(move.group)?.neverJoined &&
      move.commitsEvery === undefined &&
      (commits.get(move.group)?.size ?? 0) > 0
    )
      findings.push(
        noting(
          `commits-without-member:${move.group}`,
          `Nobody has ever joined ${move.group} on ${source.name}, which has commits: its consumers assign partitions to themselves (Flink, Spark, a pinned consumer), or a tool made the commits. Whether it runs will be told by its commits alone, which have to be still for ${migration.waits.quiet} (waits.quiet): if it commits less often, say commitsEvery in the file.`,
        ),
      );
  for (const group of asked) {
    if (inFile.has(group) || sharing.has(group)) continue;
    const reader: Reader = {
      group,
      commits: commits.get(group) ?? new Map<string, number>(),
      pending: pending.has(group),
      members: facts.get(group)?.members.length ?? 0,
      neverJoined: facts.get(group)?.neverJoined ?? false,
    };
    const described = facts.get(group);
    const wants = described ? topicsOfMembers(described, topics) : new Set<string>();
    if (reader.commits.size > 0 || reader.pending || wants.size > 0)
      findings.push(notInFile(reader, wants, source.name));
    else if (isRebalancing(described))
      findings.push(
        noting(
          `members-unknown:${group}`,
          `What ${group} reads on ${source.name} cannot be told while it rebalances: plan again once it is stable. Before anything is deleted it has to be known.`,
        ),
      );
  }
  findings.push(...topicsWithoutGroup(migration));
  const elsewhere = await readElsewhere(source, migration, topics, facts);
  findings.push(
    ...elsewhere.map(({ group, sentence }) => noting(`group-reads-elsewhere:${group}`, sentence)),
  );
  return { findings, elsewhere, metadata: metadataOf(committed, inFile) };
}

function metadataOf(
  committed: Awaited<ReturnType<typeof readCommitted>>,
  groups: ReadonlySet<string>,
): number {
  const texts = new Set<string>();
  for (const group of groups)
    for (const { metadata } of committed.get(group)?.value?.values() ?? []) texts.add(metadata ?? '');
  return [...texts].reduce((sum, text) => sum + text.length, 0);
}

/**
 * A group is moved as a whole: what it reads beside the topics of the migration stays where it is, and its consumers read
 * it no more once they have moved.
 */
async function readElsewhere(
  source: Cluster,
  { consumers }: Migration,
  topics: ReadonlySet<string>,
  facts: ReadonlyMap<string, GroupFacts>,
): Promise<{ group: string; sentence: string }[]> {
  if (consumers.length === 0) return [];
  const rows = await source.committedOffsets(consumers.map(({ group }) => group));
  return consumers.flatMap(({ group }) => {
    const others = new Set<string>(countByTopic(rows.get(group)?.value?.keys() ?? []).keys());
    for (const { subscribed, assigned } of facts.get(group)?.members ?? [])
      for (const topic of [...subscribed, ...assigned.map((at) => at.topic)]) others.add(topic);
    const left = [...others].filter((topic) => !topics.has(topic)).toSorted();
    return left.length === 0
      ? []
      : [
          {
            group,
            sentence: `${group} also reads ${listed(left)} on ${source.name}, which ${left.length === 1 ? 'is' : 'are'} not part of this migration: whoever switches it has to see that ${left.length === 1 ? 'it is' : 'they are'} read on.`,
          },
        ];
  });
}

function countByTopic(partitionKeys: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of partitionKeys) {
    const { topic } = partitionAt(key);
    counts.set(topic, (counts.get(topic) ?? 0) + 1);
  }
  return counts;
}

function notInFile(
  { group, commits, pending, members, neverJoined }: Reader,
  wants: ReadonlySet<string>,
  source: string,
): Finding {
  const held = [...commits].map(([topic, partitions]) => `${count(partitions, 'partition')} of ${topic}`);
  const has =
    held.length > 0
      ? `has committed offsets for ${listed(held)} on ${source}`
      : pending
        ? `commits offsets for topics of the migration on ${source} in a transaction that is open`
        : `reads ${listed([...wants])} on ${source} without a committed offset`;
  return asking(
    `group-not-in-file:${group}`,
    `${group} ${has}, with ${members > 0 ? count(members, 'member') : 'no member'} now${neverJoined ? ' or ever, though consumers that assign partitions to themselves may run' : ''}, and the file does not say what becomes of it: add it to consumers, or to leaveBehind.groups.`,
  );
}

/** Share groups that have read topics of the migration, or have members that do: the ferry moves none. */
async function shareGroupsNotInFile(
  source: Cluster,
  groups: readonly string[],
  partitions: readonly TopicPartition[],
): Promise<Finding[]> {
  if (groups.length === 0) return [];
  const rows = await source.shareGroups(groups);
  const topics = new Set(partitions.map(({ topic }) => topic));
  return groups.flatMap((group) => {
    const row = lastingAt(rows, group);
    if (row.error) return row.error.type === 'NotFound' ? [] : [unreadable(group, row.error.message, false)];
    const begun = partitions.filter((at) => row.value.positions.has(partitionKey(at)));
    const reads = new Set([...begun.map(({ topic }) => topic), ...topicsOfMembers(row.value, topics)]);
    if (reads.size === 0) return [];
    const { members } = row.value;
    return [
      asking(
        `group-not-in-file:${group}`,
        `${group}, a share group, reads ${listed([...reads])} on ${source.name}, with ${members.length > 0 ? count(members.length, 'member') : 'no member'} now: the ferry moves no share group, since it has no offsets to commit on the target. Move its applications yourself and add it to leaveBehind.groups; or accept that, and what it has not read goes with the topics.`,
      ),
    ];
  });
}

/** A topic of the migration that a group of the file reads, and does not name. */
function topicNotInFile(
  group: string,
  topic: string,
  commits: number,
  source: string,
  target: string,
): Finding {
  const reads =
    commits > 0 ? `has committed offsets for ${count(commits, 'partition')} of ${topic}` : `reads ${topic}`;
  return asking(
    `group-topic-not-in-file:${group}:${topic}`,
    `${group} also ${reads} on ${source}, which its topics in the file leave out: add it there, or accept that ${group} gets no offset for it on ${target}; how much it has not read is asked about before the topic is deleted.`,
  );
}

function unreadable(group: string, sentence: string, inFile: boolean): Finding {
  return inFile
    ? blocking(`group-unreadable:${group}`, sentence)
    : asking(`group-unreadable:${group}`, sentence);
}
