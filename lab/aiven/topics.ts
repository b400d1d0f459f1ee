import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { withAdmin } from '../kafka/admin.js';
import { ApiError } from './api-error.js';
import { numeric } from './json.js';
import type { Faults } from './faults.js';
import type { Kept } from './state.js';

const { ConfigResourceTypes } = kafkajs;

/** How old the list of topics may be: Aiven keeps it for a while, so that a new topic is not in it. */
const listedForMs = 15_000;
/** For how long a topic that was deleted is in the way of another one of its name. */
const deletingForMs = 3_000;

export interface NewTopic {
  topic_name: string;
  partitions?: number;
  replication?: number;
  cleanup_policy?: string;
  config?: Record<string, unknown>;
}

const sources = [
  'unknown_config',
  'topic_config',
  'dynamic_broker_config',
  'dynamic_default_broker_config',
  'static_broker_config',
  'default_config',
  'dynamic_broker_logger_config',
] as const;

/** Entries that the API shows, by the type in which it shows them. */
const shown: Readonly<Record<string, 'text' | 'number' | 'flag'>> = {
  cleanup_policy: 'text',
  compression_type: 'text',
  delete_retention_ms: 'number',
  file_delete_delay_ms: 'number',
  flush_messages: 'number',
  flush_ms: 'number',
  index_interval_bytes: 'number',
  local_retention_bytes: 'number',
  local_retention_ms: 'number',
  max_compaction_lag_ms: 'number',
  max_message_bytes: 'number',
  message_timestamp_after_max_ms: 'number',
  message_timestamp_before_max_ms: 'number',
  message_timestamp_type: 'text',
  min_cleanable_dirty_ratio: 'number',
  min_compaction_lag_ms: 'number',
  min_insync_replicas: 'number',
  preallocate: 'flag',
  remote_storage_enable: 'flag',
  retention_bytes: 'number',
  retention_ms: 'number',
  segment_bytes: 'number',
  segment_index_bytes: 'number',
  segment_jitter_ms: 'number',
  segment_ms: 'number',
  unclean_leader_election_enable: 'flag',
};

/** The topics of the lab's target, as Aiven's API makes, shows and deletes them. */
export class Topics {
  private readonly deleting = new Map<string, { until: number; last: object }>();
  private listed: { at: number; topics: object[] } | undefined;

  constructor(
    private readonly kafka: Kafka,
    private readonly faults: Faults,
    private readonly kept: Kept,
  ) {}

  async create(wanted: NewTopic): Promise<void> {
    const { topic_name: topic, partitions = 1, replication = 1, cleanup_policy, config = {} } = wanted;
    this.faults.tooEarly(this.kept, topic);
    if (this.isDeleting(topic)) throw exists(topic);
    const entries = { ...(cleanup_policy !== undefined && { cleanup_policy }), ...config };
    const unknown = Object.keys(entries).find((entry) => !Object.hasOwn(shown, entry));
    if (unknown !== undefined)
      throw new ApiError(400, `Invalid input: ${unknown}`, 'kafka_topic_invalid_config');
    try {
      // kafkajs answers `false` where there is one already.
      const made = await withAdmin(this.kafka, (admin) =>
        admin.createTopics({
          waitForLeaders: false,
          topics: [
            {
              topic,
              numPartitions: partitions,
              replicationFactor: replication,
              configEntries: Object.entries(entries).map(([name, value]) => ({
                name: name.replaceAll('_', '.'),
                value: String(value),
              })),
            },
          ],
        }),
      );
      if (!made) throw exists(topic);
    } catch (error) {
      const [type = ''] = typesOf(error);
      if (/^INVALID|POLICY_VIOLATION/.test(type))
        throw new ApiError(400, `Topic configuration is invalid: ${type}`, 'kafka_topic_invalid_config');
      throw error;
    }
  }

  async get(topic: string): Promise<object> {
    const gone = this.deleting.get(topic);
    if (gone && this.isDeleting(topic)) return { ...gone.last, state: 'DELETING' };
    return withAdmin(this.kafka, (admin) => described(admin, topic));
  }

