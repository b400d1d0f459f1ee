import { z } from 'zod';
import { contradictions } from './contradictions.js';
import { parseDuration } from './duration.js';
import { pathText, type Mistake } from './mistakes.js';
import { notifyShape, teamName } from './notify-shape.js';
import { aDuration, anObject, unique } from './shape-words.js';
import { strategyNames, usualMirror } from './strategies.js';
import { isLegalTopicName } from './topic-name.js';
import { workloadShape } from './workload.js';

const duration = (fallback: string) =>
  z
    .string(aDuration)
    .refine((text) => parseDuration(text) !== null, aDuration)
    .default(fallback);

const topicName = z.string({ error: 'expected the name of a topic' }).refine(isLegalTopicName, {
  error: 'expected a topic name: up to 249 letters, digits, dots, underscores or hyphens',
});

const clusterName = z
  .string({ error: 'expected the name of a cluster in ferry.yaml' })
  .min(1, { error: 'expected the name of a cluster in ferry.yaml' });

const registryName = z
  .string({ error: 'expected the name of a registry in ferry.yaml' })
  .min(1, { error: 'expected the name of a registry in ferry.yaml' });

const groupName = z.string({ error: 'expected the id of a consumer group' }).min(1, {
  error: 'expected the id of a consumer group',
});

const aPrincipal = { error: 'expected a principal as Kafka writes it, for example User:orders-web' };
const principal = z.string(aPrincipal).regex(/^[A-Za-z]+:.+$/, aPrincipal);
const principalOrWorkload = z.union([principal, workloadShape()], {
  error:
    'expected a principal as Kafka writes it, for example User:orders-web, or an application of NAIS: { team, application }',
});

/** Where a form or Temporal's tools have read the JSON, a number as large as this is rounded already. */
const aWholeNumber = {
  error: `expected a number of more than 15 digits in quotes, such as "${2n ** 63n - 1n}": as a plain number it is rounded`,
};

const configValue = z
  .union([z.string(), z.number(), z.boolean()], { error: 'expected a text, a number, true or false' })
  .refine((value) => typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER, aWholeNumber)
  .transform(String);

const uniqueTopics = unique('topic', (topic: { name: string }) => topic.name);
const uniqueTargets = unique(
  'target topic name',
  (topic: { name: string; newName?: string | undefined }) => topic.newName ?? topic.name,
);
const uniqueProducers = unique('producer', (producer: { name: string }) => producer.name);
const uniqueGroups = unique('group', (consumer: { group: string }) => consumer.group);

const topic = z.strictObject(
  {
    name: topicName,
    newName: topicName.optional(),
    createdBy: z.enum(['ferry', 'people'], { error: 'expected ferry or people' }).default('ferry'),
    partitions: z.int({ error: 'expected a number of partitions' }).min(1).max(1_000_000).optional(),
    replicationFactor: z.int({ error: 'expected a replication factor' }).min(1).max(99).optional(),
    config: z
      .record(z.string(), configValue, { error: 'expected an object of configuration names and values' })
      .default({}),
  },
  anObject('name'),
);

const producer = z.strictObject(
  {
    name: z.string({ error: 'expected the name of the producing application' }).min(1, {
      error: 'expected the name of the producing application',
    }),
  },
  anObject('name'),
);

const consumer = z.strictObject(
  {
    group: groupName,
    newGroup: groupName.optional(),
    topics: z
      .array(topicName, { error: 'expected a list of topics' })
      .min(1, { error: 'expected at least one topic' })
      .optional(),
    isolation: z
      .enum(['read_uncommitted', 'read_committed'], { error: 'expected read_uncommitted or read_committed' })
      .default('read_uncommitted'),
    autoOffsetReset: z.enum(['earliest', 'latest'], { error: 'expected earliest or latest' }).optional(),
    commitsEvery: z
      .string(aDuration)
      .refine((text) => (parseDuration(text) ?? 0) > 0, aDuration)
      .optional(),
  },
  anObject('group'),
);

