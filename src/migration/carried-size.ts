import type { Migration } from './file.js';
import type { Finding } from './findings.js';
import { bytesOf, sayMegabytes } from './size.js';
import { isMirrored } from './strategies.js';

/** What a migration may be expected to carry: the rest of Temporal's 2 MB is for findings, and for what people say. */
const most = 1_600_000;

/** Bytes of one offset as it is carried (`packed.ts`), of a busy topic. */
const perOffset = 6;
/** Of what a group was given in one partition. */
const perPosition = 5;
/** What stands beside a name for each topic: its ids on both clusters, who approved its deletion. */
const perTopic = 240;
/** Evidence of all steps. */
const fixed = 100_000;

/**
 * What a migration would carry from step to step, in bytes: estimated from above, since the offsets are not known yet.
 *
 * @param partitions of each topic, by its name on the source
 * @param beside bytes of what the plan has found and the migration keeps: ACLs, metadata of commits, what groups read elsewhere
 */
export function carriedBytes(
  migration: Migration,
  partitions: ReadonlyMap<string, number>,
  beside = 0,
): number {
  const names = migration.topics.reduce((sum, { name }) => sum + name.length, 0);
  const of = ({ topics }: { topics?: readonly string[] | undefined }) =>
    (topics ?? [...partitions.keys()]).reduce((sum, topic) => sum + (partitions.get(topic) ?? 0), 0);
  const all = of({});
  const read = migration.consumers.reduce((sum, consumer) => sum + of(consumer), 0);
  return (
    bytesOf(migration) +
    fixed +
    migration.topics.length * perTopic +
    // Names stand beside ids and numbers of partitions, and in each table.
    names * (4 + tables(migration)) +
    all * perOffset * tables(migration) +
    read * perPosition +
    // Positions of one group, from which the others are counted.
    (isMirrored(migration.strategy) ? 2 * all * perOffset : 0) +
    beside
  );
}

/** How many tables of offsets of all topics a strategy keeps. */
const tables = ({ strategy }: Migration): number =>
  isMirrored(strategy) ? 4 : strategy === 'doubleProducer' ? 6 : 2;

/** Refuses a migration that Temporal could not carry, with the division that fits. */
export function tooLargeToCarry(
  migration: Migration,
  partitions: ReadonlyMap<string, number>,
  beside = 0,
): Finding[] {
  const bytes = carriedBytes(migration, partitions, beside);
  if (bytes <= most) return [];
  const topics = migration.topics.length;
  const each = Math.max(1, Math.floor((topics * (most - fixed)) / (bytes - fixed)));
  const all = [...partitions.values()].reduce((sum, count) => sum + count, 0);
  const amount = (number: number, noun: string) =>
    `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
  return [
    {
      weight: 'blocks',
      key: 'too-large',
      sentence: `${amount(topics, 'topic')} with ${amount(all, 'partition')} and ${amount(migration.consumers.length, 'group')} would have the migration carry ${sayMegabytes(bytes)} from step to step, and more than ${sayMegabytes(most)} may end it: divide the file into ${Math.ceil(topics / each)}, each with at most ${amount(each, 'topic')}${each === 1 ? ' (or fewer groups)' : ''}.`,
    },
  ];
}
