import { offsetSyncOf, type OffsetSync } from '../../src/connect/checkpoints.js';
import { contextRecords, isCopy, refine, type Boundary, type Refinement } from '../../src/connect/refine.js';
import { readRanges } from '../../src/connect/seen-range.js';
import { partitionKey, type Cluster, type TopicPartition, type Watermarks } from '../../src/kafka/cluster.js';
import { batchesIn } from '../../src/kafka/records/batch.js';
import { recordsIn } from '../../src/kafka/records/records.js';
import { valueIfThere, valueOf } from '../kit/rows.js';

/** A position on the source: the first offset that is not yet processed. */
export interface Position extends TopicPartition {
  committed: bigint;
  /** How many records from there on have to lie one after another on both sides for what is said about them to hold. */
  names: bigint;
}

export interface Mirrored {
  source: Cluster;
  target: Cluster;
  /** Topic on the target in which MirrorMaker writes down pairs of offsets. */
  offsetSyncs: string;
  exactlyOnce: boolean;
}

/** No copy is before the beginning of either log. */
const beginning: Boundary = { source: 0n, target: 0n };

/**
 * Where each position on the source is on the target (topics have the same name there), one answer for each.
 *
 * @throws FerryError what a cluster refused.
 */
export async function translatePositions(
  mirrored: Mirrored,
  positions: readonly Position[],
): Promise<Refinement[]> {
  if (positions.length === 0) return [];
  const partitions = [...new Map(positions.map((at) => [partitionKey(at), at])).values()];
  const syncs = await readSyncs(mirrored.target, mirrored.offsetSyncs);
  const [sourceMarks, targetMarks] = await Promise.all([
    mirrored.source.watermarks(partitions),
    mirrored.target.watermarks(partitions),
  ]);
  const answers: Refinement[] = [];
  const open: Case[] = [];
  positions.forEach((position, index) => {
    const source = valueOf(sourceMarks, partitionKey(position));
    const target = valueOf(targetMarks, partitionKey(position));
    const refused = impossible(position.committed, source);
    if (refused) answers[index] = refused;
    else
      open.push({
        index,
        position,
        source,
        target,
        ...boundariesOf(syncs.get(partitionKey(position)) ?? [], position.committed),
      });
  });

  const near = await compare(mirrored, open, 'near');
  open.forEach(({ index }, at) => (answers[index] = near[at] ?? unread));
  // Where counting does not prove it, everything up to the next known pair of offsets may.
  const rest = open.filter(
    ({ index, upper }) => upper !== undefined && answers[index]?.certainty === 'at-least-once',
  );
  const far = await compare(mirrored, rest, 'far');
  rest.forEach(({ index }, at) => (answers[index] = far[at] ?? unread));
  return withTogether(mirrored, open, answers);
}

/** More records than this are not worth the reading. */
const mostNamed = 100_000n;

/** Whether the records that each position names have the same distance from it on both sides: all of them are read. */
async function withTogether(
  { source, target }: Mirrored,
  cases: readonly Case[],
  answers: readonly Refinement[],
): Promise<Refinement[]> {
  const named = cases.flatMap(({ index, position, ...ends }) => {
    const answer = answers[index];
    if (answer?.certainty !== 'exact' || position.names === 0n || position.names > mostNamed) return [];
    const { committed, names } = position;
    const there = { from: answer.target, to: answer.target + names };
    return committed < ends.source.logStart ||
      committed + names > ends.source.lastStable ||
      there.to > ends.target.lastStable
      ? []
      : [{ index, position, there, ends, answer }];
  });
  const [originals, copies] = await Promise.all([
    readRanges(
      source,
      named.map(({ position: { topic, partition, committed, names }, ends }) => ({
        ...{ topic, partition, from: committed, to: committed + names, logStart: ends.source.logStart },
      })),
    ),
    readRanges(
      target,
      named.map(({ position: { topic, partition }, there, ends }) => ({
        ...{ topic, partition, ...there, logStart: ends.target.logStart },
      })),
    ),
  ]);
  const proved = [...answers];
  named.forEach(({ index, position: { committed, names }, answer }, at) => {
    const [original, copy] = [originals[at]?.records ?? [], copies[at]?.records ?? []];
    proved[index] = {
      ...answer,
      together:
        BigInt(original.length) === names &&
        original.every((record, place) => {
          const twin = copy[place];
          return (
            twin !== undefined &&
            record.offset - committed === twin.offset - answer.target &&
            isCopy(record, twin)
          );
        }),
    };
  });
  return proved;
}

