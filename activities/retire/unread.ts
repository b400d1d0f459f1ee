import { partitionKey, type Cluster, type TopicFacts } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { offsetAt, onlyTopics, partitionsOf, type SourceOffsets } from '../../src/migration/offsets.js';
import type { AloneRange } from '../../src/migration/work/drain.js';
import type { Proved } from '../../src/migration/work/retire.js';
import type { Work } from '../../src/migration/work/work.js';
import { drainFindings, readersOf, topicsWithoutGroup, type Reader } from '../drain/drain-findings.js';
import { probeDrain, type DrainReading } from '../drain/drain-probe.js';
import { withoutExpired } from '../drain/expired-commits.js';
import { aloneFindings } from '../drain/twins.js';
import { namePendingCommits } from '../groups/pending-commits.js';
import { blocking } from '../kit/weights.js';
import { listed } from '../kit/wording.js';
import { lostCopies, type Copying } from '../mirror/copies.js';
import { aloneByNow } from './lost-twins.js';

/**
 * What a group has not read is lost with the topic, unless producers wrote it to the target as well. Which of it has no twin
 * there was found out when the end was frozen.
 */
export async function unreadFindings(
  sides: { source: Cluster; target: Cluster },
  work: Work & Proved,
  topics: readonly TopicFacts[],
  copying: Partial<Copying> = {},
): Promise<Finding[]> {
  const { migration, ends, marks, doubled, drained } = work;
  const there = new Set(topics.map(({ name }) => name));
  const to = marks ? onlyTopics(marks, there) : undefined;
  const reading = await readBy(sides.source, work, readersOf(work.migration), there, to);
  const now = doubled && (await aloneByNow(sides, work, doubled, there, copying));
  const named = { ...migration, topics: migration.topics.filter(({ name }) => there.has(name)) };
  return [
    ...topicsWithoutGroup(named, marks ?? ends),
    ...drainFindings(withoutExpired(reading, drained), sides.source.name, atDeletion),
    ...(await unknownFindings(reading, sides.source)),
    ...(now?.replaced ?? []),
    ...(marks
      ? await aloneFindings(sides, work, aloneIn(now && { ...doubled, ...now }, marks, ends, there), ends)
      : []),
  ];
}

/** All that the source holds has its copy, or is asked about; what groups have not read of it, they read there. */
export async function mirroredFindings(
  sides: { source: Cluster; target: Cluster },
  work: Work & Proved,
  topics: readonly TopicFacts[],
  copying: Copying,
): Promise<Finding[]> {
  const there = new Set(topics.map(({ name }) => name));
  const reading = await readBy(sides.source, work, readersOf(work.migration), there);
  const read = [
    ...topicsWithoutGroup(work.migration, work.ends),
    ...drainFindings(reading, sides.source.name, atDeletion),
  ];
  return [
    ...(await lostCopies(sides, work, there, copying)),
    ...read.map((finding) => broughtAlong(finding, sides.source.name, sides.target.name)),
  ];
}

/** What a group has not read on the source and would lose, if the mirror had not brought it to the target. */
export function broughtAlong(finding: Finding, source: string, target: string): Finding {
  return finding.weight === 'asks'
    ? {
        ...finding,
        weight: 'notes',
        sentence: `On ${source}: ${finding.sentence} The mirror has brought them to ${target}, as far as nothing else is said here.`,
      }
    : finding;
}

/** At the deletion nobody is waited for any more. */
export const atDeletion = { expectsCommit: () => false, expectsReading: () => false };

/** How far each has read those of its topics that are there. */
export function readBy(
  source: Cluster,
  { accepted = [] }: Work,
  readers: readonly Reader[],
  there: ReadonlySet<string>,
  to?: SourceOffsets,
): Promise<DrainReading> {
  return probeDrain(source, {
    readers: readers.map((reader) => ({
      ...reader,
      topics: reader.topics.filter((topic) => there.has(topic)),
    })),
    topics: [...there],
    accepted,
    ...(to && { to }),
  });
}

/** What cannot be read now is not what has been read. */
export async function unknownFindings({ groups }: DrainReading, source: Cluster): Promise<Finding[]> {
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

/** What was found to be on the source alone; everything beyond where anybody has looked. */
function aloneIn(
  doubled: Proved['doubled'],
  marks: SourceOffsets,
  ends: SourceOffsets,
  there: ReadonlySet<string>,
): AloneRange[] {
  const looked = doubled?.to ?? marks;
  const beyond = partitionsOf(onlyTopics(ends, there)).flatMap(({ topic, partition, offset }) => {
    const from = offsetAt(looked, topic, partition) ?? 0n;
    const records = Number(offset - from);
    return records > 0
      ? [{ topic, partition, from: String(from), to: String(offset), records, notCompared: true as const }]
      : [];
  });
  return [...(doubled?.alone ?? []).filter(({ topic }) => there.has(topic)), ...beyond];
}
