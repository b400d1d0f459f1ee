import {
  partitionKey,
  type Cluster,
  type ConfigEntry,
  type TopicFacts,
  type TopicPartition,
} from '../../src/kafka/cluster.js';
import { batchesIn } from '../../src/kafka/records/batch.js';
import { largestBatches, type LargestBatch } from './batch-sizes.js';
import { recordsIn } from '../../src/kafka/records/records.js';
import { formatDuration } from '../../src/migration/duration.js';
import { isFerryError } from '../../src/migration/errors.js';
import { mirrorKind, targetName, waitMs, type TopicMove } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import type { Work } from '../../src/migration/work/work.js';
import { notTheMirrors } from '../../src/mirror/tail-of-mirror.js';
import { isMirroredAlready } from '../connect/connect-workers.js';
import type { Dependencies } from '../kit/dependencies.js';
import { SchemaTranslation } from '../schemas/schema-translation.js';
import { idsNotSeen, sampleIds, refuseRegistryIds } from '../schemas/schema-ids.js';
import { entryText } from '../topics/config-rules.js';
import { readEnds, type Ends } from '../offsets/offset-reading.js';
import { partitionsIn } from '../topics/planned-topics.js';
import { sample, type Place } from '../kit/sampling.js';
import { recordTimes, type RecordTimes, type Timed } from './record-times.js';
import { mirroredAs, recordsBeyond, storedPositions } from '../offsets/target-writes.js';
import { brokerDefault, effective, wantedConfig } from '../topics/topic-config.js';
import { readTopics, type TopicState } from '../topics/topic-reading.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

const dayMs = 86_400_000;
/** Read at the beginning of each partition to see what its records are like. */
const sampleBytes = 64 * 1024;

/** A topic that the mirror is to copy, and what holds for its copy. */
interface Copied {
  move: TopicMove;
  from: TopicState;
  /** The copy's own entry, or what it will get; `undefined` when nobody knows. */
  setting: (entry: string) => string | undefined;
  /** How to change an entry of the copy, in the imperative. */
  mend: (entry: string) => string;
}

/**
 * Whether the target takes the history that the source holds, and keeps it: all that can be known before anything is
 * copied, in one go. Changes nothing.
 */
export async function historyOf(
  { clusters, registries, connects }: Pick<Dependencies, 'clusters' | 'registries' | 'connects'>,
  work: Pick<Work, 'migration' | 'accepted'>,
): Promise<Finding[]> {
  const { migration } = work;
  const [source, target] = [clusters(migration.source), clusters(migration.target)];
  const [onSource, onTarget, defaults] = await Promise.all([
    readTopics(
      source,
      migration.topics.map(({ name }) => name),
    ),
    readTopics(target, migration.topics.map(targetName)),
    defaultsOf(target),
  ]);
  const copied = migration.topics.flatMap((move): Copied[] => {
    const from = onSource.topics.get(move.name);
    if (!from || from.facts.internal) return [];
    const there = onTarget.topics.get(targetName(move));
    const unseen = onTarget.hidden.has(targetName(move));
    const wanted = wantedConfig(move, from.config);
    return [
      {
        move,
        from,
        setting: (entry) =>
          there
            ? effective(there.config, entry)
            : unseen
              ? undefined
              : (wanted[entry] ?? brokerDefault(defaults, entry)),
        mend: (entry) =>
          there || unseen
            ? `set ${entry} on ${targetName(move)} of ${target.name}`
            : `say ${entry} under config of ${move.name} in the file`,
      },
    ];
  });
  const partitions = partitionsIn(copied.map(({ from }) => from.facts));
  const [times, ids, { keyless, unseen }, before, largest] = await Promise.all([
    recordTimes(source, copied.map(timed)),
    migration.strategy === 'simpleMirroring' ? idsIn(source, partitions) : [],
    topicsWithoutKeys(
      source,
      copied.filter(({ setting }) => setting('cleanup.policy')?.includes('compact')),
    ),
    recordsBefore({ source, target, registries, connects }, work, [
      ...[...onTarget.topics.values()].map(({ facts }) => facts),
      ...onTarget.hidden.values(),
    ]),
    largestBatches(source, partitions),
  ]);
  return [
    ...copied.flatMap((topic) => [
      ...partitionFindings(topic),
      ...retentionFindings(topic, times.oldest.get(topic.move.name), target.name),
      ...timestampFindings(topic, times, target.name),
      ...(keyless.has(topic.move.name) ? [keylessFinding(topic, target.name)] : []),
      ...sizeFindings(topic, largest.get(topic.move.name), mirrorKind(migration), target.name),
    ]),
    ...times.findings,
    ...ids,
    ...unseen.map((place) =>
      noting(
        `keys-not-seen:${partitionKey(place)}`,
        `${source.name} gave nothing of ${partitionKey(place)} from offset ${place.offset} on although it goes on to ${place.until}, so whether it holds records without a key, which a compacted topic refuses, is not known: the mirror stops at the first one.`,
      ),
    ),
    ...before,
  ];
}