interface Case {
  index: number;
  position: Position;
  source: Watermarks;
  target: Watermarks;
  lower: Boundary;
  upper?: Boundary;
}

const unread: Refinement = { certainty: 'unknown', behind: false, reason: 'it was not read' };

async function compare(
  { source, target, exactlyOnce }: Mirrored,
  cases: readonly Case[],
  reach: 'near' | 'far',
): Promise<Refinement[]> {
  const originals = await readRanges(
    source,
    cases.map(
      ({ position: { topic, partition, committed }, source: { logStart, lastStable }, lower, upper }) => ({
        topic,
        partition,
        logStart,
        from: lower.source,
        ...(reach === 'far' && upper
          ? { to: smaller(upper.source, lastStable) }
          : {
              to: lastStable,
              enough: (records) => (records.at(-1)?.offset ?? -1n) >= committed + BigInt(contextRecords),
            }),
      }),
    ),
  );
  const copies = await readRanges(
    target,
    cases.map(({ position, target: { logStart, lastStable }, lower, upper }, at) => {
      const { topic, partition, committed } = position;
      const before = originals[at]?.records.filter(({ offset }) => offset < committed).length ?? 0;
      return {
        topic,
        partition,
        logStart,
        from: lower.target,
        ...(reach === 'far' && upper
          ? { to: smaller(upper.target, lastStable) }
          : { to: lastStable, enough: (records) => records.length >= before + contextRecords }),
      };
    }),
  );
  return cases.map(({ position: { committed }, target: { logStart }, lower, upper }, at) => {
    const [original, copy] = [originals[at], copies[at]];
    if (!original || !copy) return unread;
    const question = {
      committed,
      lower,
      source: original,
      target: copy,
      targetStart: logStart,
      exactlyOnce,
    };
    return refine(reach === 'far' ? { ...question, upper } : question);
  });
}

function impossible(committed: bigint, { highWatermark, lastStable }: Watermarks): Refinement | undefined {
  if (committed > highWatermark)
    return {
      certainty: 'unknown',
      behind: false,
      reason: `the group has committed ${committed}, and the log ends at ${highWatermark}`,
    };
  if (committed > lastStable)
    return {
      certainty: 'unknown',
      behind: true,
      reason: `a transaction is open from offset ${lastStable} on, and MirrorMaker waits for its end`,
    };
  return undefined;
}

/** The pairs next to a position, of the last run: a mirror that went back has copied again what came after. */
function boundariesOf(
  syncs: readonly OffsetSync[],
  committed: bigint,
): { lower: Boundary; upper?: Boundary } {
  let lower = beginning;
  let upper: Boundary | undefined;
  for (const { upstream, downstream } of syncs) {
    const boundary = { source: upstream, target: downstream };
    if (upstream <= committed) lower = boundary;
    if (upstream >= committed) upper ??= boundary;
  }
  return { lower, ...(upper && { upper }) };
}

const syncBytesPerFetch = 4 * 1024 * 1024;

/** Every pair of offsets that MirrorMaker has written down, by partition, ascending on both sides. */
export async function readSyncs(target: Cluster, topic: string): Promise<Map<string, OffsetSync[]>> {
  const syncs = new Map<string, OffsetSync[]>();
  if (!valueIfThere(await target.topics([topic]), topic)) return syncs;
  const at = { topic, partition: 0 };
  const key = partitionKey(at);
  const { logStart, highWatermark } = valueOf(await target.watermarks([at]), key);
  for (let next = logStart; next < highWatermark;) {
    const rows = await target.fetch([{ ...at, offset: next }], {
      isolation: 'uncommitted',
      maxBytes: syncBytesPerFetch,
      maxWaitMs: 0,
    });
    const before = next;
    for (const batch of batchesIn(valueOf(rows, key).batches)) {
      next = batch.lastOffset + 1n;
      if (batch.kind === 'legacy' || batch.control) continue;
      for (const record of recordsIn(batch)) {
        const sync = offsetSyncOf(record);
        if (sync) keep(syncs, sync);
      }
    }
    // What compaction has left behind the last batch is nothing.
    if (next === before) break;
  }
  return syncs;
}

function keep(syncs: Map<string, OffsetSync[]>, sync: OffsetSync): void {
  const key = partitionKey(sync);
  const known = syncs.get(key);
  const last = known?.at(-1);
  // Either side gone back: the mirror began again from an earlier record, or a topic was made anew.
  if (!known || !last || sync.upstream < last.upstream || sync.downstream < last.downstream)
    syncs.set(key, [sync]);
  else known.push(sync);
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
