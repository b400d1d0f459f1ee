import { bytesOf } from './size.js';
import type { Unseen } from './work/survey.js';

/** One look at a cluster, as a survey adds it to what it has seen. What could not be seen is absent. */
export interface Look {
  /** As the brokers say it. */
  clusterId: string;
  topics: LookedAtTopic[];
  /** Absent: the groups could not be listed. */
  groups?: LookedAtGroup[];
  /** How many there was no room for in this look; absent: for all. */
  left?: { topics: number; groups: number };
  unseen: Unseen[];
}

export interface LookedAtTopic {
  name: string;
  /** Offsets at the ends of the logs, summed over partitions. */
  end?: bigint;
  producers?: SeenProducer[];
}

/** An idempotent or transactional producer: others leave no trace. */
export interface SeenProducer {
  id: bigint;
  /** ms since the epoch, as the producer has it */
  lastWrote: number;
  transactional: boolean;
  /** Where its open transaction begins, of those in several partitions the highest offset; absent: none is open. */
  openFrom?: bigint | undefined;
}

export interface LookedAtGroup {
  group: string;
  /** Of all commits: another when one of them is. */
  mark?: bigint;
  commits?: number;
  members?: number;
  lag?: bigint;
  /** Topics of the same look. */
  reads?: string[];
}

/** All that a survey has seen so far. Times are ms since the epoch, and those of looks. */
export interface Seen {
  /** Empty before the first look. */
  clusterId: string;
  looks: number;
  /** 0: before the first. */
  lastLook: number;
  /** The last look that could list the groups; 0: none could. */
  lastGroups: number;
  topics: Map<string, SeenTopic>;
  groups: Map<string, SeenGroup>;
  /** How many there was no room for, at most at one look. While there was room for all, what is new has come since. */
  left: { topics: number; groups: number };
}

export interface SeenTopic {
  firstSeen: number;
  lastSeen: number;
  /** Where it ended, and at which look. */
  end?: bigint | undefined;
  endAt?: number | undefined;
  /** How often an end was compared with the one before; 0: whether it is written to is not known. */
  compared: number;
  /** The looks that found records, or markers, that were not there at the one before. */
  firstWritten?: number | undefined;
  lastWritten?: number | undefined;
  /** Offsets that were added. */
  written: bigint;
  /** The most that were added in a second between two looks. */
  peak: number;
  /** Absent: at no look was it known. */
  producers?: SeenProducer[] | undefined;
  /** The most that `writersBetween` has found of two looks. */
  writers: number;
}

export interface SeenGroup {
  firstSeen: number;
  lastSeen: number;
  mark?: bigint | undefined;
  commits?: number | undefined;
  /** How many it had at the last look that told. */
  members?: number | undefined;
  /** How often commits were compared with those before; 0: whether it moves is not known. */
  compared: number;
  firstMoved?: number | undefined;
  lastMoved?: number | undefined;
  lastMembers?: number | undefined;
  lagLeast?: bigint | undefined;
  lagMost?: bigint | undefined;
  /** Absent: at no look was it known. */
  reads?: string[] | undefined;
}

/** What a survey has room for, so that all of it stays far below what Temporal takes. */
export const room = {
  topics: 6_000,
  groups: 6_000,
  nameBytes: 250_000,
  producersPerTopic: 4,
  producers: 12_000,
  readsPerGroup: 2_000,
  reads: 60_000,
} as const;

export const nothingSeen = (): Seen => ({
  clusterId: '',
  looks: 0,
  lastLook: 0,
  lastGroups: 0,
  topics: new Map(),
  groups: new Map(),
  left: { topics: 0, groups: 0 },
});

/** Adds a look. @param at of the look, ms since the epoch; not before the one before */
export function addLook(seen: Seen, look: Look, at: number): void {
  const { left = { topics: 0, groups: 0 } } = look;
  const beforeOf = (what: 'topics' | 'groups', last: number) => (seen.left[what] + left[what] > 0 ? 0 : last);
  const before = { topics: beforeOf('topics', seen.lastLook), groups: beforeOf('groups', seen.lastGroups) };
  for (const topic of look.topics) {
    const known = seen.topics.get(topic.name);
    seen.topics.set(topic.name, known ? written(known, topic, at) : newTopic(topic, at, before.topics));
  }
  for (const group of look.groups ?? []) {
    const known = seen.groups.get(group.group);
    seen.groups.set(group.group, known ? moved(known, group, at) : newGroup(group, at, before.groups));
  }
  seen.clusterId = look.clusterId;
  seen.looks += 1;
  seen.lastLook = at;
  if (look.groups) seen.lastGroups = at;
  seen.left.topics = Math.max(seen.left.topics, left.topics + forget(seen.topics, room.topics));
  seen.left.groups = Math.max(seen.left.groups, left.groups + forget(seen.groups, room.groups));
  keepFewProducers(seen);
  keepFewReads(seen);
}

/** @param before of the look at which it was not there; 0: there was none, or not all fitted in */
function newTopic({ end, producers }: LookedAtTopic, at: number, before: number): SeenTopic {
  const topic: SeenTopic = {
    firstSeen: at,
    lastSeen: at,
    ...(end !== undefined && { end, endAt: at }),
    compared: 0,
    written: 0n,
    peak: 0,
    ...(producers && { producers: latest(producers) }),
    writers: 0,
  };
  if (before === 0 || end === undefined) return topic;
  // It was made since, and so was all that is in it.
  topic.compared = 1;
  if (end > 0n) grew(topic, end, at, before);
  return topic;
}

