import type { Refinement } from '../../src/connect/refine.js';
import {
  partitionKey,
  type Cluster,
  type Committed,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { targetGroup, type ConsumerMove } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import type { TranslatedPosition as Translated } from '../../src/migration/work/offsets.js';
import { valueOf } from '../kit/rows.js';
import { asking } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';
import { recalled, remembered } from './made-commits.js';
import { MetadataLeftOut } from './metadata-left-out.js';
import type { OnTarget } from './on-target.js';

/** One partition of one group, on the source. */
export interface Asked extends TopicPartition {
  group: string;
  move: ConsumerMove;
  commit: Committed | undefined;
  /** What was translated before, if it holds. */
  known: Translated | undefined;
}

/** Where one group goes on in one partition, and what is committed there beside the offset. */
export interface Placed {
  one: Translated;
  metadata: string;
  /** It was translated before, and the group has not moved on the source since. */
  known: boolean;
}

/** Decides where groups go on, partition by partition, and gathers what a person has to decide about that. */
export class Placing {
  private readonly leftOut: MetadataLeftOut;
  private readonly asks: Finding[] = [];

  constructor(
    private readonly source: Cluster,
    private readonly target: Cluster,
    private readonly onTarget: OnTarget,
  ) {
    this.leftOut = new MetadataLeftOut(source.name, target.name);
  }

  findings(): Finding[] {
    return [...this.asks, ...this.leftOut.findings()];
  }

  /**
   * One that was translated before.
   *
   * @param first where the log begins on the target
   * @param own the group has committed there itself since: what lies before that it has had
   */
  before({ move, commit, topic, partition }: Asked, known: Translated, first: bigint, own: boolean): Placed {
    const expired = !own && BigInt(known.target) < first;
    if (expired) this.asks.push(this.expired(move, { topic, partition }, BigInt(known.target), first));
    // A group that is gone for long has no commit on the source any more.
    const metadata = commit?.metadata ?? recalled(known.metadata ?? '');
    const goesAlong = !known.without && this.leftOut.goesAlong(move.group, known, metadata, !expired);
    return placedWith(
      expired ? { ...known, target: String(first) } : known,
      goesAlong ? metadata : undefined,
      true,
    );
  }

  anew(
    { move, commit, topic, partition }: Asked,
    answer: Refinement | undefined,
    { logStart: first, highWatermark: end }: Watermarks,
  ): Placed {
    // Without a commit there is nothing to translate: it begins where its consumers do, as said or accepted.
    if (!commit || !answer) {
      const target = String(move.autoOffsetReset === 'latest' ? end : first);
      return placedWith({ topic, partition, source: null, target, certainty: 'exact' }, '', false);
    }
    const said = remembered(commit.metadata);
    const at = {
      ...{ topic, partition, source: String(commit.offset) },
      ...(said !== '' && { metadata: said }),
    };
    if (answer.certainty === 'unknown') {
      const key = partitionKey({ topic, partition });
      this.asks.push(
        asking(
          `offset-unknown:${move.group}:${key}@${commit.offset}`,
          `Where ${move.group} is on ${this.target.name} for ${key} cannot be told from offset ${commit.offset} on ${this.source.name}: ${answer.reason}. Accept that it begins at the first record there (${first}), or abort.`,
        ),
      );
      const goesAlong = this.leftOut.goesAlong(move.group, at, commit.metadata, false);
      return placedWith(
        { ...at, target: String(first), certainty: 'at-least-once' },
        goesAlong ? commit.metadata : undefined,
        false,
      );
    }
    const { target, certainty, together = false } = answer;
    const expired = target < first;
    if (expired) this.asks.push(this.expired(move, at, target, first));
    const same = certainty === 'exact' && !expired && together;
    const goesAlong = this.leftOut.goesAlong(move.group, at, commit.metadata, same);
    return placedWith(
      { ...at, target: String(expired ? first : target), certainty },
      goesAlong ? commit.metadata : undefined,
      false,
    );
  }

  /** Positions of one group that may be earlier than where it stopped. */
  sayReasons(group: string, reasoned: readonly (Translated & { reason: string })[]): void {
    if (!reasoned[0]) return;
    const places = reasoned.reduce((sum, one) => sum + BigInt(one.target), 0n);
    this.asks.push(
      asking(
        `offset-at-least-once:${group}:${reasoned.length}@${places}`,
        `${group} can go on at ${listed(reasoned.map((one) => `${partitionKey(one)} offset ${one.target}`))} on ${this.target.name} without leaving a record out, but may get some again that it has processed: ${reasoned[0].reason}. Accept that, or abort.`,
      ),
    );
  }

  /**
   * Where a group has committed nothing, `auto.offset.reset` of its consumers decides where they begin, and nobody but the
   * file can say what that is. A partition that holds nothing has one beginning.
   */
  async withoutCommit(asked: readonly Asked[]): Promise<void> {
    const open = asked.filter(
      ({ known, commit, move }) => !known && !commit && move.autoOffsetReset === undefined,
    );
    if (open.length === 0) return;
    const marks = await this.source.watermarks(open);
    const held = open.filter((at) => {
      const { logStart, highWatermark } = valueOf(marks, partitionKey(at));
      return highWatermark > logStart;
    });
    for (const group of new Set(held.map((one) => one.group))) {
      const of = held.filter((one) => one.group === group).map(partitionKey);
      this.asks.push(
        asking(
          `no-commit-to-translate:${group}:${of.length}`,
          `${group} has committed nothing on ${listed(of)} of ${this.source.name}, which ${of.length === 1 ? 'holds' : 'hold'} records, so that auto.offset.reset of its consumers decides where they begin: accept that it begins at the first record on ${this.target.name}, or say autoOffsetReset in the file.`,
        ),
      );
    }
  }

  /** The target's retention took what the group has yet to read: an offset before the log would be decided by the client. */
  private expired(move: ConsumerMove, at: TopicPartition, target: bigint, first: bigint): Finding {
    return asking(
      `expired-on-target:${targetGroup(move)}:${partitionKey(this.onTarget(at))}+${first - target}@${first}`,
      `${partitionKey(this.onTarget(at))} on ${this.target.name} has lost ${count(first - target, 'offset')} to its retention before ${targetGroup(move)} could read them: accept the loss, and the group starts at what is left.`,
    );
  }
}

/** @param metadata `undefined`: left out. */
function placedWith(one: Translated, metadata: string | undefined, known: boolean): Placed {
  return {
    one: metadata === undefined ? { ...one, without: true } : one,
    metadata: metadata ?? '',
    known,
  };
}
