import type { Cluster } from '../../src/kafka/cluster.js';
import { partitionKey } from '../../src/kafka/cluster.js';
import { targetGroup, type ConsumerMove } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import type { TranslatedGroup } from '../../src/migration/work/offsets.js';
import { refusalsIn, valueOf } from '../kit/rows.js';
import { asking, blocking } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';
import { CommitsThere } from './commits-there.js';
import type { OnTarget } from './on-target.js';
import type { Placed } from './placing.js';
import type { TranslateInput } from './translation-state.js';

/** What became of the positions of groups on the target. */
export interface CommittedThere {
  /** How many positions were committed that were not there. */
  commits: number;
  /** Groups that run there and lack positions: brokers take none for them, so what is there is as it was. */
  live: ReadonlySet<string>;
  there: CommitsThere;
}

/** Commits on the target where groups go on. */
export class Committing {
  constructor(
    private readonly source: Cluster,
    private readonly target: Cluster,
    private readonly input: TranslateInput,
    private readonly moves: readonly ConsumerMove[],
    private readonly onTarget: OnTarget,
  ) {}

  /**
   * Commits what is not there yet, and anew what is, since a broker counts the expiry of an offset from its last commit. A
   * commit of the group's own is left alone, and so is a group that has members there: one that lacks nothing has moved, of
   * one that does it is told.
   *
   * @param findings what was refused, and what asks, is added to it
   */
  async commit(
    placed: ReadonlyMap<string, readonly Placed[]>,
    intended: readonly TranslatedGroup[],
    findings: Finding[],
  ): Promise<CommittedThere> {
    const targets = new Map(this.moves.map((move) => [move.group, targetGroup(move)]));
    const asked = [...placed].flatMap(([group, partitions]) =>
      partitions.map(({ one }) => ({ ...one, group })),
    );
    const [described, there] = await Promise.all([
      this.target.describeGroups([...targets.values()]),
      CommitsThere.read(this.target, this.input, this.moves, this.onTarget, asked, intended),
    ]);
    const live = new Set<string>();
    let commits = 0;
    for (const [group, partitions] of placed) {
      const id = targets.get(group) ?? group;
      const isOwn = ({ one }: Placed) => there.ownAt({ ...one, group }) !== undefined;
      const moved = partitions.filter((at) => isOwn(at) && !at.known);
      if (moved.length > 0) findings.push(this.onBoth(group, moved));
      const ours = partitions.filter((at) => !isOwn(at));
      const missing = ours.filter(({ one, metadata }) => {
        const found = there.at({ ...one, group });
        return !(String(found?.offset) === one.target && found?.metadata === metadata);
      });
      const { members } = valueOf(described, id);
      if (members.length > 0) {
        // Where an earlier commit is there still, and the group has not moved on the source since, it has what it needs.
        const lacks = missing.filter(({ one, known }) => {
          const found = there.at({ ...one, group });
          return found === undefined || (!known && String(found.offset) !== one.target);
        });
        if (lacks[0]) {
          live.add(group);
          findings.push(this.lives(id, members.length, lacks));
        }
        continue;
      }
      if (ours.length === 0) continue;
      const answers = await this.target.commitOffsets(
        id,
        ours.map(({ one, metadata }) => ({
          ...this.onTarget(one),
          offset: BigInt(one.target),
          metadata,
        })),
      );
      // What was there already is there still, if it could not be committed anew.
      const [refused] = refusalsIn(
        answers,
        missing.map(({ one }) => this.onTarget(one)),
      );
      if (refused) findings.push(blocking(`offsets-refused:${id}`, refused.message));
      else commits += missing.length;
    }
    return { commits, live, there };
  }

  /** Whoever accepts that a group was alive on both accepts no further step of it on the source. */
  private onBoth(group: string, moved: readonly Placed[]): Finding {
    const places = moved.reduce((sum, { one }) => sum + BigInt(one.source ?? 0), 0n);
    return asking(
      `group-on-both:${group}:${moved.length}@${places}`,
      `${group} has committed offsets of its own on ${this.target.name} for ${this.list(moved)}${this.input.translated.some((one) => one.group === group) ? `, and has moved on ${this.source.name} since its offsets were translated: it has been alive on both` : ''}. They are not overwritten: accept that it goes on from them, or delete them and retry.`,
    );
  }

  private lives(id: string, members: number, lacks: readonly Placed[]): Finding {
    const positions = lacks.map(({ one }) => `${partitionKey(this.onTarget(one))} at ${one.target}`);
    return blocking(
      `group-live-on-target:${id}`,
      `${id} has ${count(members, 'member')} on ${this.target.name} already, and brokers take no offsets for a group that has: its offsets are not there yet for ${listed(positions)}, where it begins by auto.offset.reset or where it was before. Stop it there, then retry.`,
    );
  }

  private list(positions: readonly Placed[]): string {
    return listed(positions.map(({ one }) => partitionKey(this.onTarget(one))));
  }
}
