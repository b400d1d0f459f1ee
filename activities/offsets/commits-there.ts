import { partitionKey, type Cluster, type Committed, type TopicPartition } from '../../src/kafka/cluster.js';
import { targetGroup, type ConsumerMove } from '../../src/migration/file.js';
import { unpackTranslated } from '../../src/migration/translated.js';
import type { TranslatedGroup } from '../../src/migration/work/offsets.js';
import { readCommitted } from '../groups/group-reading.js';
import { valueIfThere } from '../kit/rows.js';
import { hasOldMark, isAsMade, madeOf, type MadeCommit } from './made-commits.js';
import type { OnTarget } from './on-target.js';
import type { TranslateInput } from './translation-state.js';

/** One partition of one group, both as they are called on the source. */
export type OfGroup = TopicPartition & { group: string };

/** What is committed on the target for groups that move, by themselves and by this migration for them. */
export class CommitsThere {
  private constructor(
    private readonly found: ReadonlyMap<string, Committed>,
    private readonly made: ReadonlyMap<string, readonly MadeCommit[]>,
    private readonly migration: string,
  ) {}

  /** @param intended what attempts were about to commit, beside what `input` says that was */
  static async read(
    target: Cluster,
    input: TranslateInput,
    moves: readonly ConsumerMove[],
    onTarget: OnTarget,
    asked: readonly OfGroup[],
    intended: readonly TranslatedGroup[],
  ): Promise<CommitsThere> {
    const ids = new Map(moves.map((move) => [move.group, targetGroup(move)]));
    const wanted = new Map<string, TopicPartition[]>();
    for (const at of asked) {
      const id = ids.get(at.group) ?? at.group;
      wanted.set(id, [...(wanted.get(id) ?? []), onTarget(at)]);
    }
    const rows = wanted.size > 0 ? await readCommitted(target, [...wanted.keys()], wanted) : new Map();
    const found = asked.flatMap((at): [string, Committed][] => {
      const commit = valueIfThere<ReadonlyMap<string, Committed>>(rows, ids.get(at.group) ?? at.group)?.get(
        partitionKey(onTarget(at)),
      );
      return commit ? [[keyOf(at), commit]] : [];
    });
    const made = new Map<string, MadeCommit[]>();
    for (const { group, partitions } of unpackTranslated(input.migration, [...input.translated, ...intended]))
      for (const at of partitions) {
        const key = keyOf({ ...at, group });
        made.set(key, [...(made.get(key) ?? []), madeOf(at)]);
      }
    return new CommitsThere(new Map(found), made, input.migration.name);
  }

  at(of: OfGroup): Committed | undefined {
    return this.found.get(keyOf(of));
  }

  /** The commit that the group has made there itself. */
  ownAt(of: OfGroup): Committed | undefined {
    const found = this.at(of);
    const ours =
      found &&
      (hasOldMark(found, this.migration) ||
        (this.made.get(keyOf(of)) ?? []).some((one) => isAsMade(found, one)));
    return ours ? undefined : found;
  }
}

const keyOf = (at: OfGroup): string => `${at.group} ${partitionKey(at)}`;
