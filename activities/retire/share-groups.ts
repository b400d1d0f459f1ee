import {
  partitionKey,
  type Cluster,
  type GroupListing,
  type Rows,
  type ShareGroup,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { byTopic, recordsIn, sayRanges, type CountedRange } from '../../src/migration/ranges.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { Work } from '../../src/migration/work/work.js';
import { lastingAt, valueOf } from '../kit/rows.js';
import { asking, noting } from '../kit/weights.js';
import { listed } from '../kit/wording.js';
import { broughtAlong } from './unread.js';

/** Share groups among those that are listed, with what they read; those that have gone since are left out. */
export async function shareGroupsAmong(
  source: Cluster,
  groups: readonly GroupListing[],
): Promise<Rows<string, ShareGroup>> {
  const names = groups.filter(({ protocol }) => protocol === 'share').map(({ group }) => group);
  if (names.length === 0) return new Map();
  return new Map([...(await source.shareGroups(names))].filter(([, row]) => row.error?.type !== 'NotFound'));
}

/**
 * What share groups are not done with of the topics, of which a migration moves none.
 *
 * @param alive groups that have members: whether such a one can be read is told with its members
 * @throws FerryError `Unreachable` where it may be told in a moment
 */
export function shareGroupFindings(
  { source, target }: { source: Cluster; target: Cluster },
  { migration, accepted = [] }: Work,
  groups: Rows<string, ShareGroup>,
  marks: Rows<string, Watermarks>,
  { partitions, alive }: { partitions: readonly TopicPartition[]; alive: readonly string[] },
): Finding[] {
  return [...groups.keys()].flatMap((group) => {
    const forsaken =
      migration.leaveBehind.groups.includes(group) || accepted.includes(`group-not-in-file:${group}`);
    const row = forsaken ? groups.get(group)! : lastingAt(groups, group);
    if (row.error)
      return forsaken || alive.includes(group)
        ? []
        : [
            asking(
              `commits-unknown:${group}`,
              `What ${group}, a share group, has read of the topics of ${source.name} cannot be told (${row.error.message}): what it has not read goes with the topics. Find out whose it is, and accept that.`,
            ),
          ];
    const { positions } = row.value;
    const read = partitions.filter((at) => positions.has(partitionKey(at)));
    if (read.length === 0) return [];
    const left = forsaken ? [] : leftOf(read, positions, marks);
    if (left.length === 0)
      return [
        noting(
          `other-commits:${group}`,
          `${group}, a share group, has read ${listed([...new Set(read.map(({ topic }) => topic))])} of ${source.name}${forsaken ? '' : ' and has left nothing that would be lost'}.`,
        ),
      ];
    return byTopic(left).map(({ topic, ranges }) => {
      const end = ranges.reduce((sum, { to }) => sum + BigInt(to), 0n);
      const finding = asking(
        `unread:${group}:${topic}+${recordsIn(ranges)}@${end}`,
        `${group}, a share group, which no migration moves, is not seen to be done with ${sayRanges(ranges)}: they are on ${source.name} alone, and it will not get them once the topic is deleted. Let it read them there, or accept that they are deleted.`,
      );
      return isMirrored(migration.strategy) ? broughtAlong(finding, source.name, target.name) : finding;
    });
  });
}

function leftOf(
  read: readonly TopicPartition[],
  positions: ShareGroup['positions'],
  marks: Rows<string, Watermarks>,
): CountedRange[] {
  return read.flatMap(({ topic, partition }) => {
    const key = partitionKey({ topic, partition });
    const { logStart, highWatermark } = valueOf(marks, key);
    const { start, lag } = positions.get(key) ?? { start: null, lag: null };
    // Where nothing is acknowledged, it may have begun anywhere.
    const from = start !== null && start > logStart ? start : logStart;
    const there = highWatermark - from;
    const records = lag !== null && lag < there ? lag : there;
    return records > 0n
      ? [{ topic, partition, from: String(from), to: String(highWatermark), records: Number(records) }]
      : [];
  });
}
