import {
  partitionAt,
  type Cluster,
  type Committed,
  type GroupListing,
  type Row,
  type TopicPartition,
} from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { onlyTopics } from '../../src/migration/offsets.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { Proved } from '../../src/migration/work/retire.js';
import type { Work } from '../../src/migration/work/work.js';
import { drainFindings, readersOf, type Reader } from '../drain/drain-findings.js';
import { isPending, readCommitted } from '../groups/group-reading.js';
import { lastingAt, rowAt } from '../kit/rows.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { listed } from '../kit/wording.js';
import { atDeletion, broughtAlong, readBy, unknownFindings } from './unread.js';

/** A group that has to do with topics of which the file does not say that it reads them. */
interface Other {
  group: string;
  /** For a sentence. */
  who: string;
  neverJoined: boolean;
  /** A person has said that its consumers do not matter. */
  decided: boolean;
  /** And that what it has not read does not either. */
  forsaken: boolean;
  /** Of topics that the file does not give it. */
  partitions: TopicPartition[];
}

/**
 * Groups that read topics which the file does not give them. What they have not read is asked about, in numbers. One that
 * nobody ever joined may still read: nothing comes to a quiet source, so that its commits cannot move, and they alone would
 * show it.
 *
 * @throws FerryError `Unreachable` where what a group has committed may be told in a moment
 */
export async function otherCommits(
  sides: { source: Cluster; target: Cluster },
  work: Work & Proved,
  groups: readonly GroupListing[],
  partitions: readonly TopicPartition[],
): Promise<Finding[]> {
  const { source } = sides;
  const others = othersAmong(work, groups, partitions);
  if (others.length === 0) return [];
  const rows = await readCommitted(
    source,
    others.map(({ group }) => group),
    new Map(others.map((other) => [other.group, other.partitions])),
  );
  const mirrored = isMirrored(work.migration.strategy);
  const seen = others.map((other) => ({ ...other, topics: topicsIn(rows.get(other.group)) }));
  const unread = await unreadOf(
    sides,
    work,
    seen.filter(({ topics, forsaken }) => topics.length > 0 && !forsaken),
  );
  return seen.flatMap((other) => {
    const row = rowAt(rows, other.group);
    // It has gone since it was listed, and its commits with it.
    if (row.error?.type === 'NotFound') return [];
    if (row.error) return untold(other, rows, source.name, mirrored);
    if (other.topics.length === 0) return [];
    const on = `${listed(other.topics)} of ${source.name}`;
    const left = unread.get(other.group) ?? [];
    return [
      ...(other.neverJoined && !other.decided
        ? [
            asking(
              `may-still-read:${other.group}`,
              `${other.who} has committed offsets on ${on} without ever having had a member: a consumer that assigns partitions to itself (Flink, Spark) may still read there, which brokers cannot tell. Find out whose it is, and accept that the topic is deleted.`,
            ),
          ]
        : []),
      ...(left.length > 0
        ? left
        : [
            noting(
              `other-commits:${other.group}`,
              `${other.who} has committed offsets on ${on}${other.forsaken ? '' : ' and has left nothing unread that would be lost'}; they go with the topic.`,
            ),
          ]),
    ];
  });
}

function othersAmong(
  { migration, accepted = [] }: Work,
  groups: readonly GroupListing[],
  partitions: readonly TopicPartition[],
): Other[] {
  const inFile = new Map(readersOf(migration).map(({ group, topics }) => [group, topics]));
  const leftBehind = new Set(migration.leaveBehind.groups);
  return groups.flatMap(({ group, protocol, neverJoined = false }) => {
    // Share groups keep their positions elsewhere (KIP-932): OffsetFetch does not know them.
    if (protocol === 'share') return [];
    const own = inFile.get(group);
    const strange = partitions.filter(({ topic }) => !own?.includes(topic));
    if (strange.length === 0) return [];
    const forsaken = leftBehind.has(group) || accepted.includes(`group-not-in-file:${group}`);
    const decided =
      forsaken ||
      (own !== undefined &&
        strange.every(({ topic }) => accepted.includes(`group-topic-not-in-file:${group}:${topic}`)));
    const who = `${group}, which the migration does not name${own ? ' as one that reads them' : ''},`;
    return [{ group, who, neverJoined, decided, forsaken, partitions: strange }];
  });
}

/** What each has not read of the topics on which it has committed; a group that has read all is absent. */
async function unreadOf(
  { source, target }: { source: Cluster; target: Cluster },
  work: Work & Proved,
  others: readonly (Other & { topics: string[] })[],
): Promise<Map<string, Finding[]>> {
  if (others.length === 0) return new Map();
  const there = new Set(others.flatMap(({ topics }) => topics));
  const mirrored = isMirrored(work.migration.strategy);
  const to = work.marks && !mirrored ? onlyTopics(work.marks, there) : undefined;
  // How its members read nobody has said: as Kafka has it, then.
  const readers = others.map(({ group, topics }): Reader => ({
    ...{ group, topics, isolation: 'read_uncommitted' },
  }));
  const reading = await readBy(source, work, readers, there, to);
  const found = new Map<string, Finding[]>();
  for (const one of reading.groups) {
    const only = { ...reading, groups: [one] };
    const findings = drainFindings(only, source.name, atDeletion).map((finding) => orAccepted(finding));
    const all = [
      ...(mirrored ? findings.map((finding) => broughtAlong(finding, source.name, target.name)) : findings),
      ...(await unknownFindings(only, source)),
    ];
    if (all.length > 0) found.set(one.group, all);
  }
  return found;
}

/** Nobody of the migration may be able to stop such a group, or to move its offset. */
function orAccepted(finding: Finding): Finding {
  return finding.key.startsWith('beyond-end:')
    ? asking(finding.key, `${finding.sentence} Or accept that what it reads goes with the topic.`)
    : finding;
}

/** What cannot be read now is not nothing. */
function untold(
  { group, who, neverJoined, decided, forsaken }: Other,
  rows: ReadonlyMap<string, Row<Map<string, Committed>>>,
  source: string,
  mirrored: boolean,
): Finding[] {
  const row = rowAt(rows, group);
  const pending = isPending(row);
  const error = forsaken || pending ? row.error : lastingAt(rows, group).error;
  const what = `Whether ${who} has committed offsets on the topics of ${source} cannot be told (${error?.message})`;
  if (neverJoined && !decided && !pending)
    return [
      asking(
        `may-still-read:${group}`,
        `${what}: a consumer that assigns partitions to itself (Flink, Spark) may still read there. Find out whose it is, and accept that the topics are deleted.`,
      ),
    ];
  if (forsaken || mirrored)
    return [noting(`other-commits:${group}`, `${what}; if it has, they go with the topics.`)];
  return [
    pending
      ? blocking(
          `commits-unknown:${group}`,
          `What ${who} has committed on the topics of ${source} cannot be read. ${error?.message} Then try again.`,
        )
      : asking(
          `commits-unknown:${group}`,
          `${what}: what it has not read goes with the topics. Find out whose it is, and accept that.`,
        ),
  ];
}

function topicsIn(row: Row<Map<string, Committed>> | undefined): string[] {
  return [...new Set([...(row?.value?.keys() ?? [])].map((key) => partitionAt(key).topic))];
}
