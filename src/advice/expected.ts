import type { ScannedGroup, ScannedTopic } from '../inventory/inventory.js';
import { every, mapKnown, type Known } from '../inventory/known.js';
import { formatBytes } from '../migration/bytes.js';
import { formatDuration } from '../migration/duration.js';
import { named } from '../migration/foreign-text.js';
import { expectedRate } from '../migration/mirror-rate.js';
import { topicsOf, type TopicSet } from './sets.js';

/** What of a set decides how long its steps take, as far as it was measured. */
export interface Expected {
  /** Of its topics on the disks of the source. */
  bytes: Known<number>;
  /** Of copying all of it, at `bytesPerSecond`. */
  copySeconds: Known<number>;
  /** Records that its groups have not read, of the one that is furthest behind; unknown where no group is seen. */
  lag: Known<number>;
  /** Records a second that are written to it. */
  rate: Known<number>;
  /** The most at any look of a survey, where that was more than now; absent: it was not, or no look has seen it. */
  atMost?: { lag?: number; rate?: number };
}

/** @param bytesPerSecond measured between the two clusters; without it what is expected of the ferry's engine */
export function expectedOf(
  { topics, groups }: Pick<TopicSet, 'topics' | 'groups'>,
  bytesPerSecond: number = expectedRate.engine,
): Expected {
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const bytes = mapKnown(every(topics.map(({ bytes }) => bytes)), sum);
  const lags = groups.map((group) => mapKnown(every(lagsOf(group, byName)), sum));
  const lag: Known<number> =
    groups.length === 0
      ? { unknown: 'no group is seen to read it' }
      : mapKnown(every(lags), (all) => all.reduce((most, one) => Math.max(most, one), 0));
  const rate = mapKnown(every(topics.map(({ rate }) => rate)), sum);
  const mostLag = Math.max(0, ...groups.map(({ overTime }) => overTime?.value?.lag.value?.most ?? 0));
  const mostRate = sum(topics.map(({ overTime }) => overTime?.value?.written.value?.peak ?? 0));
  const atMost = {
    ...(mostLag > (lag.value ?? 0) && { lag: mostLag }),
    ...(mostRate > (rate.value ?? 0) && { rate: mostRate }),
  };
  return {
    bytes,
    copySeconds: mapKnown(bytes, (all) => all / bytesPerSecond),
    lag,
    rate,
    ...(Object.keys(atMost).length > 0 && { atMost }),
  };
}

/** How far a group is behind on each of the topics that it reads; not known where it reads one and has committed nothing. */
export function lagsOf(group: ScannedGroup, topics: TopicsByName): Known<number>[] {
  if (group.committed.unknown !== undefined) return [{ unknown: group.committed.unknown }];
  const lags = new Map(group.committed.value.map(({ topic, lag }) => [topic, lag]));
  return [...topicsOf(group, [...topics.keys()])].flatMap((name): Known<number>[] => {
    const topic = topics.get(name);
    if (!topic) return [];
    const nothing: Known<number> =
      topic.records.value === 0
        ? { value: 0 }
        : { unknown: `group ${named(group.group)} has committed nothing on ${named(name)}` };
    return [lags.get(name) ?? nothing];
  });
}

type TopicsByName = ReadonlyMap<string, Pick<ScannedTopic, 'records'>>;

const busiest = ({ lag, rate }: NonNullable<Expected['atMost']>): string[] => [
  ...(rate === undefined
    ? []
    : [`${rate.toLocaleString('en-US', { maximumFractionDigits: 1 })} records a second written`]),
  ...(lag === undefined ? [] : [`a group ${lag.toLocaleString('en-US')} records behind`]),
];

/** The same as sentences, for whoever has to say whether a pause may be. */
export function expectedText({ bytes, copySeconds, lag, rate, atMost }: Expected): string[] {
  return [
    bytes.value === undefined || copySeconds.value === undefined
      ? `How long copying takes is not known: ${bytes.unknown ?? ''}`
      : `Copying its history takes about ${formatDuration(Math.max(1, Math.round(copySeconds.value)) * 1_000)} (${formatBytes(bytes.value)} on disk); producers go on meanwhile.`,
    lag.value === undefined
      ? `How far groups are behind is not known: ${lag.unknown}`
      : `A pause of producers lasts until groups have read what they are behind: ${lag.value.toLocaleString('en-US')} records of the slowest one now.`,
    rate.value === undefined
      ? `How much is written is not known: ${rate.unknown}`
      : `${rate.value.toLocaleString('en-US', { maximumFractionDigits: 1 })} records a second were written while it was looked at.`,
    ...(atMost ? [`At its busiest a survey saw ${busiest(atMost).join(', and ')}.`] : []),
  ];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
