/** One of the ferry's own metrics, as Prometheus reads it from a worker. */
export interface Metric {
  name: string;
  kind: 'gauge' | 'counter';
  /** Beside those that Temporal's meter adds. */
  labels: readonly string[];
  means: string;
}

/**
 * What the ferry measures of itself, beside Temporal's own metrics. A gauge whose value is not known any more is NaN: no
 * comparison holds for it, so that it looks neither well nor ill. Labels hold words of closed sets, and names of
 * migrations and of clusters; no topic, group or person.
 */
export const metrics = {
  migrations: {
    name: 'ferry_migrations',
    kind: 'gauge',
    labels: ['strategy', 'state', 'step'],
    means: 'Migrations that run, as Temporal lists them; every worker of a queue tells the same.',
  },
  read: {
    name: 'ferry_migrations_read_timestamp_seconds',
    kind: 'gauge',
    labels: [],
    means: 'When Temporal was last asked for them with success, seconds since 1970.',
  },
  oldestWait: {
    name: 'ferry_oldest_wait_seconds',
    kind: 'gauge',
    labels: ['state'],
    means:
      'How long the migration that has been in this state for longest has been in it at its present step, without those that their fleet holds; 0: none is.',
  },
  drainLag: {
    name: 'ferry_drain_lag_records',
    kind: 'gauge',
    labels: ['migration'],
    means:
      'Left to be consumed on the source, in offsets, over all groups; NaN when this worker does not see it now.',
  },
  mirrorLag: {
    name: 'ferry_mirror_lag_records',
    kind: 'gauge',
    labels: ['migration', 'share'],
    means: 'Left to be copied, in offsets; NaN when this worker does not copy it now.',
  },
  mirrorLagSeconds: {
    name: 'ferry_mirror_lag_seconds',
    kind: 'gauge',
    labels: ['migration', 'share'],
    means:
      'How long what is left to be copied has been there, as far as this worker has seen; NaN when it does not copy it now.',
  },
  mirrorRate: {
    name: 'ferry_mirror_bytes_per_second',
    kind: 'gauge',
    labels: ['migration', 'share'],
    means:
      'Copied over the last seconds; NaN when this worker does not copy it now. MirrorMaker tells no bytes: NaN.',
  },
  mirrorBytes: {
    name: 'ferry_mirror_bytes_total',
    kind: 'counter',
    labels: ['migration', 'share'],
    means: 'Bytes that this worker has copied.',
  },
  verdicts: {
    name: 'ferry_verdicts_total',
    kind: 'counter',
    labels: ['verdict'],
    means: 'Partitions of groups by the verdict with which a drain was concluded.',
  },
  refused: {
    name: 'ferry_refused_messages_total',
    kind: 'counter',
    labels: ['message', 'sent'],
    means: 'Messages of people that counted for nothing, by name and way (signal or update).',
  },
  failed: {
    name: 'ferry_failed_activities_total',
    kind: 'counter',
    labels: ['type'],
    means: 'Attempts at an activity that failed, by type of error.',
  },
  requests: {
    name: 'ferry_kafka_requests_total',
    kind: 'counter',
    labels: ['cluster', 'request'],
    means: 'Requests that this worker has sent to the brokers of a cluster, by their names in the protocol.',
  },
} as const satisfies Record<string, Metric>;
