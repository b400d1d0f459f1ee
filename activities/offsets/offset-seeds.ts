import { partitionKey, type Committed, type TopicPartition } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { offsetAt, offsetTable, type TargetOffsets } from '../../src/migration/offsets.js';
import type { Ends } from './offset-reading.js';
import { isAsMade, recalled, remembered, type MadeCommit } from './made-commits.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count } from '../kit/wording.js';

/** Where groups start. */
export interface Start {
  table: TargetOffsets;
  /** Whether it was decided by an earlier call. */
  decided: boolean;
  findings: Finding[];
}

/** The end offsets as they are. */
export function startFromEnds(ends: readonly Ends[]): TargetOffsets {
  return tableOf(ends, ({ highWatermark }) => highWatermark);
}

/** A start that was decided earlier, on the log as it is now: a partition added since begins at its beginning. */
export function startFromRecord(recorded: TargetOffsets, ends: readonly Ends[], target: string): Start {
  const findings: Finding[] = [];
  const table = tableOf(ends, ({ topic, partition, logStart, highWatermark }) => {
    const offset = offsetAt(recorded, topic, partition) ?? logStart;
    if (offset > highWatermark)
      findings.push(
        blocking(
          `topic-rewound:${topic}`,
          `Partition ${partition} of ${topic} on ${target} ends at ${highWatermark}, before its starting offset ${offset}: it was created anew or lost records; abort, or have it looked at.`,
        ),
      );
    return offset;
  });
  return { table, decided: true, findings };
}

function tableOf(ends: readonly Ends[], offset: (end: Ends) => bigint): TargetOffsets {
  return offsetTable(ends.map((end) => ({ ...end, offset: offset(end) })));
}

export interface GroupOnTarget {
  group: string;
  members: number;
  committed: ReadonlyMap<string, Committed>;
  /** What the group is to read. */
  partitions: readonly Ends[];
  /** What this migration has committed for it so far, or was about to. */
  made: ReadonlyMap<string, readonly MadeCommit[]>;
  /** Metadata that goes along with a starting offset: times of Kafka Streams, by partition on the target. */
  times: ReadonlyMap<string, string>;
  /** Whether a ferry of before made this commit. */
  hasOldMark: (found: Committed) => boolean;
}

export interface Seed {
  group: string;
  /** Offsets to commit. */
  commit: (TopicPartition & { offset: bigint; metadata: string })[];
  /** What is there as it was made, of a group without members: a broker counts its expiry from the last commit. */
  renew: (TopicPartition & { offset: bigint; metadata: string })[];
  /** What is this migration's, once `commit` is done. */
  made: (TopicPartition & MadeCommit)[];
  /** Topics in which something is this migration's, if only by an old mark. */
  topics: ReadonlySet<string>;
  findings: Finding[];
}

/**
 * What one group needs, and what stands in its way. A group's own commits are never overwritten; they are a question
 * unless the group is seen to have come past its start: live there, or past one that was `decided` earlier.
 */
export function planSeed(
  { group, members, committed, partitions, made, times, hasOldMark }: GroupOnTarget,
  { table, decided }: Pick<Start, 'table' | 'decided'>,
  target: string,
): Seed {
  const commit: Seed['commit'] = [];
  const renew: Seed['renew'] = [];
  const own: (TopicPartition & MadeCommit)[] = [];
  const topics = new Set<string>();
  const foreign: (TopicPartition & { offset: bigint; start: bigint })[] = [];
  const expired = new Map<string, { lost: bigint; first: bigint }>();
  for (const { topic, partition, logStart } of partitions) {
    const start = offsetAt(table, topic, partition) ?? logStart;
    const key = partitionKey({ topic, partition });
    const found = committed.get(key);
    const before = made.get(key) ?? [];
    const marked = found !== undefined && hasOldMark(found);
    if (found && !marked && !before.some((one) => isAsMade(found, one))) {
      // What the target's retention has overtaken is no start any more.
      const from = found.offset === start && start < logStart ? logStart : start;
      if (found.offset !== from) foreign.push({ topic, partition, offset: found.offset, start: from });
      continue;
    }
    topics.add(topic);
    // An offset that has left the log would send the consumer to `auto.offset.reset`.
    const offset = start < logStart ? logStart : start;
    if (start < logStart) {
      const { lost, first } = expired.get(topic) ?? { lost: 0n, first: 0n };
      expired.set(topic, { lost: lost + logStart - start, first: first + logStart });
    }
    const metadata = times.get(key) ?? recalled(before.at(-1)?.metadata ?? '') ?? '';
    // A member that has yet to commit is left in peace: a later time is not worth stopping it.
    const stays = found?.offset === offset && (members > 0 || found.metadata === metadata);
    if (!stays) commit.push({ topic, partition, offset, metadata });
    else if (members === 0) renew.push({ topic, partition, offset, metadata });
    if (!stays || !marked)
      own.push({ topic, partition, offset, metadata: remembered(stays ? found.metadata : metadata) });
  }
  return {
    group,
    commit,
    renew,
    made: own,
    topics,
    findings: [...liveFindings(), ...expiredFindings(), ...foreignFindings()],
  };

  function expiredFindings(): Finding[] {
    // Whoever accepts three offsets accepts no fourth.
    return [...expired].map(([topic, { lost, first }]) =>
      asking(
        `expired-on-target:${group}:${topic}+${lost}@${first}`,
        `${topic} on ${target} has lost ${count(lost, 'offset')} to its retention before ${group} could read them: accept the loss, and the group starts at what is left.`,
      ),
    );
  }

  function liveFindings(): Finding[] {
    const [first] = commit;
    return members > 0 && first
      ? [
          blocking(
            `group-live-on-target:${group}`,
            `${group} has ${count(members, 'member')} on ${target} and no starting offset for ${count(commit.length, 'partition')} (first: ${first.topic} ${first.partition}), where it would start by auto.offset.reset: stop it there, then try again.`,
          ),
        ]
      : [];
  }

  function foreignFindings(): Finding[] {
    const [first] = foreign;
    if (!first) return [];
    const says = `${group} has committed ${first.offset} for ${first.topic} ${first.partition} on ${target} itself, where it would start at ${first.start}${foreign.length > 1 ? `, and so for ${foreign.length - 1} more` : ''}`;
    const moving = (members > 0 || decided) && foreign.every(({ offset, start }) => offset >= start);
    return moving
      ? [noting(`offset-on-target:${group}`, `${says}: it moves on there, and is left alone.`)]
      : [
          asking(
            `offset-on-target:${group}`,
            `${says}: accept that it goes on from its own offsets, or delete them there, then try again.`,
          ),
        ];
  }
}
