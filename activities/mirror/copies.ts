import { partitionKey, type Cluster, type Rows, type Watermarks } from '../../src/kafka/cluster.js';
import { targetName, waitMs } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { neverCompared, onSourceAlone } from '../../src/migration/not-compared.js';
import {
  offsetAt,
  onlyTopics,
  partitionCounts,
  partitionsOf,
  type TargetOffsets,
} from '../../src/migration/offsets.js';
import type { Copies } from '../../src/migration/work/parity.js';
import type { Proved } from '../../src/migration/work/retire.js';
import type { Work } from '../../src/migration/work/work.js';
import { Comparison } from '../../src/parity/comparison.js';
import { partitionPairs } from '../../src/parity/pairs.js';
import { sayProgress } from '../../src/parity/wording.js';
import { rowAt, valueOf } from '../kit/rows.js';
import { blocking } from '../kit/weights.js';
import { under } from '../../src/migration/by-name.js';

type Sides = { source: Cluster; target: Cluster };

/** How copies are looked for, and who is told how far that is. */
export interface Copying {
  asCopied?: ConstructorParameters<typeof Comparison>[0]['asCopied'];
  signal: AbortSignal;
  says: (sentence: string) => void;
}

const sayEveryMs = 5_000;

/** How the copies are now. @throws FerryError of a topic that cannot be read */
export async function copiesOn(
  target: Cluster,
  logStarts: TargetOffsets,
  lastEpochs?: TargetOffsets,
): Promise<Copies> {
  const names = [...partitionCounts(logStarts).keys()];
  const rows = await target.topics(names);
  return {
    logStarts,
    topicIds: Object.fromEntries(names.map((name) => [name, valueOf(rows, name).topicId])),
    ...(lastEpochs && { lastEpochs }),
  };
}

/**
 * What the source still holds below its frozen end and the target does not any more. Both were equal when they were
 * compared, so only where a log of the target begins later by now its records are looked for on the source.
 *
 * @param there topics that are still on the source
 */
export async function lostCopies(
  sides: Sides,
  work: Work & Proved,
  there: ReadonlySet<string>,
  { says, ...options }: Copying,
): Promise<Finding[]> {
  const { ends, mirrored = {}, copies } = work;
  const migration = {
    ...work.migration,
    topics: work.migration.topics.filter(({ name }) => there.has(name)),
  };
  if (!copies)
    return neverCompared(
      migration,
      await heldBelow(sides.source, work, there),
      'nothing is known of a comparison of both clusters',
    );
  const { target } = sides;
  const replaced = await replacedOn(sides, migration.topics, copies);
  if (replaced.length > 0) return replaced;
  const marks = await target.watermarks(
    partitionsOf(mirrored).filter(({ topic }) => migration.topics.some((one) => targetName(one) === topic)),
  );
  const cutOff = partitionsOf(mirrored).flatMap((at) => {
    const row = marks.get(partitionKey(at));
    if (!row) return [];
    const { highWatermark } = valueOf(marks, partitionKey(at));
    return highWatermark < at.offset
      ? [
          blocking(
            `target-truncated:${partitionKey(at)}`,
            `${partitionKey(at)} on ${target.name} ends at offset ${highWatermark}, before ${at.offset} where the mirror had come to: copies are lost there. Leave the source topic (skip), and find out why.`,
          ),
        ]
      : [];
  });
  const parted = cutOff.length > 0 ? cutOff : await partedFrom(target, mirrored, copies, marks);
  if (parted.length > 0) return parted;
  const pairs = (await partitionPairs(migration, sides, { ends, mirrored })).filter(
    ({ targetTopic, partition }) =>
      valueOf(marks, partitionKey({ topic: targetTopic, partition })).logStart >
      (offsetAt(copies.logStarts, targetTopic, partition) ?? -1n),
  );
  if (pairs.length === 0) return [];
  const comparison = new Comparison({
    ...sides,
    ...options,
    pairs,
    startsOnly: true,
    patienceMs: waitMs(migration, 'patience'),
  });
  const telling = setInterval(
    () => says(`Looks for what ${target.name} has lost of the copies: ${sayProgress(comparison.progress)}.`),
    sayEveryMs,
  );
  try {
    await comparison.run();
  } finally {
    clearInterval(telling);
  }
  const lost = comparison.results.flatMap(({ topic, partition, unverifiable, differences }) => [
    ...unverifiable.map((one) => ({ topic, partition, ...one })),
    ...differences.flatMap(({ source, target: other, what }) =>
      source !== null && other === null
        ? [
            {
              ...{ topic, partition, from: source, to: String(BigInt(source) + 1n) },
              ...{ why: what, onSourceAlone: 1 },
            },
          ]
        : [],
    ),
  ]);
  return onSourceAlone(migration, lost, 'lost-on-target');
}