function grew(topic: SeenTopic, added: bigint, at: number, since: number): void {
  topic.firstWritten ??= at;
  topic.lastWritten = at;
  topic.written += added;
  topic.peak = Math.max(topic.peak, Number(added) / (Math.max(1, at - since) / 1_000));
}

function written(known: SeenTopic, { end, producers }: LookedAtTopic, at: number): SeenTopic {
  const topic: SeenTopic = { ...known, lastSeen: at };
  if (end !== undefined) {
    if (known.end !== undefined && known.endAt !== undefined) {
      topic.compared += 1;
      // One that ends earlier was made anew: all it has is new.
      if (end !== known.end) grew(topic, end > known.end ? end - known.end : end, at, known.endAt);
    }
    topic.end = end;
    topic.endAt = at;
  }
  if (producers) {
    const before = new Map((known.producers ?? []).map((one) => [one.id, one]));
    topic.writers = Math.max(topic.writers, writersBetween(known.producers ?? [], producers));
    for (const one of producers)
      before.set(one.id, {
        ...one,
        transactional: one.transactional || (before.get(one.id)?.transactional ?? false),
      });
    topic.producers = latest([...before.values()]);
  }
  return topic;
}

/**
 * How many producers are proved to have been there at once: those that were known at a look and wrote again before a later one.
 * One that is started anew has another id, so that a new one beside an old one may be one and the same.
 */
export function writersBetween(before: readonly SeenProducer[], after: readonly SeenProducer[]): number {
  const known = new Map(before.map((one) => [one.id, one]));
  return after.filter(({ id, lastWrote, openFrom = -1n }) => {
    const earlier = known.get(id);
    if (!earlier || lastWrote <= earlier.lastWrote) return false;
    // The marker that ends a transaction is a broker's, also after its producer has died: only a later transaction is a write.
    return earlier.openFrom === undefined || openFrom > earlier.openFrom;
  }).length;
}

/** Those that wrote last; an application that is started often has a new id each time. */
const latest = (producers: readonly SeenProducer[]): SeenProducer[] =>
  [...producers]
    .sort((a, b) => b.lastWrote - a.lastWrote || (a.id < b.id ? -1 : 1))
    .slice(0, room.producersPerTopic);

/** @param before as of a topic */
const newGroup = (
  { mark, commits, members, lag, reads }: LookedAtGroup,
  at: number,
  before: number,
): SeenGroup => ({
  firstSeen: at,
  lastSeen: at,
  ...(mark !== undefined && { mark, commits }),
  ...(members !== undefined && { members }),
  // What it has committed it has committed since.
  compared: before > 0 && mark !== undefined ? 1 : 0,
  ...(before > 0 && (commits ?? 0) > 0 && { firstMoved: at, lastMoved: at }),
  ...(members !== undefined && members > 0 && { lastMembers: at }),
  ...(lag !== undefined && { lagLeast: lag, lagMost: lag }),
  ...(reads && { reads: reads.slice(0, room.readsPerGroup) }),
});

function moved(known: SeenGroup, now: LookedAtGroup, at: number): SeenGroup {
  const group: SeenGroup = { ...known, lastSeen: at };
  const empty = now.members === 0 && known.members === 0;
  if (now.mark !== undefined) {
    if (known.mark !== undefined) {
      group.compared += 1;
      // Commits of a group without members expire, and those on a deleted topic go with it: that is no movement.
      const expired = empty && (now.commits ?? 0) < (known.commits ?? 0);
      if (now.mark !== known.mark && !expired) {
        group.firstMoved ??= at;
        group.lastMoved = at;
      }
    }
    group.mark = now.mark;
    group.commits = now.commits;
  }
  if (now.members !== undefined) {
    group.members = now.members;
    if (now.members > 0) group.lastMembers = at;
  }
  if (now.lag !== undefined) {
    group.lagLeast = least(known.lagLeast, now.lag);
    group.lagMost = most(known.lagMost, now.lag);
  }
  if (now.reads) {
    const reads = new Set([...(known.reads ?? []), ...now.reads]);
    group.reads = [...reads].slice(0, room.readsPerGroup);
  }
  return group;
}

const least = (a: bigint | undefined, b: bigint): bigint => (a !== undefined && a < b ? a : b);
const most = (a: bigint | undefined, b: bigint): bigint => (a !== undefined && a > b ? a : b);

/** Where there is no room, those that have been away for the longest are forgotten; of those that are there the last to come. */
function forget(all: Map<string, { firstSeen: number; lastSeen: number }>, mostOf: number): number {
  let bytes = 0;
  for (const name of all.keys()) bytes += bytesOf(name) + 1;
  if (all.size <= mostOf && bytes <= room.nameBytes) return 0;
  const order = [...all].sort(
    ([a, one], [b, other]) =>
      one.lastSeen - other.lastSeen || other.firstSeen - one.firstSeen || (a < b ? 1 : -1),
  );
  let forgotten = 0;
  for (const [name] of order) {
    if (all.size <= mostOf && bytes <= room.nameBytes) break;
    all.delete(name);
    bytes -= bytesOf(name) + 1;
    forgotten += 1;
  }
  return forgotten;
}

/** Of very many the latest: one that is not kept is not known, unlike one that is not there. */
function keepFewProducers({ topics }: Seen): void {
  let left: number = room.producers;
  for (const topic of topics.values()) {
    left -= topic.producers?.length ?? 0;
    if (left < 0) topic.producers = undefined;
  }
}

function keepFewReads({ groups }: Seen): void {
  let left: number = room.reads;
  for (const group of groups.values()) {
    left -= group.reads?.length ?? 0;
    if (left < 0) group.reads = undefined;
  }
}