  /** The list as it was a while ago. */
  async list(): Promise<object[]> {
    if (this.listed && Date.now() - this.listed.at < listedForMs) return this.listed.topics;
    const topics = await withAdmin(this.kafka, async (admin) => {
      const names = (await admin.listTopics()).filter((name) => !name.startsWith('__'));
      return Promise.all(names.sort().map((name) => described(admin, name)));
    });
    this.listed = {
      at: Date.now(),
      topics: topics.map(({ config: _, partitions, ...rest }) => ({
        ...rest,
        partitions: partitions.length,
      })),
    };
    return this.listed.topics;
  }

  async delete(topic: string): Promise<void> {
    const last = await withAdmin(this.kafka, async (admin) => {
      const last = await described(admin, topic);
      await admin.deleteTopics({ topics: [topic] });
      return last;
    });
    this.deleting.set(topic, { until: Date.now() + deletingForMs, last });
  }

  private isDeleting(topic: string): boolean {
    return (this.deleting.get(topic)?.until ?? 0) > Date.now();
  }
}

async function described(admin: Admin, topic: string) {
  const [facts] = await admin
    .fetchTopicMetadata({ topics: [topic] })
    .then(({ topics }) => topics)
    .catch((error: unknown) => {
      if (typesOf(error).includes('UNKNOWN_TOPIC_OR_PARTITION')) throw notFound(topic);
      throw error;
    });
  if (!facts) throw notFound(topic);
  const [{ resources }, offsets] = await Promise.all([
    admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    }),
    admin.fetchTopicOffsets(topic),
  ]);
  const config = configOf(resources[0]?.configEntries ?? []);
  const value = (name: string): unknown => config[name]?.value;
  return {
    topic_name: topic,
    topic_description: 'none',
    owner_user_group_id: 'nobody',
    state: 'ACTIVE',
    tags: [],
    replication: facts.partitions[0]?.replicas.length ?? 1,
    cleanup_policy: String(value('cleanup_policy')),
    min_insync_replicas: Number(value('min_insync_replicas')),
    retention_bytes: Number(value('retention_bytes')),
    retention_hours: Math.floor(Number(value('retention_ms')) / 3_600_000),
    config,
    partitions: facts.partitions
      .toSorted((one, other) => one.partitionId - other.partitionId)
      .map(({ partitionId, isr }) => {
        const at = offsets.find(({ partition }) => partition === partitionId);
        return {
          partition: partitionId,
          isr: isr.length,
          earliest_offset: Number(at?.low ?? 0),
          latest_offset: Number(at?.high ?? 0),
          // Nobody asks the stand-in for groups or bytes.
          consumer_groups: [],
          size: 0,
        };
      }),
  };
}

type Entries = Awaited<ReturnType<Admin['describeConfigs']>>['resources'][number]['configEntries'];

function configOf(entries: Entries): Record<string, { value: unknown; source: string }> {
  return Object.fromEntries(
    entries.flatMap(({ configName, configValue, configSource }) => {
      const name = configName.replaceAll('.', '_');
      const type = shown[name];
      if (type === undefined) return [];
      const value =
        type === 'text' ? configValue : type === 'flag' ? configValue === 'true' : numeric(configValue);
      return [[name, { value, source: sources[configSource] ?? 'unknown_config' }]];
    }),
  );
}

/** Kafka's names of the errors in what kafkajs throws, of which one may hold others. */
function typesOf(error: unknown): string[] {
  const { type, errors } = (error ?? {}) as { type?: unknown; errors?: unknown[] };
  return [...(errors ?? []).flatMap(typesOf), ...(typeof type === 'string' ? [type] : [])];
}

const exists = (topic: string) =>
  new ApiError(409, `Topic '${topic}' already exists`, 'kafka_topic_already_exists');
const notFound = (topic: string) =>
  new ApiError(404, `Topic '${topic}' does not exist`, 'kafka_topic_not_found');
