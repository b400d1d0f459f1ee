import type { TopicPartition } from '../cluster.js';
import type { Brokers } from './brokers.js';
import { partitionKey } from '../cluster.js';
import type { Reply } from './patience.js';
import { leaderNotAvailable, ok, unknownTopicOrPartition } from './refusal.js';
import type { MetadataTopic } from '../wire/metadata.js';

/** Which broker leads each partition, remembered until it proves wrong. */
export class Leaders {
  private readonly topics = new Map<string, MetadataTopic>();

  constructor(private readonly brokers: Brokers) {}

  /** What Metadata says of topics; one request for all that are not remembered. */
  async of(names: readonly string[], anew: boolean): Promise<ReadonlyMap<string, MetadataTopic>> {
    const unknown = anew ? names : names.filter((name) => !this.topics.has(name));
    if (unknown.length > 0) {
      const fresh = await this.brokers.metadata({ names: [...new Set(unknown)] });
      const failed = new Map<string, MetadataTopic>();
      for (const topic of fresh.topics) {
        if (topic.name === null) continue;
        if (topic.code !== ok) this.topics.delete(topic.name);
        (topic.code === ok ? this.topics : failed).set(topic.name, topic);
      }
      return new Map([...this.topics, ...failed]);
    }
    return this.topics;
  }

  async locate(partitions: readonly TopicPartition[], anew: boolean): Promise<Map<string, Reply<number>>> {
    let topics = await this.of([...new Set(partitions.map(({ topic }) => topic))], anew);
    const grown = partitions
      .filter(({ topic, partition }) => {
        const known = topics.get(topic);
        return known?.code === ok && !known.partitions.some((row) => row.partition === partition);
      })
      .map(({ topic }) => topic);
    if (grown.length > 0 && !anew) topics = await this.of([...new Set(grown)], true);

    return new Map(partitions.map((of) => [partitionKey(of), leaderOf(topics.get(of.topic), of.partition)]));
  }

  /** Forgets a topic, for the next question about it to reach a broker. */
  forget(names: readonly string[]): void {
    for (const name of names) this.topics.delete(name);
  }
}

function leaderOf(topic: MetadataTopic | undefined, partition: number): Reply<number> {
  if (!topic) return { code: unknownTopicOrPartition };
  if (topic.code !== ok) return { code: topic.code };
  // Brokers list partitions in any order, most of them in this one.
  const inPlace = topic.partitions[partition];
  const row =
    inPlace?.partition === partition ? inPlace : topic.partitions.find((row) => row.partition === partition);
  if (!row) return { code: unknownTopicOrPartition };
  return row.leader < 0 ? { code: leaderNotAvailable } : { value: row.leader };
}
