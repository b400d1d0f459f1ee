import { partitionKey, type Cluster } from '../../src/kafka/cluster.js';
import { isFerryError } from '../../src/migration/errors.js';
import { mirrorKind, targetName, waitMs } from '../../src/migration/file.js';
import { offsetTable, type TargetOffsets } from '../../src/migration/offsets.js';
import { partitionsOfShare, sharesOf, type PartitionCounts } from '../../src/migration/shares.js';
import type { Work } from '../../src/migration/work/work.js';
import type { MirroredPartition } from '../../src/mirror/plan.js';
import { takeOver } from '../../src/mirror/takeover.js';
import { Comparison } from '../../src/parity/comparison.js';
import { partitionPairs } from '../../src/parity/pairs.js';
import { sayProgress } from '../../src/parity/wording.js';
import { under } from '../../src/migration/by-name.js';
import type { Attempt } from '../kit/attempt.js';
import type { Dependencies } from '../kit/dependencies.js';
import { valueIfThere, valueOf } from '../kit/rows.js';
import { readEnds } from '../offsets/offset-reading.js';
import { storedPositions } from '../offsets/target-writes.js';
import { SchemaTranslation } from '../schemas/schema-translation.js';
import { partitionsIn } from '../topics/planned-topics.js';

/** What a mirror that does not run any more has left on the target. */
export interface CopiedSoFar {
  /** Up to where records of the target are the mirror's, by target topic. */
  mirrored: TargetOffsets;
  /** Why it is not known of others, or who else wrote: a sentence for each target topic. */
  strange: Map<string, string>;
}

/**
 * How far a mirror came that was stopped or killed: further than it has stored. What lies behind is looked at before
 * anybody is blamed for it.
 */
export function copiedSoFar(
  dependencies: Pick<Dependencies, 'clusters' | 'registries'>,
  work: Work,
  partitions: PartitionCounts,
  attempt: Attempt,
): Promise<CopiedSoFar> {
  attempt.says('Looks whether what the target holds is the mirror\u2019s.');
  return mirrorKind(work.migration) === 'mirrormaker'
    ? comparedSoFar(dependencies, work, attempt)
    : sealedSoFar(dependencies, work, partitions, attempt);
}

/** The engine's: each share is sealed against attempts that may still live, then its tail is found on the source. */
async function sealedSoFar(
  { clusters, registries }: Pick<Dependencies, 'clusters' | 'registries'>,
  work: Work,
  partitions: PartitionCounts,
  { signal }: Attempt,
): Promise<CopiedSoFar> {
  const { migration } = work;
  const [source, target] = [clusters(migration.source), clusters(migration.target)];
  const mirrored: PartitionEnd[] = [];
  const strange: CopiedSoFar['strange'] = new Map();
  const stored = await storedPositions(target, migration);
  if (stored.size === 0) return { mirrored: offsetTable(mirrored), strange };
  const names = new Map(migration.topics.map((move) => [move.name, targetName(move)]));
  const there = await target.topics([...names.values()]);
  const ids = await SchemaTranslation.of({ registries }, work, signal);
  const { shares, busy } = sharesOf(migration, partitions);
  for (const share of busy) {
    const held = partitionsOfShare(migration, partitions, { share, shares }).flatMap(
      ({ topic, partition }): MirroredPartition[] => {
        const targetTopic = names.get(topic) ?? topic;
        const facts = valueIfThere(there, targetTopic);
        return stored.has(partitionKey({ topic, partition })) && (facts?.partitions.length ?? 0) > partition
          ? [{ topic, partition, targetTopic }]
          : [];
      },
    );
    if (held.length === 0) continue;
    const seen = async (of: readonly MirroredPartition[]) => {
      const plan = { migration: migration.name, share, partitions: of };
      const { starts } = await takeOver(source, target, plan, {
        ...{ signal, ids, patienceMs: waitMs(migration, 'patience') },
      });
      for (const { partition, targetEnd } of starts)
        mirrored.push({
          topic: partition.targetTopic,
          partition: partition.partition,
          offset: BigInt(targetEnd),
        });
    };
    if ((await told(() => seen(held))) === undefined) continue;
    // One topic of it is strange: which, and that the others are not, is found by looking at each.
    for (const topic of new Set(held.map(({ targetTopic }) => targetTopic))) {
      const why = await told(() => seen(held.filter(({ targetTopic }) => targetTopic === topic)));
      if (why !== undefined) strange.set(topic, why);
    }
  }
  return { mirrored: offsetTable(mirrored), strange };
}

/** Failures of a look that say why nothing is to be taken back, rather than that the look is to be tried again. */
const toldBy: readonly string[] = ['Conflict', 'Changed', 'NotFound'];

