import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Row } from '../../src/kafka/cluster.js';
import { Rounds } from '../../src/kafka/link/patience.js';
import { transientTypes } from '../../src/migration/error-types.js';
import { rowAt } from '../kit/rows.js';

/**
 * A deletion in as many requests as it takes: a quota of mutations may hold topics back for minutes, and a controller may be
 * away for a moment. Between two requests somebody may write to what is left, so whoever deletes looks at it before each.
 */
export class DeletionRounds {
  /** What the cluster has said of each topic; of one that is left, why. */
  readonly rows = new Map<string, Row<void>>();
  private readonly left = new Set<string>();
  private readonly rounds = new Rounds();

  constructor(
    private readonly cluster: Pick<Cluster, 'deleteTopics'>,
    private readonly signal: AbortSignal,
  ) {}

  /** Those of which the cluster has not said what becomes of them. */
  leftOf<T extends { name: string }>(topics: readonly T[]): T[] {
    return topics.filter(({ name }) => !this.rows.has(name) || this.left.has(name));
  }

  /** How many it has deleted. */
  get deleted(): number {
    return [...this.rows.values()].filter(({ error }) => !error).length;
  }

  /**
   * Asks once for all of these, which were looked at just now.
   * @returns whether nothing is to be asked for any more; else, once it is time, the caller looks again.
   */
  async ask(topics: readonly { name: string; topicId: string | null }[]): Promise<boolean> {
    if (topics.length === 0) return true;
    const { signal } = this;
    const rows = await this.cluster.deleteTopics(topics, { signal, once: true });
    this.left.clear();
    const errors = topics.flatMap(({ name }) => {
      const row = rowAt(rows, name);
      this.rows.set(name, row);
      if (!row.error || !transientTypes.includes(row.error.type)) return [];
      this.left.add(name);
      return [row.error];
    });
    if (errors.length === 0) return true;
    const pauseMs = this.rounds.next(topics.length, errors);
    if (pauseMs === undefined) return true;
    await sleep(pauseMs, undefined, { signal });
    return false;
  }
}
