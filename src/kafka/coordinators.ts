import type { Brokers } from './brokers.js';
import type { Reply } from './patience.js';
import { ok } from './refusal.js';
import { findCoordinatorV3 } from './wire/find-coordinator-v3.js';
import { findCoordinatorV4 } from './wire/find-coordinator-v4.js';

/** Which broker coordinates each group, remembered until it proves wrong. */
export class Coordinators {
  private readonly nodes = new Map<string, number>();

  constructor(private readonly brokers: Brokers) {}

  async locate(groups: readonly string[], anew: boolean): Promise<Map<string, Reply<number>>> {
    if (anew) for (const group of groups) this.nodes.delete(group);
    const unknown = groups.filter((group) => !this.nodes.has(group));
    const failed = new Map<string, number>();
    for (const { key, node, code } of await this.find(unknown)) {
      if (code === ok) this.nodes.set(key, node);
      else failed.set(key, code);
    }
    return new Map(
      groups.map((group): [string, Reply<number>] => {
        const node = this.nodes.get(group);
        return [group, node === undefined ? { code: failed.get(group) ?? -1 } : { value: node }];
      }),
    );
  }

  private async find(groups: readonly string[]) {
    if (groups.length === 0) return [];
    if (await this.brokers.speaks(findCoordinatorV4)) return this.brokers.askAny(findCoordinatorV4, groups);
    // Before Kafka 3.0 a request names one group.
    return Promise.all(
      groups.map(async (key) => ({ key, ...(await this.brokers.askAny(findCoordinatorV3, key)) })),
    );
  }
}