/** @returns the sentence of such a failure @throws any other */
async function told(look: () => Promise<void>): Promise<string | undefined> {
  try {
    await look();
    return undefined;
  } catch (error) {
    if (!isFerryError(error) || !toldBy.includes(error.type)) throw error;
    return error.message;
  }
}

/** MirrorMaker's: it writes down no place of each record, so both clusters are read, the target to its end. */
async function comparedSoFar(
  { clusters }: Pick<Dependencies, 'clusters'>,
  { migration, topicIds }: Work,
  attempt: Attempt,
): Promise<CopiedSoFar> {
  const sides = { source: clusters(migration.source), target: clusters(migration.target) };
  const strange: CopiedSoFar['strange'] = new Map();
  const [onSource, onTarget] = await Promise.all([
    sides.source.topics(migration.topics.map(({ name }) => name)),
    sides.target.topics(migration.topics.map(targetName)),
  ]);
  const comparable = migration.topics.filter((move) => {
    const [from, to] = [valueIfThere(onSource, move.name), valueIfThere(onTarget, targetName(move))];
    const planned = under(topicIds, move.name);
    if (to && (!from || (planned != null && from.topicId !== planned)))
      strange.set(
        targetName(move),
        `${move.name} on ${sides.source.name} is ${from ? 'another topic than the one that was mirrored' : 'gone'}, so nothing shows whose the records of ${targetName(move)} on ${sides.target.name} are.`,
      );
    return from && to && !strange.has(targetName(move));
  });
  if (comparable.length === 0) return { mirrored: offsetTable([]), strange };
  const some = { ...migration, topics: comparable };
  // The target first: what it holds then, the source held before.
  const mirrored = await endsOf(sides.target, comparable.map(targetName));
  const ends = await endsOf(
    sides.source,
    comparable.map(({ name }) => name),
  );
  // Only partitions that are on both sides can be compared.
  const both = {
    ends: ends.filter(isIn(mirrored, new Map(comparable.map((move) => [move.name, targetName(move)])))),
    mirrored: mirrored.filter(isIn(ends, new Map(comparable.map((move) => [targetName(move), move.name])))),
  };
  const all = await partitionPairs(some, sides, {
    ends: offsetTable(both.ends),
    mirrored: offsetTable(both.mirrored),
  });
  for (const { targetTopic } of all.filter(({ compacted }) => compacted))
    strange.set(
      targetTopic,
      `${targetTopic} is compacted, so that a copy which has not come to the end cannot be told from what others wrote.`,
    );
  const comparison = new Comparison({
    ...sides,
    pairs: all.filter(({ compacted }) => !compacted),
    sourceGoesOn: true,
    carry: attempt.noted,
    patienceMs: waitMs(migration, 'patience'),
    signal: attempt.signal,
  });
  const telling = setInterval(() => {
    attempt.says(
      `Looks whether what the target holds is the mirror\u2019s: ${sayProgress(comparison.progress)}.`,
    );
    void attempt.note(comparison.carry).catch(() => undefined);
  }, 5_000);
  try {
    await comparison.run();
  } finally {
    clearInterval(telling);
  }
  const { report } = comparison;
  const targets = new Map(comparable.map((move) => [move.name, targetName(move)]));
  for (const { topic, partition, target, what } of report.differences)
    strange.set(
      targets.get(topic) ?? topic,
      `What partition ${partition} of ${targets.get(topic)} on ${sides.target.name} holds at offset ${target ?? 'none'} is not what ${sides.source.name} holds (${what}): something else has written there.`,
    );
  // The report names a few of those that differ; what is not proved to be the mirror's is in none of its lists.
  for (const { topic, targetTopic, partition } of comparison.unexplained)
    if (!strange.has(targetTopic))
      strange.set(
        targetTopic,
        `Not every record that partition ${partition} of ${targetTopic} on ${sides.target.name} holds was found in ${topic} on ${sides.source.name}, so nothing shows that all of it is the mirror\u2019s.`,
      );
  return {
    mirrored: offsetTable(both.mirrored.filter(({ topic }) => !strange.has(topic))),
    strange,
  };
}

/** Whether the same partition is among the rows of the other cluster, under the name that its topic has there. */
function isIn(
  rows: readonly PartitionEnd[],
  names: ReadonlyMap<string, string>,
): (row: PartitionEnd) => boolean {
  const keys = new Set(rows.map(partitionKey));
  return ({ topic, partition }) => keys.has(partitionKey({ topic: names.get(topic) ?? topic, partition }));
}

interface PartitionEnd {
  topic: string;
  partition: number;
  offset: bigint;
}

async function endsOf(cluster: Cluster, names: readonly string[]): Promise<PartitionEnd[]> {
  const rows = await cluster.topics(names);
  const ends = await readEnds(cluster, partitionsIn(names.map((name) => valueOf(rows, name))));
  return ends.map(({ topic, partition, lastStable }) => ({ topic, partition, offset: lastStable }));
}
