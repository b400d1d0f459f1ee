import { partitionKey, type GroupFacts } from '../../src/kafka/cluster.js';
import { formatDuration } from '../../src/migration/duration.js';
import type { DrainedGroup } from '../../src/migration/work/drain.js';
import { records } from './drain-findings.js';
import { passes, type DrainReading, type PartitionReading } from './drain-probe.js';
import { count, listed } from '../kit/wording.js';

type GroupReading = DrainReading['groups'][number];

/** What is known of a group that is behind, beside its offsets. */
export interface Standing {
  /** Members that read the topics; `undefined`: not looked up. */
  members: GroupFacts['members'] | undefined;
  /** Whether its commits move, so that somebody reads, a member or not. */
  moving: boolean;
  /** How long its commits have not moved, ms. */
  stillMs: number;
}

/** A group whose commits have not moved for so long is said to stand still; consumers commit every 5 s by default. */
const stillAfterMs = 15_000;

/** For example `billing 1,234 records behind on 3 partitions, shipping drained`. */
export function sayDrain(
  { groups }: DrainReading,
  accepted: readonly string[],
  standingOf: (group: string) => Standing,
): string {
  if (groups.length === 0) return 'no group of the migration reads the source';
  return groups.map((group) => sayGroup(group, accepted, standingOf(group.group))).join(', ');
}

function sayGroup(
  { group, partitions }: GroupReading,
  accepted: readonly string[],
  standing: Standing,
): string {
  const left = partitions.filter((one) => !passes(group, one, accepted));
  if (left.length === 0) return `${group} drained`;
  const behind = left.filter(
    (one) => one.verdict.verdict === 'lagging' || one.verdict.verdict === 'no-commit',
  );
  const waiting = left.filter((one) => one.verdict.verdict === 'open-transaction');
  if (behind.length > 0)
    return `${group} ${records(offsetsLeft(behind))} behind on ${count(behind.length, 'partition')}${sayStanding(group, standing)}`;
  if (waiting.length > 0)
    return `${group} waits for a transaction open on ${listed(waiting.map(partitionKey))}`;
  if (left.some((one) => one.verdict.verdict === 'commit-pending'))
    return `the offsets of ${group} cannot be read yet: its commit is part of a transaction that has not ended`;
  return `${group} needs a decision on ${listed(left.map(partitionKey))}: ${left[0]?.verdict.reason}`;
}

function sayStanding(group: string, { members, moving, stillMs }: Standing): string {
  if (members?.length === 0)
    return moving
      ? ', read without a member, by a consumer that assigns partitions to itself'
      : `, and nobody is consuming them: ${group} has no member on the source, start it there`;
  return stillMs >= stillAfterMs ? `, and its commits have not moved for ${formatDuration(stillMs)}` : '';
}

export function offsetsLeft(partitions: readonly PartitionReading[]): bigint {
  return partitions.reduce((sum, { verdict }) => sum + verdict.count, 0n);
}

export function drainedGroups({ groups }: DrainReading): DrainedGroup[] {
  return groups.map(({ group, partitions }) => {
    const verdicts: Record<string, number> = {};
    for (const { verdict } of partitions) verdicts[verdict.verdict] = (verdicts[verdict.verdict] ?? 0) + 1;
    return { group, verdicts };
  });
}

/**
 * For example `billing has read the source to its end (11 drained, 1 drained-control-only). Accepted: no-group:audit.`
 * @param frozen the end was proved to be the end; else it is where groups had to come, and what lies beyond it is told.
 */
export function sayDrained(reading: DrainReading, accepted: readonly string[], frozen: boolean): string {
  const groups = drainedGroups(reading).map(
    ({ group, verdicts }) =>
      `${group} has read the source ${frozen ? 'to its end' : 'as far as it had to'} (${Object.entries(
        verdicts,
      )
        .map(([verdict, amount]) => `${amount} ${verdict}`)
        .join(', ')})`,
  );
  return [
    groups.length > 0 ? `${groups.join('; ')}.` : 'No group of the migration reads the source.',
    ...(frozen ? [] : sayBeyond(reading)),
    ...(accepted.length > 0 ? [`Accepted: ${accepted.join(', ')}.`] : []),
  ].join(' ');
}

/** Each partition once, however many groups read it. */
function sayBeyond({ groups }: DrainReading): string[] {
  const beyond = new Map(
    groups.flatMap(({ partitions }) =>
      partitions.map((one) => [
        partitionKey(one),
        one.highWatermark > one.to ? one.highWatermark - one.to : 0n,
      ]),
    ),
  );
  const left = [...beyond.values()].reduce((sum, one) => sum + one, 0n);
  return left > 0n ? [`Up to ${records(left)} lie beyond that on the source.`] : [];
}
