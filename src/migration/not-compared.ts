import type { Migration } from './file.js';
import type { Finding } from './findings.js';
import { offsetsIn, type SourceOffsets } from './offsets.js';
import { byTopic, recordsIn, sayRanges, sayRecords } from './ranges.js';
import type { Unverifiable } from './work/parity.js';

/**
 * What the source holds and the target does not, as a comparison has found: one question for each topic. Its key holds how
 * many records that are and where they end, so that whoever accepts them accepts no others.
 */
export function onSourceAlone(
  { source, target }: Pick<Migration, 'source' | 'target'>,
  unverifiable: readonly Unverifiable[],
  key: 'not-compared' | 'lost-on-target',
): Finding[] {
  const alone = unverifiable.flatMap(({ onSourceAlone: records, ...at }) =>
    records ? [{ ...at, records }] : [],
  );
  return byTopic(alone).map(({ topic, ranges }) => {
    const ends = ranges.reduce((sum, { to }) => sum + BigInt(to), 0n);
    return {
      weight: 'asks',
      key: `${key}:${topic}+${recordsIn(ranges)}@${ends}`,
      sentence: `${sayRanges(ranges)} are on ${source} alone: ${ranges[0]?.why ?? ''}. They will be on no cluster any more once the topic is deleted: have them written to ${target}, or accept that they go with it.`,
    };
  });
}

/** Topics of which nothing was compared with its copy. The number is that of offsets below the frozen end. */
export function neverCompared(
  { source, target, topics }: Migration,
  ends: SourceOffsets,
  why: string,
): Finding[] {
  return topics.flatMap(({ name }) => {
    const offsets = offsetsIn(ends, name);
    return offsets === 0n
      ? []
      : [
          {
            weight: 'asks' as const,
            key: `not-compared:${name}+${offsets}`,
            sentence: `Nothing shows that the records of ${name} on ${source} are on ${target} too (up to ${sayRecords(offsets)}): ${why}. What the mirror has left out is on no cluster any more once the topic is deleted; compare both clusters, or accept that.`,
          },
        ];
  });
}
