/** `spec.config` of a Topic (kafka.nais.io/v1): every key is optional. */
export interface TopicConfig {
  partitions?: number;
  replication?: number;
  minimumInSyncReplicas?: number;
  cleanupPolicy?: string;
  /** Negative: for ever. */
  retentionHours?: number;
  retentionBytes?: number;
  segmentHours?: number;
  maxMessageBytes?: number;
  deleteRetentionHours?: number;
  minCompactionLagMs?: number;
  maxCompactionLagMs?: number;
  /** `50%`, or the number of percent. */
  minCleanableDirtyRatioPercent?: string | number;
  localRetentionHours?: number;
  localRetentionBytes?: number;
}

/** What kafkarator fills in where a Topic says nothing. */
export const configDefaults = {
  partitions: 1,
  replication: 3,
  minimumInSyncReplicas: 2,
  cleanupPolicy: 'delete',
  retentionHours: 168,
  retentionBytes: -1,
  segmentHours: 168,
  maxMessageBytes: 1_048_588,
} as const satisfies TopicConfig;

const hour = 3_600_000;

/** A key of `spec.config` that is an entry of Kafka's topic configuration. */
export interface ConfigKey {
  key: keyof TopicConfig;
  entry: string;
  /** The value that comes nearest to Kafka's and promises no less; `undefined` where none does. */
  said: (value: string) => number | string | undefined;
  /** What Kafka has by it. */
  becomes: (said: number | string) => string;
}

const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (value: string) =>
    /^-?\d+$/.test(value) ? Math.min(most, Math.max(least, Number(value))) : undefined;

/** Whole hours, and no less than Kafka's time. */
const hours = (most: number) => (value: string) => {
  if (!/^-?\d+$/.test(value)) return undefined;
  const ms = Number(value);
  return ms < 0 ? -1 : Math.min(most, Math.max(1, Math.ceil(ms / hour)));
};
const inMs = (said: number | string) => (Number(said) < 0 ? '-1' : String(Number(said) * hour));

/** The order in which a Topic shows them. */
export const configKeys: readonly ConfigKey[] = [
  {
    key: 'minimumInSyncReplicas',
    entry: 'min.insync.replicas',
    said: wholeNumber(1, 7),
    becomes: String,
  },
  {
    key: 'cleanupPolicy',
    entry: 'cleanup.policy',
    said: (value) => {
      const policies = value.split(',').map((one) => one.trim());
      const text = policies.length === 2 ? policies.toSorted().join(',') : policies.join(',');
      return ['delete', 'compact', 'compact,delete'].includes(text) ? text : undefined;
    },
    becomes: String,
  },
  { key: 'retentionHours', entry: 'retention.ms', said: hours(2_147_483_648), becomes: inMs },
  { key: 'retentionBytes', entry: 'retention.bytes', said: wholeNumber(-1), becomes: String },
  {
    key: 'segmentHours',
    entry: 'segment.ms',
    said: (value) => {
      const said = hours(8760)(value);
      return said === -1 ? 8760 : said;
    },
    becomes: inMs,
  },
  {
    key: 'maxMessageBytes',
    entry: 'max.message.bytes',
    said: wholeNumber(1, 5_242_880),
    becomes: String,
  },
  {
    key: 'deleteRetentionHours',
    entry: 'delete.retention.ms',
    said: hours(2_147_483_648),
    becomes: inMs,
  },
  {
    key: 'minCompactionLagMs',
    entry: 'min.compaction.lag.ms',
    said: wholeNumber(0),
    becomes: String,
  },
  {
    key: 'maxCompactionLagMs',
    entry: 'max.compaction.lag.ms',
    said: wholeNumber(0),
    becomes: String,
  },
  {
    key: 'minCleanableDirtyRatioPercent',
    entry: 'min.cleanable.dirty.ratio',
    said: (value) => {
      const ratio = Number(value);
      return ratio >= 0 && ratio <= 1 ? `${Math.round(ratio * 100)}%` : undefined;
    },
    becomes: (said) => String(Number(String(said).replace(/%$/, '')) / 100),
  },
];

/**
 * What the broker has by a Topic once kafkarator has made it, by entries of Kafka; its partitions and replicas are not
 * among them. Entries that neither the Topic nor its defaults say are absent: the platform's own hold.
 */
export function kafkaConfigOf(config: TopicConfig): Record<string, string> {
  const whole: TopicConfig = { ...configDefaults, ...config };
  const entries = configKeys.flatMap(({ key, entry, becomes }) => {
    const said = whole[key];
    return said === undefined ? [] : [[entry, becomes(said)] as const];
  });
  return { ...Object.fromEntries(entries), ...tiering(config) };
}

/** Only a number of hours above 0 switches remote storage on, and only where nothing is compacted. */
function tiering({
  cleanupPolicy = configDefaults.cleanupPolicy,
  localRetentionHours = -2,
  localRetentionBytes = -2,
}: TopicConfig): Record<string, string> {
  if (localRetentionHours <= 0 || cleanupPolicy.includes('compact')) return {};
  return {
    'remote.storage.enable': 'true',
    'local.retention.ms': inMs(localRetentionHours),
    ...(localRetentionBytes > 0 && { 'local.retention.bytes': String(localRetentionBytes) }),
  };
}

/** What a Topic says of remote storage for entries of Kafka; empty where they switch none on, or none can be had. */
export function tieringSaid(entries: Readonly<Record<string, string>>): TopicConfig {
  if (entries['remote.storage.enable'] !== 'true') return {};
  if ((entries['cleanup.policy'] ?? '').includes('compact')) return {};
  const local = Number(entries['local.retention.ms'] ?? -2);
  if (!(local > 0)) return {};
  const bytes = Number(entries['local.retention.bytes'] ?? -2);
  return {
    localRetentionHours: Math.ceil(local / hour),
    ...(bytes > 0 && { localRetentionBytes: bytes }),
  };
}
