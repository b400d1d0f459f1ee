import { pack, unpack, type Packed } from './packed.js';
import {
  nothingSeen,
  type Look,
  type LookedAtGroup,
  type LookedAtTopic,
  type Seen,
  type SeenGroup,
  type SeenProducer,
  type SeenTopic,
} from './survey-seen.js';
import type { PackedLook, PackedNames, PackedProducers } from './work/survey.js';

// What crosses Temporal of a survey, in columns of packed numbers over lists of names.

/** What a survey has seen, as its next run begins with it and its query answers it. */
export interface PackedSeen {
  clusterId: string;
  looks: number;
  lastLook: number;
  lastGroups: number;
  left: { topics: number; groups: number };
  topics: { names: string[]; producers: PackedProducers } & Record<TopicColumn, Packed>;
  groups: { names: string[]; reads: Packed; topics: Packed } & Record<GroupColumn, Packed>;
}

type Whole = bigint | undefined;
const whole = (number: number | undefined): Whole => (number === undefined ? undefined : BigInt(number));
const plain = (number: Whole): number | undefined => (number === undefined ? undefined : Number(number));

/** Records a second are kept in thousandths. */
const thousandth = 1_000;

const topicColumns = {
  firstSeen: ({ firstSeen }: SeenTopic) => whole(firstSeen),
  lastSeen: ({ lastSeen }: SeenTopic) => whole(lastSeen),
  ends: ({ end }: SeenTopic) => end,
  endsAt: ({ endAt }: SeenTopic) => whole(endAt),
  compared: ({ compared }: SeenTopic) => whole(compared),
  firstWritten: ({ firstWritten }: SeenTopic) => whole(firstWritten),
  lastWritten: ({ lastWritten }: SeenTopic) => whole(lastWritten),
  written: ({ written }: SeenTopic) => written,
  peaks: ({ peak }: SeenTopic) => whole(Math.round(peak * thousandth)),
  writers: ({ writers }: SeenTopic) => whole(writers),
};
type TopicColumn = keyof typeof topicColumns;

const groupColumns = {
  firstSeen: ({ firstSeen }: SeenGroup) => whole(firstSeen),
  lastSeen: ({ lastSeen }: SeenGroup) => whole(lastSeen),
  marks: ({ mark }: SeenGroup) => mark,
  commits: ({ commits }: SeenGroup) => whole(commits),
  members: ({ members }: SeenGroup) => whole(members),
  compared: ({ compared }: SeenGroup) => whole(compared),
  firstMoved: ({ firstMoved }: SeenGroup) => whole(firstMoved),
  lastMoved: ({ lastMoved }: SeenGroup) => whole(lastMoved),
  lastMembers: ({ lastMembers }: SeenGroup) => whole(lastMembers),
  lagsLeast: ({ lagLeast }: SeenGroup) => lagLeast,
  lagsMost: ({ lagMost }: SeenGroup) => lagMost,
};
type GroupColumn = keyof typeof groupColumns;

export function packSeen({ clusterId, looks, lastLook, lastGroups, left, topics, groups }: Seen): PackedSeen {
  const names = [...topics.keys()];
  return {
    ...{ clusterId, looks, lastLook, lastGroups, left: { ...left } },
    topics: {
      names,
      ...columns(topicColumns, [...topics.values()]),
      producers: packProducers([...topics.values()].map(({ producers }) => producers)),
    },
    groups: {
      names: [...groups.keys()],
      ...columns(groupColumns, [...groups.values()]),
      ...packReads(
        [...groups.values()].map(({ reads }) => reads),
        names,
      ),
    },
  };
}