/** Topics of the target that are gone, or were made anew, since they were compared. @throws FerryError of one that cannot be read */
export async function replacedOn(
  { source, target }: Sides,
  topics: Work['migration']['topics'],
  { topicIds }: Copies,
): Promise<Finding[]> {
  const rows = await target.topics(topics.map(targetName));
  return topics.flatMap((topic) => {
    const name = targetName(topic);
    const row = rowAt(rows, name);
    if (row.error && row.error.type !== 'NotFound') throw row.error;
    const then = under(topicIds, name);
    return row.error || (then != null && row.value.topicId !== then)
      ? [
          blocking(
            `target-recreated:${name}`,
            `${name} on ${target.name} is ${row.error ? 'gone' : 'another topic than the one that was compared'}, so what it held may be on ${source.name} alone: leave the source topic there (skip), and find out who deleted its copy.`,
          ),
        ]
      : [];
  });
}

/**
 * Logs that were cut off within the copies and have grown again since, as after an unclean election: their ends say nothing
 * of it, but the leader epoch of the last copy does (KIP-595), as the mirror itself asks its source.
 */
async function partedFrom(
  target: Cluster,
  mirrored: TargetOffsets,
  { lastEpochs = [] }: Copies,
  marks: Rows<string, Watermarks>,
): Promise<Finding[]> {
  const known = partitionsOf(mirrored).flatMap((at) => {
    const epoch = offsetAt(lastEpochs, at.topic, at.partition);
    const there = marks.has(partitionKey(at)) && valueOf(marks, partitionKey(at)).logStart <= at.offset;
    return epoch !== undefined && there ? [{ ...at, lastEpoch: Number(epoch) }] : [];
  });
  if (known.length === 0) return [];
  const rows = await target.fetch(known, { isolation: 'uncommitted', maxBytes: known.length, maxWaitMs: 0 });
  // A broker that does not know the epoch says the same as one whose retention has come past the copies meanwhile.
  const doubtful = known.filter((at) => rowAt(rows, partitionKey(at)).error?.type === 'Changed');
  const now = doubtful.length > 0 ? await target.watermarks(doubtful) : marks;
  return known.flatMap((at) => {
    const key = partitionKey(at);
    const { error, value } = rowAt(rows, key);
    if (error && error.type !== 'Changed') throw error;
    if (error ? valueOf(now, key).logStart > at.offset : !value.diverging) return [];
    const where = value?.diverging ? ` at offset ${value.diverging.endOffset}` : '';
    return [
      blocking(
        `target-truncated:${key}`,
        `${key} on ${target.name} parts${where} from the log that was compared up to offset ${at.offset}, and was written to since: copies are lost there. Leave the source topic (skip), and find out why.`,
      ),
    ];
  });
}

/** The frozen ends of the topics of which the source still holds something below them. */
async function heldBelow(
  source: Cluster,
  { ends }: Work & Proved,
  there: ReadonlySet<string>,
): Promise<Proved['ends']> {
  const partitions = partitionsOf(ends).filter(({ topic }) => there.has(topic));
  const marks = await source.watermarks(partitions);
  const held = new Set(
    partitions
      .filter((at) => valueOf(marks, partitionKey(at)).logStart < at.offset)
      .map(({ topic }) => topic),
  );
  return onlyTopics(ends, held);
}
