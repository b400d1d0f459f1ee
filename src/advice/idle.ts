import type { Inventory, ScannedGroup, ScannedTopic } from '../inventory/inventory.js';
import { formatDuration } from '../migration/duration.js';
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
 * none: applications may read their state from it without a group. What a survey has seen counts; beyond its time it tells
 * nothing.
 */
export function idleTopicsOf(
  set: TopicSet,
  { scannedAt, survey }: Pick<Inventory, 'scannedAt' | 'survey'>,
): IdleTopic[] {
  const lately = Date.parse(scannedAt) - stillForDays * day;
  const used =
    set.connectors.length > 0 ||
    set.groups.some(
      (group) =>
        group.members.unknown !== undefined ||
        group.members.value.length > 0 ||
        group.moved.unknown !== undefined ||
        group.moved.value === true ||
        cameLately(group, lately),
    );
  const idle = set.topics.every((topic) => {
    const { partOf, compacted, records, rate, newest, producers } = topic;
    if (partOf !== null || rate.value !== 0 || writtenLately(topic, lately)) return false;
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
        ? `it holds no record, and no group reads it${over(survey)}`
        : `its newest record is of ${dayOf(newest.value)}, and no group that reads it has a member or moves${over(survey)}`,
  }));
}

/** Whether a survey has seen it read lately, or could not see whether it was. */
function cameLately({ overTime }: ScannedGroup, lately: number): boolean {
  if (overTime === undefined) return false;
  if (overTime.unknown !== undefined) return true;
  const { moved, lastMembers } = overTime.value;
  return (
    moved.unknown !== undefined ||
    lastMembers.unknown !== undefined ||
    (moved.value.last ?? -Infinity) >= lately ||
    (lastMembers.value ?? -Infinity) >= lately
  );
}

/** Whether a survey has seen it written to lately, or could not see whether it was. */
function writtenLately({ overTime }: ScannedTopic, lately: number): boolean {
  if (overTime === undefined) return false;
  if (overTime.unknown !== undefined || overTime.value.written.unknown !== undefined) return true;
  const { last } = overTime.value.written.value;
  return last !== null && last >= lately;
}

/** How long was looked: who comes more seldom is seen by nothing here. */
function over(survey: Inventory['survey']): string {
  if (survey === undefined || survey.until === null) return '; there was one look alone';
  const ms = Date.parse(survey.until) - Date.parse(survey.from);
  const missed = survey.missed.count > 0 ? ` (${survey.missed.count} saw nothing)` : '';
  return `; nobody came in the ${formatDuration(ms)} of a survey of ${survey.looks} looks${missed}`;
}

/** Records may say any time, also one that no calendar has. */
function dayOf(time: number | null | undefined): string {
  if (time === null || time === undefined || Math.abs(time) > 8.64e15) return 'an unknown day';
  return new Date(time).toISOString().slice(0, 10);
}
