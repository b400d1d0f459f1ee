import { createHash } from 'node:crypto';
import {
  partitionKey,
  type Cluster,
  type Committed,
  type GroupFacts,
  type TopicFacts,
  type TopicPartition,
} from '../../src/kafka/cluster.js';
import { under } from '../../src/migration/by-name.js';
import { topicsOf, type ConsumerMove } from '../../src/migration/file.js';
import { readersOf } from '../drain/drain-findings.js';
import { passes, probeDrain } from '../drain/drain-probe.js';
import { readCommitted } from '../groups/group-reading.js';
import { describeMember, membersReading } from '../groups/membership.js';
import { sayStill, stillWindowMs } from '../groups/self-assigned.js';
import { valueIfThere, valueOf } from '../kit/rows.js';
import { count, listed } from '../kit/wording.js';
import { partitionsIn, plannedTopics } from '../topics/planned-topics.js';
import { remembered } from './made-commits.js';
import type { Still, TranslateInput } from './translation-state.js';

/** A group of the migration, and what it has committed on the source. */
export interface Standing {
  move: ConsumerMove;
  partitions: TopicPartition[];
  committed: ReadonlyMap<string, Committed>;
}

/** The groups that are to move, as they are on the source: where they stand, and who of them may still commit there. */
export class GroupsOnSource {
  constructor(
    private readonly source: Cluster,
    private readonly input: TranslateInput,
    private readonly moves: readonly ConsumerMove[],
  ) {}

  async standings(): Promise<{
    groups: Standing[];
    partitions: TopicPartition[];
    topics: TopicFacts[];
  }> {
    const { migration, topicIds } = this.input;
    const topics = await plannedTopics(
      this.source,
      migration.topics.map(({ name }) => name),
      { topicIds },
    );
    const wanted = new Map(
      this.moves.map((move) => {
        const names = new Set(topicsOf(migration, move).map(({ name }) => name));
        return [move.group, partitionsIn(topics.filter(({ name }) => names.has(name)))] as const;
      }),
    );
    const committed = await readCommitted(this.source, [...wanted.keys()], wanted);
    const groups = this.moves.map((move) => ({
      move,
      partitions: wanted.get(move.group) ?? [],
      committed: valueIfThere(committed, move.group) ?? new Map<string, never>(),
    }));
    return { groups, partitions: partitionsIn(topics), topics };
  }

  /**
   * Who may still commit there; a group that has read everything may stay. `unseen` are groups without a
   * member whose commits have not been still for long enough, `reading` those that have members there.
   */
  async stillMoving(
    groups: readonly Standing[],
    stillMs: (move: ConsumerMove) => number,
    isTranslated: (group: string, at: TopicPartition, commit: Committed | undefined) => boolean,
  ): Promise<{ moving?: string; unseen?: string; reading: readonly string[] }> {
    const described = await this.source.describeGroups(groups.map(({ move }) => move.group));
    const hidden = groups.flatMap(({ move, partitions, committed }) => {
      const windowMs = stillWindowMs(this.input.migration, move, valueOf(described, move.group));
      if (windowMs === undefined || stillMs(move) >= windowMs) return [];
      // Where it was translated before, it has been still since then.
      const moved = partitions.some((at) => !isTranslated(move.group, at, committed.get(partitionKey(at))));
      return moved ? [{ group: move.group, says: sayStill(stillMs(move), windowMs) }] : [];
    });
    const live = groups.flatMap(({ move, partitions }) => {
      const facts: GroupFacts = valueOf(described, move.group);
      const topics = new Set(partitions.map(({ topic }) => topic));
      const members = membersReading(facts, topics);
      return members.length > 0 ? [{ group: move.group, members, topics }] : [];
    });
    if (live.length === 0 && hidden.length === 0) return { reading: [] };
    const { ends, migration, accepted } = this.input;
    const drained = new Set<string>();
    if (ends) {
      const names = new Set([...live, ...hidden].map(({ group }) => group));
      const reading = await probeDrain(this.source, {
        readers: readersOf(migration).filter(({ group }) => names.has(group)),
        topics: migration.topics.map(({ name }) => name),
        to: ends,
        ...(accepted && { accepted }),
      });
      for (const { group, partitions } of reading.groups)
        if (partitions.every((one) => passes(group, one, accepted))) drained.add(group);
    }
    const moving = live.filter(({ group }) => !drained.has(group));
    const unseen = hidden
      .filter(({ group }) => !drained.has(group) && !moving.some((one) => one.group === group))
      .slice(0, 3)
      .map(({ group, says }) => `${group} ${says} on ${this.source.name}`);
    return {
      reading: live.map(({ group }) => group),
      ...(moving.length > 0 && { moving: this.sayMembers(moving) }),
      ...(unseen.length > 0 && { unseen: unseen.join('; ') }),
    };
  }

  /** A group that has read everything may keep its members there: it has not stopped. */
  sayStopped(groups: readonly Standing[], reading: readonly string[]): string {
    const stopped = groups.map(({ move }) => move.group).filter((group) => !reading.includes(group));
    return [
      ...(stopped.length > 0 ? [`${listed(stopped)} stopped on ${this.source.name}`] : []),
      ...(reading.length > 0
        ? [
            `${listed(reading)} ${reading.length === 1 ? 'has' : 'have'} read ${this.source.name} to its end and still ${reading.length === 1 ? 'has' : 'have'} members there`,
          ]
        : []),
    ].join(', ');
  }

  private sayMembers(
    moving: readonly { group: string; members: GroupFacts['members']; topics: ReadonlySet<string> }[],
  ): string {
    return moving
      .slice(0, 3)
      .map(({ group, members, topics }) => {
        const [first] = members;
        return `${group} has ${count(members.length, 'member')} on ${this.source.name}${first ? `: ${describeMember(first, topics)}` : ''}`;
      })
      .join('; ');
  }
}

/** Changes when a group commits anything. */
export function digestOf(groups: readonly Standing[]): string {
  const hash = createHash('sha256');
  for (const { move, committed } of groups) {
    hash.update(`${JSON.stringify(move.group)}\n`);
    for (const [key, { offset, metadata }] of committed)
      hash.update(`${key} ${offset}${remembered(metadata)}\n`);
  }
  return hash.digest('base64');
}

/** Since when each group has had what it has committed, in ms of watching. */
export function stillEach(
  groups: readonly Standing[],
  before: Still | undefined,
  watchedMs: number,
): Still['each'] {
  return Object.fromEntries(
    groups.map(({ move: { group }, committed }) => {
      const sum = String([...committed.values()].reduce((all, { offset }) => all + offset, 0n));
      const known = under(before?.each, group);
      return [group, known?.committed === sum ? known : { committed: sum, sinceMs: watchedMs }];
    }),
  );
}