/** @throws TypeError when it is not what `packSeen` has made. */
export function unpackSeen({
  clusterId,
  looks,
  lastLook,
  lastGroups,
  left,
  topics,
  groups,
}: PackedSeen): Seen {
  const seen: Seen = { ...nothingSeen(), clusterId, looks, lastLook, lastGroups, left: { ...left } };
  const topic = numbers(topicColumns, topics);
  const producers = unpackProducers(topics.producers);
  topics.names.forEach((name, at) =>
    seen.topics.set(name, {
      firstSeen: plain(topic.firstSeen[at]) ?? 0,
      lastSeen: plain(topic.lastSeen[at]) ?? 0,
      end: topic.ends[at],
      endAt: plain(topic.endsAt[at]),
      compared: plain(topic.compared[at]) ?? 0,
      firstWritten: plain(topic.firstWritten[at]),
      lastWritten: plain(topic.lastWritten[at]),
      written: topic.written[at] ?? 0n,
      peak: (plain(topic.peaks[at]) ?? 0) / thousandth,
      producers: producers[at],
      writers: plain(topic.writers[at]) ?? 0,
    }),
  );
  const group = numbers(groupColumns, groups);
  const reads = unpackReads(groups, topics.names);
  groups.names.forEach((name, at) =>
    seen.groups.set(name, {
      firstSeen: plain(group.firstSeen[at]) ?? 0,
      lastSeen: plain(group.lastSeen[at]) ?? 0,
      mark: group.marks[at],
      commits: plain(group.commits[at]),
      members: plain(group.members[at]),
      compared: plain(group.compared[at]) ?? 0,
      firstMoved: plain(group.firstMoved[at]),
      lastMoved: plain(group.lastMoved[at]),
      lastMembers: plain(group.lastMembers[at]),
      lagLeast: group.lagsLeast[at],
      lagMost: group.lagsMost[at],
      reads: reads[at],
    }),
  );
  return seen;
}

/** @param known digests of the names that the asker has: those are not told again */
export function packLook(
  { clusterId, topics, groups, left, unseen }: Look,
  known: { topics: string; groups: string },
): PackedLook {
  const names = topics.map(({ name }) => name);
  return {
    clusterId,
    topics: namesUnless(names, known.topics),
    ends: pack(topics.map(({ end }) => end)),
    producers: packProducers(topics.map(({ producers }) => producers)),
    ...(groups && {
      groups: {
        ...namesUnless(
          groups.map(({ group }) => group),
          known.groups,
        ),
        marks: pack(groups.map(({ mark }) => mark)),
        commits: pack(groups.map(({ commits }) => whole(commits))),
        members: pack(groups.map(({ members }) => whole(members))),
        lags: pack(groups.map(({ lag }) => lag)),
        ...packReads(
          groups.map(({ reads }) => reads),
          names,
        ),
      },
    }),
    ...(left && { left }),
    unseen,
  };
}

/**
 * @param known the names of the look before
 * @throws TypeError when it is not what `packLook` has made.
 */
export function unpackLook(
  { clusterId, topics, ends, producers, groups, left, unseen }: PackedLook,
  known: { topics: readonly string[]; groups: readonly string[] },
): Look {
  const names = namesOf(topics, known.topics);
  const end = unpack(ends);
  const written = unpackProducers(producers);
  return {
    clusterId,
    topics: names.map((name, at): LookedAtTopic => {
      const [here, by] = [end[at], written[at]];
      return { name, ...(here !== undefined && { end: here }), ...(by && { producers: by }) };
    }),
    ...(groups && { groups: groupsOf(groups, namesOf(groups, known.groups), names) }),
    ...(left && { left }),
    unseen,
  };
}

function groupsOf(
  packed: NonNullable<PackedLook['groups']>,
  groups: readonly string[],
  topics: readonly string[],
): LookedAtGroup[] {
  const [marks, commits, members, lags] = [
    unpack(packed.marks),
    unpack(packed.commits),
    unpack(packed.members),
    unpack(packed.lags),
  ];
  const reads = unpackReads(packed, topics);
  return groups.map((group, at) => {
    const [mark, count, member, lag, read] = [
      marks[at],
      plain(commits[at]),
      plain(members[at]),
      lags[at],
      reads[at],
    ];
    return {
      group,
      ...(mark !== undefined && { mark }),
      ...(count !== undefined && { commits: count }),
      ...(member !== undefined && { members: member }),
      ...(lag !== undefined && { lag }),
      ...(read && { reads: read }),
    };
  });
}

