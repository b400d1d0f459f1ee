import {
  partitionKey,
  type Cluster,
  type Rows,
  type TopicFacts,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { offsetAt, partitionCounts } from '../../src/migration/offsets.js';
import { pack } from '../../src/migration/packed.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { Proved, SourceManifest } from '../../src/migration/work/retire.js';
import type { Work } from '../../src/migration/work/work.js';
import { aclsByTopic, aclsOfTopics } from '../acls/acl-text.js';
import { sourceNotShown } from '../acls/not-known.js';
import { records } from '../drain/drain-findings.js';
import { lateRecords, staysBehind } from '../drain/late-records.js';
import type { Copying } from '../mirror/copies.js';
import { liveReaders } from '../groups/membership.js';
import { settledGroups } from '../groups/settled.js';
import { nameOf, nameOpenTransactions } from '../drain/open-transactions.js';
import { brokersAway } from '../topics/brokers-away.js';
import { partitionsIn } from '../topics/planned-topics.js';
import { insistThere } from '../topics/still-there.js';
import { rowAt, valueIfThere, valueOf } from '../kit/rows.js';
import { blocking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';
import { under } from '../../src/migration/by-name.js';
import { insistGone } from './gone.js';
import { otherCommits } from './other-commits.js';
import { readerFindings } from './readers-there.js';
import { shareGroupFindings, shareGroupsAmong } from './share-groups.js';
import { mirroredFindings, unreadFindings } from './unread.js';

/**
 * Everything that must hold at the moment the source is deleted, read afresh: the topics are the planned ones, nothing
 * was written after the frozen ends, no transaction is open, nobody reads them, and what lies on the source is proved to
 * be elsewhere or to have been read.
 */
export async function finalCheck(
  sides: { source: Cluster; target: Cluster },
  work: Work & Proved,
  copying: Copying,
): Promise<{ findings: Finding[]; sentence: string; manifest: SourceManifest[] }> {
  const { source } = sides;
  const { topics, findings } = await topicsToDelete(source, work, copying?.signal);
  if (topics.length === 0)
    return { findings, manifest: [], sentence: `There is no topic left to delete on ${source.name}.` };
  const partitions = partitionsIn(topics);
  const [marks, open, groups, acls] = await Promise.all([
    source.watermarks(partitions).then((rows) => insistThere(source, rows)),
    source.openTransactions(topics.map(({ name }) => name)),
    source.groups(),
    aclsOfTopics(
      source,
      topics.map(({ name }) => name),
    ),
  ]);
  const lines = new Map(aclsByTopic(acls === 'hidden' ? [] : acls).map((one) => [one.topic, one.acls]));
  if (acls === 'hidden') findings.push(sourceNotShown(source.name, sides.target.name));
  const sharing = await shareGroupsAmong(source, groups);
  const alive = liveReaders(
    groups.filter(({ group, protocol }) => protocol !== 'share' || sharing.has(group)),
  );
  const [settled, configs, unread] = await Promise.all([
    settledGroups(
      source,
      alive.filter((group) => !sharing.has(group)),
      { signal: copying?.signal },
    ),
    source.topicConfigs(topics.map(({ name }) => name)),
    isMirrored(work.migration.strategy)
      ? mirroredFindings(sides, work, topics, copying)
      : unreadFindings(sides, work, topics, copying),
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
    ...readerFindings(
      source,
      new Map([...settled, ...sharing]),
      alive,
      new Set(topics.map(({ name }) => name)),
    ),
    ...unread,
    ...(await otherCommits(sides, work, groups, partitions)),
    ...shareGroupFindings(sides, work, sharing, marks, { partitions, alive }),
    ...(await replicaFindings(
      source,
      topics.map(({ name }) => name),
    )),
  );
  const manifest = topics.map(({ name, topicId, partitions: of }) => ({
    topic: name,
    topicId,
    partitions: of.length,
    ...(of[0] && { replicationFactor: of[0].replicas.length }),
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
        ? `${sayGrowth(source, work, topics, marks)}, no transaction is open there and ${sayReaders(findings)}.`
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

function sayReaders(findings: readonly Finding[]): string {
  const untold = findings.flatMap(({ key }) => /^members-unknown:(.*)$/s.exec(key)?.[1] ?? []);
  return untold.length === 0
    ? 'no member of a group reads from it'
    : `no member of a group is seen to read from it; what ${listed(untold)} ${untold.length === 1 ? 'reads' : 'read'} cannot be told, which a person accepted`;
}

async function topicsToDelete(
  source: Cluster,
  { migration, topicIds, ends }: Work & Proved,
  signal: AbortSignal | undefined,
): Promise<{ topics: TopicFacts[]; findings: Finding[] }> {
  const findings: Finding[] = [];
  const frozen = partitionCounts(ends);
  const rows = await source.topics(migration.topics.map(({ name }) => name));
  const gone = migration.topics.filter(({ name }) => !valueIfThere(rows, name));
  await insistGone(
    source,
    gone.map(({ name }) => ({ name, topicId: under(topicIds, name) ?? null })),
    migration,
    signal,
  );
  const topics = migration.topics.flatMap(({ name }) => {
    const topic = valueIfThere(rows, name);
    if (!topic) {
      findings.push(noting(`gone:${name}`, `${name} is no longer on ${source.name}.`));
      return [];
    }
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
