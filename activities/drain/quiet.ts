import { z } from 'zod';
import {
  partitionKey,
  type Cluster,
  type Rows,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { formatDuration } from '../../src/migration/duration.js';
import { waitMs } from '../../src/migration/file.js';
import {
  offsetAt,
  offsetTableShape,
  partitionCounts,
  type SourceOffsets,
} from '../../src/migration/offsets.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Watch, Watched } from '../../src/migration/work/work.js';
import type { Dependencies } from '../kit/dependencies.js';
import { describeArrival } from './last-arrival.js';
import { nameOf, nameOpenTransactions } from './open-transactions.js';
import { endsTable, partitionsIn, plannedTopics } from '../topics/planned-topics.js';
import { valueOf } from '../kit/rows.js';
import { heldBackOn } from '../kit/held-back.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';

/** What one probe hands to the next: high watermarks only grow, so equal ones mean that nothing came in between. */
const quietCarry = z.object({
  ends: offsetTableShape() as z.ZodType<SourceOffsets>,
  /** When these ends were first seen, ms of watching: workers have clocks of their own, and none is compared. */
  sinceMs: z.number(),
  /** The latest growth seen; `seenAt` by the clock of the worker that saw it, ms since the epoch, to be shown. */
  arrival: z
    .object({ topic: z.string(), partition: z.number(), end: z.string(), seenAt: z.number() })
    .optional(),
});
type QuietCarry = z.infer<typeof quietCarry>;
type QuietAnswer = Exclude<Awaited<ReturnType<Activities['watchQuiet']>>, { state: 'watching' }>;

export function quietActivities(
  dependencies: Pick<Dependencies, 'clusters'>,
): Pick<Activities, 'watchQuiet'> {
  return {
    async watchQuiet(input): Promise<Watched<'quiet', { ends: QuietCarry['ends'] }>> {
      const source = dependencies.clusters(input.migration.source);
      return watch<QuietAnswer, QuietCarry>(
        input,
        quietCarry,
        (moment) => probeQuiet(source, input, moment),
        heldBackOn(dependencies.clusters, input.migration),
      );
    },
  };
}

async function probeQuiet(
  source: Cluster,
  { migration, topicIds, accepted = [] }: Watch,
  { carry, watchedMs, outOfPatience }: Moment<QuietCarry>,
): Promise<Seen<QuietAnswer, QuietCarry>> {
  const asked = performance.now();
  const topics = await plannedTopics(
    source,
    migration.topics.map(({ name }) => name),
    { topicIds, ...(carry && { partitions: partitionCounts(carry.ends) }) },
  );
  const partitions = partitionsIn(topics);
  const marks = await source.watermarks(partitions);
  const ends = endsTable<'source'>(partitions, marks);
  const grown =
    carry &&
    partitions.find((at) => offsetAt(carry.ends, at.topic, at.partition) !== highWatermark(marks, at));
  // The window begins when the answer was there and ends when the next one was asked for: never longer than it was.
  const next: QuietCarry =
    carry && !grown
      ? carry
      : {
          ends,
          sinceMs: watchedMs + Math.ceil(performance.now() - asked),
          ...(grown && {
            arrival: { ...grown, end: String(highWatermark(marks, grown)), seenAt: Date.now() },
          }),
        };

  const quietMs = Math.max(0, watchedMs - next.sinceMs);
  const window = waitMs(migration, 'quiet');
  const open = quietMs >= window || outOfPatience ? await stillOpen(source, partitions, marks) : [];
  if (quietMs >= window && open.length === 0)
    return {
      answer: {
        state: 'quiet',
        ends,
        sentence: `Nothing was written to ${names(topics)} on ${source.name} for ${formatDuration(quietMs)}, and no transaction is open.`,
      },
    };
  if (accepted.includes('not-quiet'))
    return {
      answer: {
        state: 'quiet',
        ends,
        sentence: `The end of ${names(topics)} on ${source.name} is taken as it is now, because a person accepted it: it was not proved that nothing is written there any more.`,
      },
    };
  if (outOfPatience)
    return {
      answer: {
        state: 'contradicted',
        sentence:
          open.length > 0
            ? `${source.name} is not quiet: ${open.join('; ')}.`
            : `${source.name} did not stay quiet for ${formatDuration(window)} within ${formatDuration(waitMs(migration, 'patience'))}: ${await lastArrival(source, next)}.`,
      },
    };
  return { says: [sayQuiet(next, quietMs, window, partitions, marks), ...open].join('; '), carry: next };
}

/**
 * Transactions that may still write: those that hold the last stable offset back, and those that a coordinator has
 * open on the topics without a record yet, whose end will be written as a marker all the same.
 */
async function stillOpen(
  source: Cluster,
  partitions: readonly TopicPartition[],
  marks: Rows<string, Watermarks>,
): Promise<string[]> {
  const stuck = partitions.flatMap((at) => {
    const { lastStable, highWatermark: end } = valueOf(marks, partitionKey(at));
    return lastStable < end ? [{ ...at, stuckAt: lastStable }] : [];
  });
  if (stuck.length > 0) return nameOpenTransactions(source, stuck);
  const open = await source.openTransactions([...new Set(partitions.map(({ topic }) => topic))]);
  return open.map(
    (transaction) =>
      `${nameOf(transaction)} is open on ${transaction.partitions.map(partitionKey).join(', ')}`,
  );
}

async function lastArrival(source: Cluster, { arrival }: QuietCarry): Promise<string> {
  if (!arrival) return 'it was not watched for long enough';
  const { end, seenAt } = arrival;
  return `the last record came to ${await describeArrival(source, arrival, BigInt(end), new Date(seenAt))}`;
}

function sayQuiet(
  { arrival }: QuietCarry,
  quietMs: number,
  window: number,
  partitions: readonly TopicPartition[],
  marks: Rows<string, Watermarks>,
): string {
  const open = partitions.filter((at) => {
    const { lastStable, highWatermark: end } = valueOf(marks, partitionKey(at));
    return lastStable < end;
  });
  return [
    quietMs > 0
      ? `quiet for ${formatDuration(quietMs)} of ${formatDuration(window)}`
      : arrival
        ? `records still come: ${partitionKey(arrival)} reached offset ${arrival.end}`
        : `watching for ${formatDuration(window)} without a record`,
    ...(open.length > 0 ? [`a transaction is open on ${open.map(partitionKey).join(', ')}`] : []),
  ].join(', ');
}

function highWatermark(marks: Rows<string, Watermarks>, at: TopicPartition): bigint {
  return valueOf(marks, partitionKey(at)).highWatermark;
}

function names(topics: readonly { name: string }[]): string {
  return topics.length <= 3 ? topics.map(({ name }) => name).join(', ') : `${topics.length} topics`;
}
