import type { Brokers } from './link/brokers.js';
import type { Cluster } from './cluster.js';
import { partitionKey } from './cluster.js';
import { gather } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { ok, refusal, unsupportedVersion } from './link/refusal.js';
import { describeLogDirsV4 } from './wire/describe-log-dirs-v4.js';

/** Each broker is asked for the replicas that it holds (DescribeLogDirs, KIP-113; Kafka 3.3 and later). */
export function sizeCalls(brokers: Brokers): Pick<Cluster, 'sizes'> {
  return {
    async sizes(partitions) {
      const rows = await gather<number, Map<string, bigint>>({
        keys: await brokers.ids(),
        locate: async (ids) => new Map(ids.map((id) => [id, { value: id }])),
        ask: async (broker, ids) => {
          const reply = await held(broker);
          return new Map(ids.map((id) => [id, reply]));
        },
        explain: (id, code) =>
          refusal(code, {
            cluster: brokers.cluster,
            about: `the logs of broker ${id}`,
            needs: 'DESCRIBE on the cluster',
          }),
      });
      const sizes = new Map<string, bigint>();
      for (const { error, value } of rows.values()) {
        if (error) throw error;
        for (const [key, bytes] of value) if (bytes > (sizes.get(key) ?? -1n)) sizes.set(key, bytes);
      }
      return sizes;

      async function held(broker: number): Promise<Reply<Map<string, bigint>>> {
        if (!(await brokers.speaks(describeLogDirsV4, broker))) return { code: unsupportedVersion };
        const { code, dirs } = await brokers.ask(broker, describeLogDirsV4, partitions);
        if (code !== ok) return { code };
        // A directory that is offline has nothing to say; another replica may.
        const whole = dirs.filter((dir) => dir.code === ok).flatMap((dir) => dir.partitions);
        return {
          value: new Map(whole.filter(({ future }) => !future).map((one) => [partitionKey(one), one.bytes])),
        };
      }
    },
  };
}
