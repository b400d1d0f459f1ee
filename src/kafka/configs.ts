import type { Brokers } from './link/brokers.js';
import type { Cluster, ConfigEntry } from './cluster.js';
import { chunks, gather } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { noAnswer, ok, refusal } from './link/refusal.js';
import { configResource } from './wire/config-resource.js';
import { describeConfigsV4 } from './wire/describe-configs-v4.js';
import type { DescribedConfigs } from './wire/describe-configs-v4.js';
import { incrementalAlterConfigsV1 } from './wire/incremental-alter-configs-v1.js';

const topicsPerRequest = 500;

const sources = [
  'unknown',
  'topic',
  'dynamic-broker',
  'dynamic-default-broker',
  'static-broker',
  'default',
] as const;

type ConfigCalls = Pick<Cluster, 'topicConfigs' | 'brokerConfig' | 'alterTopicConfigs'>;

export function configCalls(brokers: Brokers): ConfigCalls {
  const explain = (operation: string) => (name: string, code: number) =>
    refusal(code, {
      cluster: brokers.cluster,
      about: `topic "${name}"`,
      needs: `${operation} on topic "${name}"`,
    });
  const locateController = async (keys: readonly string[]) => {
    const { controllerId } = await brokers.metadata({ names: [] });
    return new Map(keys.map((key) => [key, { value: controllerId }]));
  };

  return {
    topicConfigs: (names) =>
      gather({
        keys: names,
        locate: locateController,
        ask: async (broker, names) => {
          const replies = new Map<string, Reply<ConfigEntry[]>>();
          for (const share of chunks(names, topicsPerRequest)) {
            const resources = share.map((name) => ({ type: configResource.topic, name }));
            for (const answer of await brokers.ask(broker, describeConfigsV4, resources))
              replies.set(answer.name, answer.code === ok ? { value: entries(answer) } : answer);
          }
          return replies;
        },
        explain: explain('DESCRIBE_CONFIGS'),
      }),

    brokerConfig: async () => {
      const rows = await gather({
        keys: ['broker'],
        locate: locateController,
        ask: async (broker, keys) => {
          const resource = { type: configResource.broker, name: String(broker) };
          const [answer] = await brokers.ask(broker, describeConfigsV4, [resource]);
          const reply: Reply<ConfigEntry[]> =
            answer?.code === ok ? { value: entries(answer) } : { code: answer?.code ?? noAnswer };
          return new Map(keys.map((key) => [key, reply]));
        },
        explain: (_, code) =>
          refusal(code, {
            cluster: brokers.cluster,
            about: 'broker configuration',
            needs: 'DESCRIBE_CONFIGS on the cluster',
          }),
      });
      const row = rows.get('broker');
      if (row?.value) return row.value;
      throw row?.error ?? new Error('no row');
    },

    alterTopicConfigs: (changes) =>
      gather<string, void>({
        keys: [...changes.keys()],
        locate: locateController,
        ask: async (broker, names) => {
          const replies = new Map<string, Reply<void>>();
          for (const share of chunks(names, topicsPerRequest)) {
            const resources = share.map((name) => ({
              type: configResource.topic,
              name,
              entries: changes.get(name) ?? {},
            }));
            for (const { name, code } of await brokers.ask(broker, incrementalAlterConfigsV1, resources))
              replies.set(name, code === ok ? { value: undefined } : { code });
          }
          return replies;
        },
        explain: explain('ALTER_CONFIGS'),
      }),
  };
}

function entries({ entries }: DescribedConfigs): ConfigEntry[] {
  return entries.map(({ name, value, source, readOnly, sensitive }) => ({
    name,
    value,
    source: sources[source] ?? 'unknown',
    readOnly,
    sensitive,
  }));
}
