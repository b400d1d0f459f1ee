import type { TopicSet } from './sets.js';

/** A topic that nobody was seen to use: looked at by a person, it may be deleted instead of moved. */
export interface IdleTopic {
  topic: string;
  why: string;
}

const day = 86_400_000;
/** Longer than what comes once a month. */
const stillForDays = 35;

/**
 * The topics of a set that nobody was seen to use, or nothing. Unknown is not idle, and a compacted topic with records is
 * none: applications may read their state from it without a group.
 *
 * @param scannedAt ms since the epoch
 */
export function idleTopicsOf(set: TopicSet, scannedAt: number): IdleTopic[] {
  const used = set.groups.some(
    ({ members, moved }) =>
      members.unknown !== undefined ||
      members.value.length > 0 ||
      moved.unknown !== undefined ||
      moved.value === true,
  );
  const lately = scannedAt - stillForDays * day;
  const idle = set.topics.every(({ partOf, compacted, records, rate, newest, producers }) => {
    if (partOf !== null || rate.value !== 0) return false;
    if (newest.unknown !== undefined || producers.unknown !== undefined) return false;
    if (records.value !== 0 && compacted.value !== false) return false;
    return (
      (newest.value === null || newest.value < lately) &&
      producers.value.every(({ lastWrote }) => lastWrote < lately)
    );
  });
  if (used || !idle || set.unseen.length > 0) return [];
  return set.topics.map(({ name, newest, records }) => ({
    topic: name,
    why:
      records.value === 0 && newest.value === null
        ? 'it holds no record, and no group reads it'
        : `its newest record is of ${dayOf(newest.value)}, and no group that reads it has a member or moves`,
  }));
}

/** Records may say any time, also one that no calendar has. */
function dayOf(time: number | null | undefined): string {
  if (time === null || time === undefined || Math.abs(time) > 8.64e15) return 'an unknown day';
  return new Date(time).toISOString().slice(0, 10);
}