/** Names of topics or groups that were there at the last look that listed them, in the order of looks. */
export const namesAt = (all: ReadonlyMap<string, { lastSeen: number }>, at: number): string[] =>
  [...all].flatMap(([name, { lastSeen }]) => (lastSeen === at ? [name] : [])).sort();

function columns<T, Column extends string>(
  of: Record<Column, (one: T) => Whole>,
  all: readonly T[],
): Record<Column, Packed> {
  const packed = Object.entries(of) as [Column, (one: T) => Whole][];
  return Object.fromEntries(packed.map(([column, value]) => [column, pack(all.map(value))])) as Record<
    Column,
    Packed
  >;
}

function numbers<Column extends string>(
  of: Readonly<Record<Column, unknown>>,
  packed: Readonly<Record<NoInfer<Column>, Packed>>,
): Record<Column, Whole[]> {
  return Object.fromEntries(
    (Object.keys(of) as Column[]).map((column) => [column, unpack(packed[column])]),
  ) as Record<Column, Whole[]>;
}

function packProducers(all: readonly (readonly SeenProducer[] | undefined)[]): PackedProducers {
  const flat = all.flatMap((producers) => producers ?? []);
  return {
    counts: pack(all.map((producers) => whole(producers?.length))),
    ids: pack(flat.map(({ id }) => id)),
    lastWrote: pack(flat.map(({ lastWrote }) => BigInt(lastWrote))),
    transactional: pack(flat.map(({ transactional }) => (transactional ? 1n : 0n))),
    openFrom: pack(flat.map(({ openFrom }) => openFrom)),
  };
}

function unpackProducers(packed: PackedProducers): (SeenProducer[] | undefined)[] {
  const ids = unpack(packed.ids);
  const lastWrote = unpack(packed.lastWrote);
  const transactional = unpack(packed.transactional);
  const openFrom = unpack(packed.openFrom);
  return slices(
    unpack(packed.counts),
    ids.map((id, at) => ({
      id: id ?? 0n,
      lastWrote: plain(lastWrote[at]) ?? 0,
      transactional: transactional[at] === 1n,
      ...(openFrom[at] !== undefined && { openFrom: openFrom[at] }),
    })),
  );
}

/** @param topics those that may be named */
function packReads(all: readonly (readonly string[] | undefined)[], topics: readonly string[]) {
  const index = new Map(topics.map((name, at) => [name, at]));
  const found = all.map((names) =>
    names
      ?.flatMap((name) => index.get(name) ?? [])
      // Neighbours cost nothing.
      .sort((a, b) => a - b),
  );
  return {
    reads: pack(found.map((indices) => whole(indices?.length))),
    topics: pack(found.flatMap((indices) => indices ?? []).map(BigInt)),
  };
}

function unpackReads(
  { reads, topics }: { reads: Packed; topics: Packed },
  names: readonly string[],
): (string[] | undefined)[] {
  return slices(
    unpack(reads),
    unpack(topics).map((at) => names[Number(at)] ?? ''),
  );
}

function slices<T>(counts: readonly Whole[], all: readonly T[]): (T[] | undefined)[] {
  let from = 0;
  return counts.map((count) => {
    if (count === undefined) return undefined;
    const slice = all.slice(from, from + Number(count));
    from += Number(count);
    return slice;
  });
}

function namesUnless(names: string[], known: string): PackedNames {
  const of = digestOf(names);
  return of === known ? { of } : { of, names };
}

function namesOf({ of, names }: PackedNames, known: readonly string[]): readonly string[] {
  if (names) return names;
  if (digestOf(known) !== of) throw new TypeError('The look is of names that are not known here');
  return known;
}

/** FNV-1a of 32 bits over the names, and how many there are. */
export function digestOf(names: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const name of names) {
    for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
    hash = Math.imul(hash ^ 0x10000, 0x01000193) >>> 0;
  }
  return `${names.length}.${hash.toString(36)}`;
}