function timed({ move, from, setting }: Copied): Timed {
  const most = Number(setting('message.timestamp.after.max.ms') ?? NaN);
  return {
    topic: move.name,
    partitions: partitionsIn([from.facts]),
    latest: Number.isSafeInteger(most) ? most : undefined,
  };
}

/** None when the target does not show them: what its topics keep is checked again once they are there. */
async function defaultsOf(target: Cluster): Promise<ConfigEntry[]> {
  return target.brokerConfig().catch((error: unknown) => {
    if (isFerryError(error) && error.type === 'Unauthorized') return [];
    throw error;
  });
}

function partitionFindings({ move, from }: Copied): Finding[] {
  const more = (move.partitions ?? 0) - from.facts.partitions.length;
  return more > 0
    ? [
        blocking(
          `partitions-mirrored:${move.name}`,
          `${move.name} is to get ${move.partitions} partitions, and its history lies in ${from.facts.partitions.length}: what is written later of a key would lie on another partition than its history; leave partitions out of the file.`,
        ),
      ]
    : [];
}

function retentionFindings(
  { move, from, setting, mend }: Copied,
  oldest: number | undefined,
  target: string,
): Finding[] {
  if (oldest === undefined || !(setting('cleanup.policy') ?? 'delete').includes('delete')) return [];
  const findings: Finding[] = [];
  const name = targetName(move);
  const kept = Number(setting('retention.ms') ?? -1);
  const age = Date.now() - oldest;
  if (kept >= 0 && age > kept) {
    const sourceKept = Number(effective(from.config, 'retention.ms') ?? -1);
    const enough = String(Math.ceil((age + 7 * dayMs) / dayMs) * dayMs);
    const says = `${move.name} holds records that are ${formatDuration(age)} old, and ${name} on ${target} deletes what is older than ${formatDuration(kept)} (retention.ms): they would be gone soon after they were copied`;
    const way = `${mend('retention.ms')} to ${entryText('retention.ms', enough).replace('retention.ms=', '')} at least until the migration has ended`;
    // Where the source keeps no more, it will delete the same records itself at any moment.
    findings.push(
      sourceKept >= 0 && sourceKept <= kept
        ? asking(
            `history-expires:${move.name}`,
            `${says}, as they may be on the source at any moment; ${way}, or accept it.`,
          )
        : blocking(`history-expires:${move.name}`, `${says}; ${way}.`),
    );
  }
  const bytes = Number(setting('retention.bytes') ?? -1);
  const sourceBytes = Number(effective(from.config, 'retention.bytes') ?? -1);
  if (bytes >= 0 && (sourceBytes < 0 || sourceBytes > bytes))
    findings.push(
      asking(
        `history-too-large:${move.name}`,
        `${name} on ${target} keeps ${bytes} bytes of each partition (retention.bytes), and ${move.name} ${sourceBytes < 0 ? 'any number' : String(sourceBytes)}: what is more would be gone soon after it was copied; ${mend('retention.bytes')} to -1 at least until the migration has ended, or accept it.`,
      ),
    );
  return findings;
}

