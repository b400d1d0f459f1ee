/** Entries of a topic that the API takes (`config` of its topics), by Kafka's names, with the type it wants. */
const entries: Readonly<Record<string, 'text' | 'whole' | 'number' | 'flag'>> = {
  'cleanup.policy': 'text',
  'compression.type': 'text',
  'delete.retention.ms': 'whole',
  'file.delete.delay.ms': 'whole',
  'flush.messages': 'whole',
  'flush.ms': 'whole',
  'index.interval.bytes': 'whole',
  'local.retention.bytes': 'whole',
  'local.retention.ms': 'whole',
  'max.compaction.lag.ms': 'whole',
  'max.message.bytes': 'whole',
  'message.timestamp.after.max.ms': 'whole',
  'message.timestamp.before.max.ms': 'whole',
  'message.timestamp.type': 'text',
  'min.cleanable.dirty.ratio': 'number',
  'min.compaction.lag.ms': 'whole',
  'min.insync.replicas': 'whole',
  preallocate: 'flag',
  'remote.storage.enable': 'flag',
  'retention.bytes': 'whole',
  'retention.ms': 'whole',
  'segment.bytes': 'whole',
  'segment.index.bytes': 'whole',
  'segment.jitter.ms': 'whole',
  'segment.ms': 'whole',
  'unclean.leader.election.enable': 'flag',
};

/**
 * One entry as the API takes it; `undefined` where it has no word for it, or its number is one that JSON cannot hold
 * exactly.
 */
export function apiEntry(name: string, value: string): [string, string | number | boolean] | undefined {
  const type = Object.hasOwn(entries, name) ? entries[name] : undefined;
  const converted = type && converters[type](name, value);
  return converted === undefined ? undefined : [name.replaceAll('.', '_'), converted];
}

const converters = {
  text: (name: string, value: string) =>
    name === 'cleanup.policy'
      ? value
          .split(',')
          .map((one) => one.trim())
          .sort()
          .join()
      : value,
  whole: (_: string, value: string) =>
    /^-?\d+$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : undefined,
  number: (_: string, value: string) =>
    value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined,
  flag: (_: string, value: string) =>
    /^(true|false)$/i.test(value) ? value.toLowerCase() === 'true' : undefined,
} satisfies Record<string, (name: string, value: string) => string | number | boolean | undefined>;
