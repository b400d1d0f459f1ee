import type { MigrationFile } from '../../src/migration/file.js';
import type { ValueFormat } from '../ledger/ledger.js';
import type { Strategy } from '../../src/migration/strategies.js';

/** Waiting times that are far shorter than in life, so that a rehearsal fits into minutes. */
export const shortWaits = { quiet: '5s', probe: '500ms', patience: '3m', soak: '3s' } as const;

/** The same, as a person is told. */
export const shortened =
  'Waiting times are shortened for the show: the source has to be quiet for 5 s (in life: longer than the ' +
  "producers' delivery.timeout.ms, 150 s by default), and the soak before deletion is 3 s (24 h by default).";

/** Who takes part: the lab's principals, so that ACLs have principals to map. */
export const producerNames = ['orders-web', 'orders-batch'] as const;
export const groupNames = ['billing', 'shipping', 'audit'] as const;

/** Names in one rehearsal: several can follow each other in one lab. */
export interface Names {
  migration: string;
  topic: string;
  newTopic: string;
  group: (app: string) => string;
  transactionalId: string;
  readsCommitted: (app: string) => boolean;
}

export function namesOf(rehearsal: string, strategy?: Strategy): Names {
  return {
    migration: rehearsal,
    topic: `${rehearsal}.orders`,
    // MirrorMaker copies topics under their own name.
    newTopic: strategy === 'advancedMirroring' ? `${rehearsal}.orders` : `shop.${rehearsal}.orders`,
    group: (app) => `${rehearsal}.${app}`,
    transactionalId: `${rehearsal}.orders-batch`,
    // So that both isolation levels are drained; not what MirrorMaker writes in transactions, which it may have to abort.
    readsCommitted: (app) => app !== 'shipping' || strategy === 'advancedMirroring',
  };
}

/** Names of registries in the worker's configuration. */
export const registryNames = { source: 'source', target: 'importing' } as const;

/** The historian and the web write Avro, the batch writes Protobuf; each value refers to a schema of its own subject. */
export const formatOf = (producer: string): ValueFormat =>
  producer === 'orders-batch' ? 'protobuf' : 'avro';

export const subjectsOf = ({ topic }: Names, format: ValueFormat) => ({
  value: `${topic}-${format}-value`,
  origin: `${topic}-${format}-origin`,
});

/** What the migration file says of them. */
export const schemasOf = (names: Names) => ({
  ...registryNames,
  subjects: (['avro', 'protobuf'] as const).map((format) => subjectsOf(names, format).value),
});

/**
 * @param config of the new topic, beside that of the source.
 * @param principalOf who a user of the source is on the target
 */
export function migrationOf(
  strategy: Strategy,
  names: Names,
  config: Record<string, string> = {},
  principalOf = (user: string): string => `User:CN=${user}`,
): MigrationFile {
  return {
    name: names.migration,
    strategy,
    description: 'A rehearsal with ledger applications under load.',
    source: 'source',
    target: 'target',
    topics: [
      { name: names.topic, ...(names.newTopic !== names.topic && { newName: names.newTopic }), config },
    ],
    ...(strategy === 'advancedMirroring' && { connect: 'lab' }),
    producers: producerNames.map((name) => ({ name })),
    consumers: groupNames.map((app) => ({
      group: names.group(app),
      isolation: names.readsCommitted(app) ? 'read_committed' : 'read_uncommitted',
      autoOffsetReset: 'earliest',
    })),
    principals: Object.fromEntries(
      [...producerNames, ...groupNames].map((app) => [`User:${app}`, principalOf(app)]),
    ),
    leaveBehind: { principals: ['User:ferry', 'User:connect'] },
    messages: { idempotent: true },
    waits: shortWaits,
  };
}