function timestampFindings({ move, setting, mend }: Copied, times: RecordTimes, target: string): Finding[] {
  const [oldest, future] = [times.oldest.get(move.name), times.ahead.get(move.name)];
  const findings: Finding[] = [];
  const name = targetName(move);
  if (setting('message.timestamp.type') === 'LogAppendTime')
    findings.push(
      blocking(
        `timestamps-replaced:${move.name}`,
        `${name} on ${target} gives each record the time of its arrival (message.timestamp.type=LogAppendTime), so the history would lose its timestamps: ${mend('message.timestamp.type')} to CreateTime until the migration has ended.`,
      ),
    );
  const mostBefore = Number(
    setting('message.timestamp.before.max.ms') ?? setting('message.timestamp.difference.max.ms') ?? NaN,
  );
  if (oldest !== undefined && Date.now() - oldest > mostBefore)
    findings.push(
      blocking(
        `timestamps-too-old:${move.name}`,
        `${move.name} holds records that are ${formatDuration(Date.now() - oldest)} old, and ${name} on ${target} refuses what is older than ${formatDuration(mostBefore)}: ${mend('message.timestamp.before.max.ms')} to 9223372036854775807 until the migration has ended.`,
      ),
    );
  if (future !== undefined)
    findings.push(
      blocking(
        `timestamps-ahead:${move.name}`,
        `${move.name} holds records with a time ${formatDuration(future)} from now, further in the future than ${name} on ${target} takes (message.timestamp.after.max.ms=${setting('message.timestamp.after.max.ms')}): ${mend('message.timestamp.after.max.ms')} to 9223372036854775807 until the migration has ended.`,
      ),
    );
  return findings;
}

function keylessFinding({ move, mend }: Copied, target: string): Finding {
  return blocking(
    `records-without-key:${move.name}`,
    `${move.name} holds records without a key, which a compacted topic refuses, and ${targetName(move)} on ${target} is compacted: ${mend('cleanup.policy')} to delete until the migration has ended, or have them compacted away on the source first.`,
  );
}

/** The limit of a topic may have been lowered after larger batches were written to it, and is what its copy gets. */
function sizeFindings(
  { move, from, setting, mend }: Copied,
  largest: LargestBatch | undefined,
  mirror: 'engine' | 'mirrormaker',
  target: string,
): Finding[] {
  const limit = Number(setting('max.message.bytes') ?? NaN);
  if (!largest || !(largest.bytes > limit)) return [];
  const own = effective(from.config, 'max.message.bytes');
  const key = `batches-too-large:${move.name}`;
  const says = `${move.name} holds a batch of ${largest.bytes} bytes at offset ${largest.offset} of ${partitionKey(largest)}${own === undefined ? '' : `, where the topic takes ${own} now`}, and ${targetName(move)} on ${target} takes at most ${limit} (max.message.bytes); only some batches were looked at, and others may be larger`;
  const way = `${mend('max.message.bytes')} to ${nextLimit(largest.bytes)} or more until the migration has ended`;
  // MirrorMaker's producer makes batches of its own: a single record of that size is what it cannot write.
  return mirror === 'engine'
    ? [blocking(key, `${says}: ${way}.`)]
    : [asking(key, `${says}: ${way}, or accept it where no single record is so large.`)];
}

/** The next whole MiB. */
const nextLimit = (bytes: number): number => Math.ceil(bytes / 1_048_576) * 1_048_576;

/**
 * Of these topics the ones with a record without a key among the first of a partition: they were not always compacted.
 * `unseen`: beginnings of which nothing came.
 */
