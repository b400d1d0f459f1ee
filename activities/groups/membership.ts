import { partitionKey, type GroupFacts, type GroupListing } from '../../src/kafka/cluster.js';
import { wantsTopic } from '../../src/kafka/topic-pattern.js';

/** Groups that have members now which may read topics. */
export function liveReaders(listing: readonly GroupListing[]): string[] {
  return listing
    .filter(({ state, coordinatesOther }) => state !== 'empty' && state !== 'dead' && !coordinatesOther)
    .map(({ group }) => group);
}

export type Member = GroupFacts['members'][number];

/**
 * Whether a member reads any of the topics, by subscription or assignment. A member of which the coordinator shows
 * neither (it is rebalancing, or its protocol does not tell), or a pattern that cannot be read, counts: nobody can say that it
 * does not.
 */
export function reads(member: Member, topics: ReadonlySet<string>): boolean {
  const { subscribed, assigned, subscribedPattern } = member;
  if (subscribed.some((topic) => topics.has(topic)) || assigned.some(({ topic }) => topics.has(topic)))
    return true;
  if (subscribedPattern !== undefined)
    return [...topics].some((topic) => wantsTopic(subscribedPattern, topic) ?? true);
  return isOpaque(member);
}

export function membersReading(facts: GroupFacts | undefined, topics: ReadonlySet<string>): Member[] {
  return facts?.members.filter((member) => reads(member, topics)) ?? [];
}

/**
 * The topics of which no member has a partition assigned. Members of a stable group that shows no assignments (its
 * protocol does not tell) are taken to have them all.
 */
export function topicsNobodyHas({ members, state }: GroupFacts, topics: ReadonlySet<string>): string[] {
  if (state === 'stable' && members.some(isOpaque)) return [];
  const assigned = new Set(members.flatMap((member) => member.assigned.map(({ topic }) => topic)));
  return [...topics].filter((topic) => !assigned.has(topic));
}

/** Whether a coordinator says neither what it wants to read nor what it has. */
export function isOpaque({ subscribed, subscribedPattern, assigned }: Member): boolean {
  return subscribed.length === 0 && subscribedPattern === undefined && assigned.length === 0;
}

/** For example `orders-web-1 (/10.0.3.4) on orders/0, orders/1`. */
export function describeMember({ clientId, host, assigned }: Member, topics: ReadonlySet<string>): string {
  const on = assigned.filter(({ topic }) => topics.has(topic)).map(partitionKey);
  const shown = on.length > 3 ? [...on.slice(0, 3), `${on.length - 3} more`] : on;
  return `${clientId} (${host})${shown.length > 0 ? ` on ${shown.join(', ')}` : ''}`;
}
