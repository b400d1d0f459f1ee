import { createHash } from 'node:crypto';
import { partitionAt, partitionKey, type Cluster, type Committed } from '../kafka/cluster.js';
import { globbed } from '../migration/glob.js';
import { bytesOf } from '../migration/size.js';
import { room, type Look, type LookedAtGroup, type LookedAtTopic } from '../migration/survey-seen.js';
import { byTopic, endsOf, lagOn, type Ends } from './lags.js';
import { every, mapKnown, partOfCluster, rowOf, type Known } from './known.js';
import { producersOf } from './producers.js';
import { partitionsOf } from './topics.js';

/** Reasons that are told of one look. */
const mostReasons = 10;

/**
 * What of a cluster can change from one look of a survey to the next: ends of logs, producers, groups with their commits.
 * What could not be seen is absent, and why is in `unseen`; a lag is absent too where a group has committed nothing on what it reads.
 *
 * @throws FerryError when the topics cannot be listed
 */
export async function lookAt(
  cluster: Pick<
    Cluster,
    'identity' | 'topics' | 'watermarks' | 'producers' | 'groups' | 'describeGroups' | 'committedOffsets'
  >,
  glob = '*',
): Promise<Look> {
  const reasons = new Map<string, number>();
  const seen = <T>(known: Known<T>): T | undefined => {
    if (known.unknown === undefined) return known.value;
    reasons.set(known.unknown, (reasons.get(known.unknown) ?? 0) + 1);
    return undefined;
  };
  const wanted = globbed(glob);
  const { clusterId } = await cluster.identity();
  const all = [...(await cluster.topics())]
    .filter(([name]) => wanted.test(name))
    .map(([name, row]) => ({ name, row }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const listed = fitting(all, room.topics, 'topics', seen);
  const topics = listed.flatMap(({ row: { value } }) => value ?? []);
  const partitions = topics.flatMap(partitionsOf);
  const [marks, producers, groups] = await Promise.all([
    partOfCluster(() => cluster.watermarks(partitions)),
    partOfCluster(() => cluster.producers(partitions)),
    partOfCluster(() => cluster.groups()),
  ]);
  const allGroups = [...new Set(groups.value?.map(({ group }) => group))].sort().map((name) => ({ name }));
  const names = fitting(allGroups, room.groups, 'groups', seen).map(({ name }) => name);
  const left = { topics: all.length - listed.length, groups: allGroups.length - names.length };
  const [members, committed] = await Promise.all([
    partOfCluster(() => cluster.describeGroups(names)),
    partOfCluster(() => cluster.committedOffsets(names)),
  ]);

  const ends = endsOf(topics, marks);
  const here = new Set(topics.map(({ name }) => name));
  const lookedAt = listed.map(({ name, row }): LookedAtTopic => {
    if (!row.value) {
      seen({ unknown: row.error.message });
      return { name };
    }
    const keys = partitionsOf(row.value).map(partitionKey);
    const end = seen(
      mapKnown(every(keys.map((key) => rowOf(marks, key))), (all) =>
        all.reduce((sum, { highWatermark }) => sum + highWatermark, 0n),
      ),
    );
    const writers = seen(
      mapKnown(every(keys.map((key) => rowOf(producers, key))), (all) =>
        // One more than is kept: that there are more than can be told apart has to be seen.
        producersOf(all.flat()).slice(0, room.producersPerTopic + 1),
      ),
    );
    return { name, ...(end !== undefined && { end }), ...(writers && { producers: writers }) };
  });
  const there = seen(groups)?.length === undefined ? undefined : names;
  return {
    clusterId,
    topics: lookedAt,
    ...(there && {
      groups: there.map((group): LookedAtGroup => {
        const facts = seen(rowOf(members, group));
        const commits = seen(rowOf(committed, group));
        const subscribed = facts?.members.flatMap((member) => [
          ...member.subscribed,
          ...member.assigned.map(({ topic }) => topic),
        ]);
        const reads = new Set([
          ...(subscribed ?? []),
          ...[...(commits?.keys() ?? [])].map((key) => partitionAt(key).topic),
        ]);
        const lag = commits && lagOf(commits, reads, ends);
        return {
          group,
          ...(commits && { mark: markOf(commits), commits: commits.size }),
          ...(facts && { members: facts.members.length }),
          ...(lag !== undefined && { lag }),
          ...((subscribed ?? commits) && { reads: [...reads].filter((topic) => here.has(topic)).sort() }),
        };
      }),
    }),
    ...(left.topics + left.groups > 0 && { left }),
    unseen: [...reasons]
      .map(([why, times]) => ({ why, times }))
      .sort((a, b) => b.times - a.times)
      .slice(0, mostReasons),
  };
}

/** As many as a survey has room for. */
function fitting<T extends { name: string }>(
  all: T[],
  most: number,
  what: string,
  seen: (known: Known<unknown>) => unknown,
): T[] {
  let bytes = 0;
  const last = all.findIndex(({ name }, at) => {
    bytes += bytesOf(name) + 1;
    return at >= most || bytes > room.nameBytes;
  });
  if (last < 0) return all;
  seen({
    unknown: `a survey has room for the first ${last} of ${all.length} ${what}: look at fewer topics by --topics`,
  });
  return all.slice(0, last);
}

/** On the topics that are looked at; `undefined` where that of one is not known. */
function lagOf(
  commits: ReadonlyMap<string, Committed>,
  reads: Iterable<string>,
  { partitions, marks }: Ends,
): bigint | undefined {
  const committed = byTopic(commits);
  const lags = [...reads].flatMap((topic) => {
    const keys = partitions.get(topic);
    return keys ? [lagOn(keys, committed.get(topic), marks)] : [];
  });
  return every(lags).value?.reduce((sum, lag) => sum + lag, 0n);
}

/** Forty bits over all commits: two that differ are told apart but once in a million million. */
function markOf(commits: ReadonlyMap<string, Committed>): bigint {
  const hash = createHash('sha1');
  for (const key of [...commits.keys()].sort()) hash.update(`${key}=${commits.get(key)?.offset ?? ''}\n`);
  return BigInt(hash.digest().readUIntBE(0, 5));
}
