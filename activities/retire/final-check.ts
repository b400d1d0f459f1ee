import {
  partitionKey,
  type Cluster,
  type GroupFacts,
  type GroupListing,
  type Rows,
  type TopicFacts,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import {
  offsetAt,
  onlyTopics,
  partitionCounts,
  partitionsOf,
  type SourceOffsets,
} from '../../src/migration/offsets.js';
import { pack } from '../../src/migration/packed.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { AloneRange } from '../../src/migration/work/drain.js';
import type { Proved, SourceManifest } from '../../src/migration/work/retire.js';
import type { Work } from '../../src/migration/work/work.js';
import { aclsByTopic, aclsOfTopics } from '../acls/acl-text.js';
import { drainFindings, readersOf, records, topicsWithoutGroup } from '../drain/drain-findings.js';
import { probeDrain, type DrainReading, type PartitionReading } from '../drain/drain-probe.js';
import { namePendingCommits } from '../groups/pending-commits.js';
import { lateRecords, staysBehind } from '../drain/late-records.js';
import { aloneFindings } from '../drain/twins.js';
import { lostCopies } from '../mirror/copies.js';
import { describeMember, liveReaders, membersReading } from '../groups/membership.js';
import { nameOf, nameOpenTransactions } from '../drain/open-transactions.js';
import { brokersAway } from '../topics/brokers-away.js';
import { partitionsIn } from '../topics/planned-topics.js';
import { rowAt, valueOf } from '../kit/rows.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';
import { under } from '../../src/migration/by-name.js';

/**
 * Everything that must hold at the moment the source is deleted, read afresh: the topics are the planned ones, nothing
 * was written after the frozen ends, no transaction is open, nobody reads them, and what lies on the source is proved to
 * be elsewhere or to have been read.
 */
export async function finalCheck(
  sides: { source: Cluster; target: Cluster },
  work: Work & Proved,
  copying: Parameters<typeof lostCopies>[3],
): Promise<{ findings: Finding[]; sentence: string; manifest: SourceManifest[] }> {
  const { source } = sides;
  const { topics, findings } = await topicsToDelete(source, work);
  if (topics.length === 0)
    return { findings, manifest: [], sentence: `There is no topic left to delete on ${source.name}.` };
  const partitions = partitionsIn(topics);
  const [marks, open, groups, acls] = await Promise.all([
    source.watermarks(partitions),
    source.openTransactions(topics.map(({ name }) => name)),
    source.groups(),
    aclsOfTopics(
      source,
      topics.map(({ name }) => name),
    ),
  ]);
  const lines = new Map(aclsByTopic(acls).map((one) => [one.topic, one.acls]));
  const alive = liveReaders(groups);
  const [described, configs, unread] = await Promise.all([
    source.describeGroups(alive),
    source.topicConfigs(topics.map(({ name }) => name)),
    isMirrored(work.migration.strategy)
      ? mirroredFindings(sides, work, topics, copying)
      : unreadFindings(sides, work, topics),
  ]);
  findings.push(
    ...(await growthFindings(source, work, topics, marks)),
    ...(await transactionFindings(source, partitions, marks)),
    ...open.map((transaction) =>
      blocking(
        `open-transaction:${transaction.transactionalId}`,
        `The ${nameOf(transaction)} is open on ${listed(transaction.partitions.map(partitionKey))} of ${source.name}: let its producer end it, or wait for its timeout.`,
      ),
    ),
    ...readerFindings(source, described, alive, new Set(topics.map(({ name }) => name))),
    ...unread,
    ...(await otherCommits(source, work, groups, partitions)),
    ...(await replicaFindings(
      source,
      topics.map(({ name }) => name),
    )),
  );
  const manifest = topics.map(({ name, topicId, partitions: of }) => ({
    topic: name,
    topicId,
    partitions: of.length,
    highWatermarks: pack(
      of.map(({ partition }) => valueOf(marks, partitionKey({ topic: name, partition })).highWatermark),
    ),
    config: Object.fromEntries(
      (rowAt(configs, name).value ?? []).flatMap(({ name: entry, value, source: from }) =>
        from === 'topic' && value !== null ? [[entry, value]] : [],
      ),
    ),
    ...(lines.has(name) && { acls: lines.get(name) ?? [] }),
  }));
  const left = standing(findings, work.accepted ?? []);
  return {
    findings,
    manifest,
    sentence:
      left.length === 0
        ? `${sayGrowth(source, work, topics, marks)}, no transaction is open there and no member of a group reads from it.`
        : `Deleting from ${source.name} is held up: ${listed(left.map(({ key }) => key))}.`,
  };
}

/** What a person has accepted is no reason to say that there was nothing. */
function sayGrowth(
  source: Cluster,
  { ends, unproved = false }: Proved,
  topics: readonly TopicFacts[],
  marks: Rows<string, Watermarks>,
): string {
  const beyond = partitionsIn(topics).reduce((sum, at) => {
    const end = offsetAt(ends, at.topic, at.partition) ?? 0n;
    const { highWatermark } = valueOf(marks, partitionKey(at));
    return highWatermark > end ? sum + highWatermark - end : sum;
  }, 0n);
  const names = listed(topics.map(({ name }) => name));
  const since = unproved ? 'its end was taken, not proved quiet' : 'the end was frozen';
  return beyond === 0n
    ? `Nothing was written to ${names} on ${source.name} since ${since}`
    : `Up to ${records(beyond)} came to ${names} on ${source.name} since ${since}, which a person accepted`;
}

async function topicsToDelete(
  source: Cluster,
  { migration, topicIds, ends }: Work & Proved,
): Promise<{ topics: TopicFacts[]; findings: Finding[] }> {
  const findings: Finding[] = [];
  const frozen = partitionCounts(ends);
  const rows = await source.topics(migration.topics.map(({ name }) => name));
  const topics = migration.topics.flatMap(({ name }) => {
    if (rows.get(name)?.error?.type === 'NotFound') {
      findings.push(noting(`gone:${name}`, `${name} is no longer on ${source.name}.`));
      return [];
    }
    const topic = valueOf(rows, name);
    const planned = under(topicIds, name);
    if (planned != null && topic.topicId !== planned) {
      findings.push(
        blocking(
          `recreated:${name}`,
          `${name} on ${source.name} is another topic than the one that was migrated (its id was ${planned} and is now ${topic.topicId}): it is not deleted. Find out who made it, and delete it yourself if nobody needs it.`,
        ),
      );
      return [];
    }
    const partitions = frozen.get(name);
    if (partitions !== undefined && partitions !== topic.partitions.length)
      findings.push(
        blocking(
          `partition-added:${name}`,
          `${name} on ${source.name} had ${partitions} partitions when its end was frozen and has ${topic.partitions.length} now: see what was written to the new ones.`,
        ),
      );
    return [topic];
  });
  return { topics, findings };
}

/**
 * Records that came late open the producers' step again (`grew`), unless they would have to be mirrored to a target that
 * has been written to in the meantime, or the source was never seen quiet: then only a person can say what becomes of them.
 */
async function growthFindings(
  source: Cluster,
  { ends, migration, unproved = false }: Work & Proved,
  topics: readonly TopicFacts[],
  marks: Rows<string, Watermarks>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const known = partitionCounts(ends);
  for (const { name, partitions } of topics) {
    if (!known.has(name)) {
      findings.push(
        blocking(
          `not-frozen:${name}`,
          `The end of ${name} on ${source.name} was never recorded, so nothing shows that producers have left: confirm the producers' step first.`,
        ),
      );
      continue;
    }
    // A partition without an end was added since, which is a finding of its own.
    const frozen = partitions.flatMap(({ partition }) => {
      const end = offsetAt(ends, name, partition);
      return end === undefined ? [] : [{ topic: name, partition, end }];
    });
    for (const at of frozen) {
      const { highWatermark } = valueOf(marks, partitionKey(at));
      if (highWatermark >= at.end) continue;
      findings.push(
        blocking(
          `truncated:${partitionKey(at)}`,
          `${partitionKey(at)} on ${source.name} ends at offset ${highWatermark}, before ${at.end} that was its end: it lost its tail or was re-created.`,
        ),
      );
      break;
    }
    const late = await lateRecords(source, ends, frozen, marks);
    if (late)
      findings.push(
        isMirrored(migration.strategy) || unproved
          ? staysBehind(late, migration)
          : blocking(`grew:${partitionKey(late.first)}`, late.sentence),
      );
  }
  return findings;
}

/** What a broker holds that is away is deleted by itself alone, when it is back and as it likes. */
async function replicaFindings(source: Cluster, names: readonly string[]): Promise<Finding[]> {
  return [...(await brokersAway(source, names))].map(([broker, held]) =>
    noting(
      `replica-away:${broker}`,
      `Broker ${broker} of ${source.name} is away and holds ${count(held.length, 'replica')} of ${listed([...new Set(held.map(({ topic }) => topic))])}: nobody will see those deleted. Where it matters that no data stays, bring it back before you approve.`,
    ),
  );
}

/** Hanging transactions, which no coordinator lists. */
async function transactionFindings(
  source: Cluster,
  partitions: readonly TopicPartition[],
  marks: Rows<string, Watermarks>,
): Promise<Finding[]> {
  const stuck = partitions.flatMap((at) => {
    const { lastStable, highWatermark } = valueOf(marks, partitionKey(at));
    return lastStable < highWatermark ? [{ ...at, stuckAt: lastStable }] : [];
  });
  if (stuck.length === 0) return [];
  const named = await nameOpenTransactions(source, stuck);
  return [
    blocking(`open-transaction:${stuck.map(partitionKey).join(',')}`, `On ${source.name} ${listed(named)}.`),
  ];
}

function readerFindings(
  source: Cluster,
  described: Rows<string, GroupFacts>,
  alive: readonly string[],
  topics: ReadonlySet<string>,
): Finding[] {
  return alive.flatMap((group) => {
    const row = rowAt(described, group);
    if (row.error)
      return [
        blocking(
          `members-unknown:${group}`,
          `The members of ${group} on ${source.name} cannot be read: ${row.error.message}`,
        ),
      ];
    const members = membersReading(row.value, topics);
    return members.length === 0
      ? []
      : [
          blocking(
            `still-reading:${group}`,
            `${group} still reads ${source.name}: ${listed(members.map((member) => describeMember(member, topics)))}. Stop it there first.`,
          ),
        ];
  });
}

/**
 * What a group has not read is lost with the topic, unless producers wrote it to the target as well. Which of it has no twin
 * there was found out when the end was frozen.
 */
async function unreadFindings(
  sides: { source: Cluster; target: Cluster },
  work: Work & Proved,
  topics: readonly TopicFacts[],
): Promise<Finding[]> {
  const { migration, ends, marks, doubled, drained } = work;
  const there = new Set(topics.map(({ name }) => name));
  const to = marks ? onlyTopics(marks, there) : undefined;
  const reading = await readBy(sides.source, work, there, to);
  const named = { ...migration, topics: migration.topics.filter(({ name }) => there.has(name)) };
  return [
    ...topicsWithoutGroup(named, marks ?? ends),
    ...drainFindings(withoutExpired(reading, drained), sides.source.name, nobody),
    ...(await unknownFindings(reading, sides.source)),
    ...(marks ? await aloneFindings(sides, work, aloneIn(doubled, marks, ends, there), ends) : []),
  ];
}

/** All that the source holds has its copy, or is asked about; what groups have not read of it, they read there. */
async function mirroredFindings(
  sides: { source: Cluster; target: Cluster },
  work: Work & Proved,
  topics: readonly TopicFacts[],
  copying: Parameters<typeof lostCopies>[3],
): Promise<Finding[]> {
  const there = new Set(topics.map(({ name }) => name));
  const reading = await readBy(sides.source, work, there);
  const read = [
    ...topicsWithoutGroup(work.migration, work.ends),
    ...drainFindings(reading, sides.source.name, nobody),
  ];
  return [
    ...(await lostCopies(sides, work, there, copying)),
    ...read.map((finding) =>
      finding.weight === 'asks'
        ? {
            ...finding,
            weight: 'notes' as const,
            sentence: `On ${sides.source.name}: ${finding.sentence} The mirror has brought them to ${sides.target.name}, as far as nothing else is said here.`,
          }
        : finding,
    ),
  ];
}

/** At the deletion nobody is waited for any more. */
const nobody = { expectsCommit: () => false, expectsReading: () => false };

function readBy(
  source: Cluster,
  { migration, accepted = [] }: Work,
  there: ReadonlySet<string>,
  to?: SourceOffsets,
): Promise<DrainReading> {
  return probeDrain(source, {
    readers: readersOf(migration).map((reader) => ({
      ...reader,
      topics: reader.topics.filter((topic) => there.has(topic)),
    })),
    topics: [...there],
    accepted,
    ...(to && { to }),
  });
}

/** What cannot be read now is not what has been read. */
async function unknownFindings({ groups }: DrainReading, source: Cluster): Promise<Finding[]> {
  const unknown = groups.flatMap(({ group, partitions }) => {
    const held = partitions.filter(({ verdict }) => verdict.verdict === 'commit-pending');
    return held.length > 0 ? [{ group, held }] : [];
  });
  if (unknown.length === 0) return [];
  const named = await namePendingCommits(
    source,
    unknown.map(({ group }) => group),
  );
  return unknown.map(({ group, held }) =>
    blocking(
      `commits-unknown:${group}`,
      `The commits of ${group} on ${listed(held.map(partitionKey))} of ${source.name} cannot be read. ${named.get(group) ?? ''} Then try again.`,
    ),
  );
}

/** Offsets of a group that has left expire; what it was seen to have read before, it has read. */
function withoutExpired(reading: DrainReading, drained: SourceOffsets = {}): DrainReading {
  const seen = ({ topic, partition, to }: PartitionReading): boolean =>
    (offsetAt(drained, topic, partition) ?? -1n) >= to;
  return {
    ...reading,
    groups: reading.groups.map(({ group, partitions }) => ({
      group,
      partitions: partitions.filter((one) => one.verdict.verdict !== 'no-commit' || !seen(one)),
    })),
  };
}

/** What was found to be on the source alone; everything beyond the marks where nobody has looked. */
function aloneIn(
  doubled: Proved['doubled'],
  marks: SourceOffsets,
  ends: SourceOffsets,
  there: ReadonlySet<string>,
): AloneRange[] {
  if (doubled) return doubled.alone.filter(({ topic }) => there.has(topic));
  return partitionsOf(onlyTopics(ends, there)).flatMap(({ topic, partition, offset }) => {
    const from = offsetAt(marks, topic, partition) ?? 0n;
    return offset > from
      ? [{ topic, partition, from: String(from), to: String(offset), records: Number(offset - from) }]
      : [];
  });
}

/**
 * Groups that the migration does not know and that have been reading all the same. One that nobody ever joined may still
 * read: nothing comes to a quiet source, so that its commits cannot move, and they alone would show it.
 */
async function otherCommits(
  source: Cluster,
  { migration, accepted = [] }: Work,
  groups: readonly GroupListing[],
  partitions: readonly TopicPartition[],
): Promise<Finding[]> {
  const known = new Set(migration.consumers.map(({ group }) => group));
  const neverJoined = new Set(groups.flatMap((one) => (one.neverJoined ? [one.group] : [])));
  const leftBehind = new Set(migration.leaveBehind.groups);
  const others = groups.map(({ group }) => group).filter((group) => !known.has(group));
  if (others.length === 0) return [];
  const rows = await source.committedOffsets(others, partitions);
  return others.flatMap((group) => {
    const topics = new Set(
      [...(rows.get(group)?.value?.keys() ?? [])].map((key) => key.replace(/\/\d+$/, '')),
    );
    const decided = leftBehind.has(group) || accepted.includes(`group-not-in-file:${group}`);
    const { error } = rowAt(rows, group);
    if (error && neverJoined.has(group) && !decided)
      return [
        asking(
          `may-still-read:${group}`,
          `Whether ${group}, which the migration does not name and which has never had a member, has committed offsets on the topics of ${source.name} cannot be told (${error.message}): a consumer that assigns partitions to itself (Flink, Spark) may still read there. Find out whose it is, and accept that the topics are deleted.`,
        ),
      ];
    if (topics.size > 0 && neverJoined.has(group) && !decided)
      return [
        asking(
          `may-still-read:${group}`,
          `${group}, which the migration does not name, has committed offsets on ${listed([...topics])} of ${source.name} without ever having had a member: a consumer that assigns partitions to itself (Flink, Spark) may still read there, which brokers cannot tell. Find out whose it is, and accept that the topic is deleted.`,
        ),
      ];
    return topics.size === 0
      ? []
      : [
          noting(
            `other-commits:${group}`,
            `${group}, which the migration does not name, has committed offsets on ${listed([...topics])} of ${source.name}; they go with the topic.`,
          ),
        ];
  });
}