const shape = z.strictObject(
  {
    name: z.string({ error: 'expected a name for the migration' }).regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, {
      error: 'expected a name of up to 100 small letters, digits, dots, underscores or hyphens',
    }),
    strategy: z.enum(strategyNames, { error: `expected one of ${strategyNames.join(', ')}` }),
    description: z.string({ error: 'expected a text' }).optional(),
    team: teamName().optional(),
    labels: z
      .record(z.string(), z.string({ error: 'expected a text' }).max(200), {
        error: 'expected an object of labels and texts',
      })
      .optional(),
    source: clusterName,
    target: clusterName,
    topics: z
      .array(topic, { error: 'expected a list of topics' })
      .min(1, { error: 'expected at least one topic' })
      .refine(uniqueTopics.check, { error: uniqueTopics.error })
      .refine(uniqueTargets.check, { error: uniqueTargets.error }),
    producers: z
      .array(producer, { error: 'expected a list of producers' })
      .refine(uniqueProducers.check, { error: uniqueProducers.error })
      .default([]),
    consumers: z
      .array(consumer, { error: 'expected a list of consumers' })
      .refine(uniqueGroups.check, { error: uniqueGroups.error })
      .default([]),
    principals: z
      .record(principal, principalOrWorkload, {
        error: 'expected an object of principals on the source and on the target',
      })
      .default({}),
    leaveBehind: z
      .strictObject(
        {
          groups: z.array(groupName, { error: 'expected a list of groups' }).default([]),
          principals: z.array(principal, { error: 'expected a list of principals' }).default([]),
        },
        anObject('groups and principals'),
      )
      .prefault({}),
    messages: z
      .strictObject(
        { idempotent: z.boolean({ error: 'expected true or false' }).optional() },
        anObject('idempotent'),
      )
      .prefault({}),
    mirror: z.enum(['engine', 'mirrormaker'], { error: 'expected engine or mirrormaker' }).optional(),
    connect: z
      .string({ error: 'expected the name of a Kafka Connect in ferry.yaml' })
      .min(1, { error: 'expected the name of a Kafka Connect in ferry.yaml' })
      .optional(),
    copying: z
      .strictObject(
        {
          shares: z
            .int({ error: 'expected a number of shares' })
            .min(1, { error: 'expected at least one share' })
            .max(64, { error: 'expected at most 64 shares' })
            .default(4),
          bytesPerSecond: z
            .int({ error: 'expected a number of bytes per second' })
            .min(1024, { error: 'expected at least 1024 bytes per second' })
            .optional(),
        },
        anObject('shares and bytesPerSecond'),
      )
      .prefault({}),
    schemas: z
      .strictObject(
        {
          source: registryName,
          target: registryName,
          subjects: z
            .array(z.string({ error: 'expected the name of a subject' }).min(1), {
              error: 'expected a list of subjects',
            })
            .optional(),
          ids: z.enum(['keep', 'translate'], { error: 'expected keep or translate' }).default('keep'),
          idDistance: z
            .int({ error: 'expected a number of ids' })
            .min(1_000, { error: 'expected at least 1000 ids' })
            .max(1_000_000_000, { error: 'expected at most 1000000000 ids' })
            .optional(),
        },
        anObject('source, target, subjects, ids and idDistance'),
      )
      .optional(),
    notify: notifyShape().optional(),
    waits: z
      .strictObject(
        {
          quiet: duration('150s'),
          probe: duration('1s'),
          agreeing: z
            .int({ error: 'expected a number of agreeing probes' })
            .min(2, { error: 'expected at least 2 agreeing probes' })
            .max(100, { error: 'expected at most 100 agreeing probes' })
            .default(3),
          patience: duration('10m'),
          soak: duration('24h'),
        },
        anObject('quiet, probe, agreeing, patience and soak'),
      )
      .prefault({}),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? 'expected a migration: an object with name, strategy, source, target and topics'
        : undefined,
  },
);

/** By a function, as all shapes are: workflows share what is exported, frozen, and a shape writes into itself. */
export const migrationShape = () => shape;

/** What a person writes: the same object whether it comes as YAML, from a web form or from `temporal workflow start`. */
export type MigrationFile = z.input<typeof shape>;

/** The same, whole: every default filled in. */
export type Migration = z.output<typeof shape>;

export type TopicMove = Migration['topics'][number];
export type ConsumerMove = Migration['consumers'][number];

export const targetName = (move: TopicMove): string => move.newName ?? move.name;
export const targetGroup = (move: ConsumerMove): string => move.newGroup ?? move.group;

/** Who copies the records: the ferry's own engine, or MirrorMaker 2 on Kafka Connect. */
export const mirrorKind = ({
  strategy,
  mirror,
}: { strategy: string } & Pick<Migration, 'mirror'>): 'engine' | 'mirrormaker' =>
  mirror ?? usualMirror(strategy);

/** How often a group commits, ms, where the file says so. */
export const commitsEveryMs = ({ commitsEvery }: Pick<ConsumerMove, 'commitsEvery'>): number | undefined =>
  commitsEvery === undefined ? undefined : (parseDuration(commitsEvery) ?? undefined);

/** The topics (by source name) that a group of the migration reads: all of them unless the file says which. */
export function topicsOf(migration: Migration, consumer: ConsumerMove): TopicMove[] {
  return migration.topics.filter(({ name }) => consumer.topics?.includes(name) ?? true);
}

/** Milliseconds of one of the migration's waits. */
export function waitMs(migration: Migration, wait: 'quiet' | 'probe' | 'patience' | 'soak'): number {
  return parseDuration(migration.waits[wait]) ?? 0;
}

/** Reads and checks a migration whole; every mistake is reported at once. */
export function parseMigration(
  input: unknown,
): { migration: Migration; mistakes?: undefined } | { mistakes: Mistake[]; migration?: undefined } {
  const parsed = shape.safeParse(input);
  const mistakes = (parsed.error?.issues ?? []).flatMap((issue): Mistake[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          path: pathText([...issue.path, key]),
          expected: 'is not a key of a migration file',
        }))
      : issue.code === 'invalid_key'
        ? issue.issues.map(({ message }) => ({ path: pathText(issue.path), expected: message }))
        : [{ path: pathText(issue.path), expected: issue.message }],
  );
  mistakes.push(...contradictions(input));
  return parsed.success && mistakes.length === 0 ? { migration: parsed.data } : { mistakes };
}
