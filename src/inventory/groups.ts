import type { Committed, GroupFacts, GroupListing, Rows } from '../kafka/cluster.js';
import { wantsTopic } from '../kafka/topic-pattern.js';
import type { ScannedGroup } from './inventory.js';
import { mapKnown, rowOf, type Known } from './known.js';
import { byTopic, lagOn, type Ends } from './lags.js';
import { kindOf } from './recognised.js';

type Member = NonNullable<ScannedGroup['members']['value']>[number];

/** What was read of all groups, part by part. */
export interface SeenOfGroups {
  members: Known<Rows<string, GroupFacts>>;
  committed: Known<Rows<string, ReadonlyMap<string, Committed>>>;
  committedLater: Known<Rows<string, ReadonlyMap<string, Committed>>>;
  ends: Ends;
  /** Names of topics that a pattern of a member may mean. */
  readable: readonly string[];
  /** Why a topic is not among `ends`. */
  notScanned: (topic: string) => string;
  /** When `committedLater` was read, ms since the epoch, and how long after `committed`. */
  lookedAt: number;
  seconds: number;
}

/** @param streams the groups after which inner topics of Kafka Streams are named */
export function scannedGroup(
  listing: GroupListing,
  seen: SeenOfGroups,
  streams: ReadonlySet<string>,
): ScannedGroup {
  const { group } = listing;
  const found = rowOf(seen.members, group);
  const before = rowOf(seen.committed, group);
  const moved = movedBetween(before, rowOf(seen.committedLater, group));
  const members = mapKnown(found, membersOf);
  const clients = members.value?.map(({ clientId }) => clientId) ?? [];
  return {
    group,
    protocol: listing.protocol,
    state: found.value?.state ?? listing.state,
    kind: kindOf(listing, clients, streams),
    members,
    committed: mapKnown(before, (offsets) => lagsOf(offsets, members.value ?? [], seen)),
    moved,
    lastMoved:
      moved.value === true
        ? { value: seen.lookedAt }
        : {
            unknown:
              moved.unknown ??
              `its commits stood still for the ${seen.seconds.toFixed(0)} s between two looks`,
          },
    movesWithoutMembers: withoutMembers(moved, members),
  };
}

/** A group that stood still for a moment may move without members all the same, unless it has some. */
function withoutMembers(
  moved: Known<boolean>,
  members: ScannedGroup['members'],
): ScannedGroup['movesWithoutMembers'] {
  if (members.unknown !== undefined) return { unknown: members.unknown };
  if (members.value.length > 0) return { value: false };
  if (moved.unknown !== undefined) return { unknown: moved.unknown };
  return moved.value ? { value: true } : { unknown: 'it has no member, and its commits stood still' };
}

function membersOf({ members }: GroupFacts): Member[] {
  return members.map(({ clientId, host, subscribed, assigned, subscribedPattern }) => ({
    clientId,
    host,
    topics: [...new Set([...subscribed, ...assigned.map(({ topic }) => topic)])].sort(),
    ...(subscribedPattern !== undefined && { pattern: subscribedPattern }),
  }));
}

/** On every topic that it has committed on or that its members read. */
function lagsOf(
  offsets: ReadonlyMap<string, Committed>,
  members: readonly Member[],
  { ends, readable, notScanned }: SeenOfGroups,
): { topic: string; lag: Known<number> }[] {
  const commits = byTopic(offsets);
  const read = members.flatMap(({ topics, pattern }) => [
    ...topics,
    ...(pattern === undefined ? [] : readable.filter((topic) => wantsTopic(pattern, topic))),
  ]);
  return [...new Set([...commits.keys(), ...read])].sort().map((topic) => {
    const partitions = ends.partitions.get(topic);
    return {
      topic,
      lag: partitions
        ? mapKnown(lagOn(partitions, commits.get(topic), ends.marks), Number)
        : { unknown: notScanned(topic) },
    };
  });
}

function movedBetween(
  before: Known<ReadonlyMap<string, Committed>>,
  after: Known<ReadonlyMap<string, Committed>>,
): Known<boolean> {
  if (before.unknown !== undefined) return { unknown: before.unknown };
  if (after.unknown !== undefined) return { unknown: after.unknown };
  const { value } = before;
  return { value: [...after.value].some(([key, { offset }]) => value.get(key)?.offset !== offset) };
}
