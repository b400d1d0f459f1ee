import { partitionKey } from '../../src/kafka/cluster.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { records } from '../drain/drain-findings.js';
import { passes, type DrainReading, type PartitionReading } from '../drain/drain-probe.js';
import { hasExpired } from '../drain/expired-commits.js';
import { listed } from '../kit/wording.js';

type Input = Parameters<Activities['watchConsumers']>[0];

/** What a group that has moved has left on the source. */
export interface Left {
  /** Offsets between its commits and the ends of the logs. */
  beyond: bigint;
  /** Where it has no commit, never had one or has one no more, so that it is not known what it left there. */
  unknown: PartitionReading[];
}

/** Partitions of the source where the group has not read what it must, and will not by waiting once it is gone. */
export function shortOf(
  group: string,
  reading: DrainReading | undefined,
  { accepted = [], drained }: Pick<Input, 'accepted' | 'drained'>,
): PartitionReading[] {
  return partitionsOfGroup(group, reading).filter(
    (one) =>
      !passes(group, one, accepted) &&
      !hasExpired(one, drained) &&
      one.verdict.verdict !== 'open-transaction' &&
      one.verdict.verdict !== 'commit-pending',
  );
}

export function leftOnSource(
  group: string,
  reading: DrainReading | undefined,
  { drained }: Pick<Input, 'drained'>,
): Left {
  const partitions = partitionsOfGroup(group, reading);
  const unknown = partitions.filter((one) => hasNoCommit(one) && !hasExpired(one, drained));
  const beyond = partitions.reduce((sum, one) => {
    if (unknown.includes(one)) return sum;
    const { committed, highWatermark, verdict, to } = one;
    // Up to `to` the verdict has shown that what is left is nothing to read, or it was read before its commit expired.
    const from = typeof committed === 'bigint' && committed > to ? committed : to;
    const left = hasExpired(one, drained) ? 0n : verdict.count;
    return sum + left + (highWatermark > from ? highWatermark - from : 0n);
  }, 0n);
  return { beyond, unknown };
}

/** To go on a sentence about the group; empty where it has left nothing. */
export function sayLeft(
  { beyond, unknown }: Left,
  source: string,
  { migration }: Pick<Input, 'migration'>,
): string {
  return [
    ...(beyond > 0n
      ? [
          isMirrored(migration.strategy)
            ? ` It left up to ${records(beyond)} after its last commit, and reads them there: what it had processed of them, it processes again.`
            : ` After its last commit ${records(beyond)} lie on ${source}: what it had processed of them, it may process again.`,
        ]
      : []),
    ...(unknown.length > 0
      ? [
          ` For ${listed(unknown.map(partitionKey))} it has no commit on ${source} any more, or never had one, so that what it left there is not known.`,
        ]
      : []),
  ].join('');
}

const hasNoCommit = ({ committed, verdict: { verdict } }: PartitionReading): boolean =>
  committed === null && (verdict === 'no-commit' || verdict === 'lagging');

export function partitionsOfGroup(group: string, reading: DrainReading | undefined): PartitionReading[] {
  return reading?.groups.find((one) => one.group === group)?.partitions ?? [];
}