async function topicsWithoutKeys(
  source: Cluster,
  copied: readonly Copied[],
): Promise<{ keyless: Set<string>; unseen: readonly Place[] }> {
  const partitions = partitionsIn(copied.map(({ from }) => from.facts));
  const ends = await readEnds(source, partitions);
  const { fetched, silent } = await sample(
    source,
    ends.flatMap(({ topic, partition, logStart, highWatermark }) =>
      logStart < highWatermark ? [{ topic, partition, offset: logStart, until: highWatermark }] : [],
    ),
    { maxBytes: sampleBytes * partitions.length, maxBytesPerPartition: sampleBytes },
  );
  const keyless = partitions.filter((at) => {
    const value = fetched.get(partitionKey(at));
    if (!value) return false;
    for (const batch of batchesIn(value.batches, value.place)) {
      if (batch.kind === 'legacy' || batch.control) continue;
      for (const { key } of recordsIn(batch)) if (key === null) return true;
    }
    return false;
  });
  return { keyless: new Set(keyless.map(({ topic }) => topic)), unseen: silent };
}

async function idsIn(source: Cluster, partitions: readonly TopicPartition[]): Promise<Finding[]> {
  if (partitions.length === 0) return [];
  const { samples, unseen } = await sampleIds(source, partitions);
  return [
    ...(await refuseRegistryIds(samples, undefined, 'use advancedMirroring')),
    ...idsNotSeen(unseen, source.name),
  ];
}

/** The history is to come first: what is on the target already, and was not mirrored, would lie before it. */
async function recordsBefore(
  {
    source,
    target,
    registries,
    connects,
  }: { source: Cluster; target: Cluster } & Pick<Dependencies, 'registries' | 'connects'>,
  work: Pick<Work, 'migration' | 'accepted'>,
  facts: readonly TopicFacts[],
): Promise<Finding[]> {
  const { migration } = work;
  const ends: Ends[] = await readEnds(target, partitionsIn(facts));
  const held = ends.filter(({ logStart, highWatermark }) => highWatermark > logStart);
  if (held.length === 0) return [];
  if (mirrorKind(migration) === 'mirrormaker')
    return connects && (await isMirroredAlready({ connects }, migration))
      ? [
          noting(
            'history-begun',
            `MirrorMaker's connectors of this migration are there already, so what ${listed([...new Set(held.map(({ topic }) => topic))])} on ${target.name} holds is taken for theirs until both clusters are compared.`,
          ),
        ]
      : recordsThere(held, target.name);
  // Read after the ends: what a mirror that runs has written by then is stored, or lies behind what is stored.
  const positions = await storedPositions(target, migration);
  const stored = held.flatMap((end) => {
    const partition = mirroredAs(migration, end);
    const position = partition && positions.get(partitionKey(partition));
    return position ? [{ end, partition, position }] : [];
  });
  const strange = held.filter((end) => !stored.some((one) => one.end === end));
  const ids = await SchemaTranslation.of({ registries }, work, new AbortController().signal);
  const behind = await notTheMirrors(
    source,
    target,
    stored
      .filter(({ end, position }) => position.targetNext < end.highWatermark)
      .map(({ end, ...one }) => ({ ...one, targetEnd: Number(end.highWatermark) })),
    { ids, patienceMs: waitMs(migration, 'patience') },
  );
  const beyond = held.filter((end) => behind.has(partitionKey(end)));
  return recordsThere(
    [...(await recordsBeyond(target, strange, [])), ...beyond],
    target.name,
    [...behind.values()].map(({ message }) => message)[0],
  );
}

/** @param why how that is known of one of them */
function recordsThere(held: readonly TopicPartition[], target: string, why?: string): Finding[] {
  return [...new Set(held.map(({ topic }) => topic))].map((topic) =>
    blocking(
      `records-before-history:${topic}`,
      `${topic} on ${target} holds records in ${count(held.filter((at) => at.topic === topic).length, 'partition')} that no mirror of this migration wrote, and the history would come after them${why === undefined ? '' : ` (${why.replace(/\.$/, '')})`}: empty the topic, or give it another name in the file.`,
    ),
  );
}
