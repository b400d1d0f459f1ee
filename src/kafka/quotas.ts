import type { Brokers } from './link/brokers.js';
import type { Cluster, ClientQuota } from './cluster.js';
import { gather } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { noAnswer, ok, refusal, unsupportedVersion } from './link/refusal.js';
import { describeClientQuotasV1 } from './wire/describe-client-quotas-v1.js';

/** Every broker knows the quotas of the whole cluster (DescribeClientQuotas, KIP-546; Kafka 2.8 and later). */
export function quotaCalls(brokers: Brokers): Pick<Cluster, 'quotas'> {
  const explain = (_: unknown, code: number) =>
    refusal(code, {
      cluster: brokers.cluster,
      about: 'client quotas',
      needs: 'DESCRIBE_CONFIGS on the cluster',
    });
  return {
    async quotas() {
      const rows = await gather<string, ClientQuota[]>({
        keys: ['quotas'],
        locate: async (keys) => {
          const { controllerId } = await brokers.metadata({ names: [] });
          return new Map(keys.map((key) => [key, { value: controllerId }]));
        },
        ask: async (broker, keys) => {
          const reply = await all(broker);
          return new Map(keys.map((key) => [key, reply]));
        },
        explain,
      });
      const row = rows.get('quotas');
      if (row?.value) return row.value;
      throw row?.error ?? explain(undefined, noAnswer);
    },
  };

  async function all(broker: number): Promise<Reply<ClientQuota[]>> {
    if (!(await brokers.speaks(describeClientQuotasV1, broker))) return { code: unsupportedVersion };
    const { code, entries } = await brokers.ask(broker, describeClientQuotasV1, undefined);
    if (code !== ok) return { code };
    return {
      value: entries.map(({ entity, values }) => ({
        entity,
        limits: Object.fromEntries(values.map(({ key, value }) => [key, value])),
      })),
    };
  }
}
