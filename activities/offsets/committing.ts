import { partitionKey, type Cluster, type Committed } from '../../src/kafka/cluster.js';
import { targetGroup, type ConsumerMove } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { unpackTranslated } from '../../src/migration/translated.js';
import type { TranslatedGroup, TranslatedPosition as Translated } from '../../src/migration/work/offsets.js';
import { readCommitted } from '../groups/group-reading.js';
import { refusalsIn, valueIfThere, valueOf } from '../kit/rows.js';
import { asking, blocking } from '../kit/weights.js';
import { listed } from '../kit/wording.js';
import { hasOldMark, isAsMade, madeOf } from './made-commits.js';
import type { OnTarget } from './on-target.js';
import type { Placed } from './placing.js';
import type { TranslateInput } from './translation-state.js';

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
   * commit of the group's own, and a group that has members there, are left alone.
   *
   * @param findings what was refused, and what asks, is added to it
   * @returns how many positions were committed
   */
  async commit(
    placed: ReadonlyMap<string, readonly Placed[]>,
    intended: readonly TranslatedGroup[],
    findings: Finding[],
  ): Promise<number> {
    const targets = new Map(this.moves.map((move) => [move.group, targetGroup(move)]));
    const ids = [...targets.values()];
    if (ids.length === 0) return 0;
    const wanted = new Map(
      [...placed].map(([group, partitions]) => [
        targets.get(group) ?? group,
        partitions.map(({ one }) => this.onTarget(one)),
      ]),
    );
    const [described, rows] = await Promise.all([
      this.target.describeGroups(ids),
      readCommitted(this.target, ids, wanted),
    ]);
    const allMade = this.made(intended);
    let commits = 0;
    for (const [group, partitions] of placed) {
      const id = targets.get(group) ?? group;
      const there = valueIfThere(rows, id) ?? new Map<string, Committed>();
      const foundAt = ({ one }: Placed) => there.get(partitionKey(this.onTarget(one)));
      const made = allMade.get(group);
      const own = partitions.filter((at) => {
        const found = foundAt(at);
        return (
          found !== undefined &&
          !hasOldMark(found, this.input.migration.name) &&
          !(made?.get(partitionKey(at.one)) ?? []).some((one) => isAsMade(found, madeOf(one)))
        );
      });
      const moved = own.filter(({ known }) => !known);
      if (moved[0])
        findings.push(
          asking(
            `group-on-both:${group}`,
            `${group} has committed offsets of its own on ${this.target.name} for ${listed(moved.map(({ one }) => partitionKey(this.onTarget(one))))}${this.input.translated.some((one) => one.group === group) ? `, and has moved on ${this.source.name} since its offsets were translated: it has been alive on both` : ''}. They are not overwritten: accept that it goes on from them, or delete them and retry.`,
          ),
        );
      if (valueOf(described, id).members.length > 0) continue;
      const ours = partitions.filter((at) => !own.includes(at));
      if (ours.length === 0) continue;
      const missing = ours.filter((at) => {
        const found = foundAt(at);
        return !(String(found?.offset) === at.one.target && found?.metadata === at.metadata);
      });
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
    return commits;
  }

  /** What this migration has committed, or was about to, by group and by partition of the source. */
  private made(intended: readonly TranslatedGroup[]): Map<string, Map<string, Translated[]>> {
    const all = new Map<string, Map<string, Translated[]>>();
    for (const one of unpackTranslated(this.input.migration, [...this.input.translated, ...intended])) {
      const made = all.get(one.group) ?? new Map<string, Translated[]>();
      for (const at of one.partitions) {
        const key = partitionKey(at);
        made.set(key, [...(made.get(key) ?? []), at]);
      }
      all.set(one.group, made);
    }
    return all;
  }
}
