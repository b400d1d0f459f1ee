import { LabError } from '../../lab/lab.js';
import { type ClusterConnection, openCluster } from '../../src/kafka/open.js';
import { RawProducer, type Share } from './raw-producer.js';

/** A raw producer for each broker that leads partitions of a topic. Nobody moves leaders while it writes. */
export class LeadersProducer {
  private constructor(
    private readonly topic: string,
    private readonly producers: readonly RawProducer[],
    private readonly byPartition: ReadonlyMap<number, RawProducer>,
  ) {}

  static async connect(connection: ClusterConnection, topic: string): Promise<LeadersProducer> {
    const cluster = openCluster('the cluster that is written to', connection);
    try {
      const { brokers } = await cluster.identity();
      const { value: facts, error } = (await cluster.topics([topic])).get(topic) ?? {};
      if (!facts) throw error ?? new LabError(`Topic ${topic} is not there.`);
      const byLeader = new Map<number, RawProducer>();
      const byPartition = new Map<number, RawProducer>();
      for (const { partition, leader } of facts.partitions) {
        const address = brokers.find(({ id }) => id === leader);
        if (!address) throw new LabError(`Partition ${topic}/${partition} has no leader.`);
        const producer = byLeader.get(leader) ?? (await RawProducer.connect(address, connection));
        byLeader.set(leader, producer);
        byPartition.set(partition, producer);
      }
      return new LeadersProducer(topic, [...byLeader.values()], byPartition);
    } finally {
      await cluster.close();
    }
  }

  /** As `RawProducer`, to every leader at once. */
  async send(share: Share): Promise<void> {
    await Promise.all(
      this.producers.map(async (producer) => {
        const led = share.filter(({ partition }) => this.byPartition.get(partition) === producer);
        if (led.length > 0) await producer.send(this.topic, led);
      }),
    );
  }

  async flush(): Promise<void> {
    await Promise.all(this.producers.map((producer) => producer.flush()));
  }

  close(): void {
    for (const producer of this.producers) producer.close();
  }
}
