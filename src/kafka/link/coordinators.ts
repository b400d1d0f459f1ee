import type { Brokers } from './brokers.js';
import type { Reply } from './patience.js';
import { noAnswer, ok } from './refusal.js';
import { findCoordinatorV3 } from '../wire/find-coordinator-v3.js';
import { findCoordinatorV4 } from '../wire/find-coordinator-v4.js';
import type { KeyType } from '../wire/find-coordinator.js';

/** Which broker coordinates each group, or each transactional id, remembered until it proves wrong. */
export class Coordinators {
  private readonly nodes = new Map<string, number>();

  constructor(
    private readonly brokers: Brokers,
    private readonly type: KeyType = 'group',
  ) {}

  async locate(keys: readonly string[], anew: boolean): Promise<Map<string, Reply<number>>> {
    if (anew) for (const key of keys) this.nodes.delete(key);
    const unknown = keys.filter((key) => !this.nodes.has(key));
    const failed = new Map<string, number>();
    for (const { key, node, code } of await this.find(unknown)) {
      if (code === ok) this.nodes.set(key, node);
      else failed.set(key, code);
    }
    return new Map(
      keys.map((key): [string, Reply<number>] => {
        const node = this.nodes.get(key);
        return [key, node === undefined ? { code: failed.get(key) ?? noAnswer } : { value: node }];
      }),
    );
  }

  private async find(keys: readonly string[]) {
    const { brokers, type } = this;
    if (keys.length === 0) return [];
    if (await brokers.speaks(findCoordinatorV4)) return brokers.askAny(findCoordinatorV4, { type, keys });
    // Before Kafka 3.0 a request names one key.
    return Promise.all(
      keys.map(async (key) => ({ key, ...(await brokers.askAny(findCoordinatorV3, { type, key })) })),
    );
  }
}
