import { createHash } from 'node:crypto';
import { z } from 'zod';
import { partitionKey } from '../kafka/cluster.js';
import { offsetTableShape, type TargetOffsets } from '../migration/offsets.js';
import type { ParityDifference } from '../migration/work/parity.js';
import { tableOf, tableWith } from '../migration/by-name.js';

const mostDifferences = 10;

const difference = z.object({
  source: z.string().nullable(),
  target: z.string().nullable(),
  what: z.string(),
});
const unverifiable = z.object({
  from: z.string(),
  to: z.string(),
  why: z.string(),
  onSourceAlone: z.number().optional(),
});
const partitionState = z.object({
  source: z.string(),
  target: z.string(),
  records: z.number(),
  bytes: z.number(),
  hash: z.string().optional(),
  differences: z.array(difference),
  unverifiable: z.array(unverifiable),
  pending: z.object({ from: z.string(), to: z.string() }).optional(),
  targetEpoch: z.number().optional(),
});
const place = z.object({ topic: z.string(), partition: z.number() });

/** What a comparison has found, small enough for a heartbeat; another goes on with it. */
export const carried = z.object({
  /** Places in the list of pairs, as ranges from and up to. */
  done: z.array(z.tuple([z.number(), z.number()])),
  records: z.number(),
  /** Of those, of compacted topics. */
  latest: z.number().optional(),
  bytes: z.number(),
  differing: z.number(),
  /** Places of pairs whose target holds, or may hold, what the source was not seen to hold; ranges as of `done`. */
  unexplained: z.array(z.tuple([z.number(), z.number()])).optional(),
  differences: z.array(difference.extend(place.shape)),
  unverifiable: z.array(unverifiable.extend(place.shape)),
  /** Beyond what `unverifiable` lists. */
  moreUnverifiable: z.number(),
  /** Of those, records that the source alone holds. */
  moreAlone: z.number().optional(),
  /** Where the target's logs began before anything was compared, by target topic. */
  targetStarts: (offsetTableShape() as z.ZodType<TargetOffsets>).optional(),
  /** Leader epochs of the last batches of the target that were compared, by target topic. */
  targetEpochs: (offsetTableShape() as z.ZodType<TargetOffsets>).optional(),
  pending: z.number(),
  /** By topic: the hashes of its partitions together. */
  hashes: tableOf(z.string()),
  under: z.array(z.tuple([z.number(), partitionState])),
});
export type Carried = z.infer<typeof carried>;

export function nothingYet(): Carried {
  return {
    done: [],
    records: 0,
    bytes: 0,
    differing: 0,
    differences: [],
    unverifiable: [],
    moreUnverifiable: 0,
    pending: 0,
    hashes: tableWith(),
    under: [],
  };
}

/** Ten differences that tell most: the first of each partition before the second of any. */
export function firstOf(differences: readonly ParityDifference[]): ParityDifference[] {
  const seen = new Map<string, number>();
  const ranked = differences.map((one) => {
    const key = partitionKey(one);
    const rank = seen.get(key) ?? 0;
    seen.set(key, rank + 1);
    return { one, rank };
  });
  const byTopic = (a: ParityDifference, b: ParityDifference) =>
    a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition;
  return ranked
    .sort((a, b) => a.rank - b.rank || byTopic(a.one, b.one))
    .slice(0, mostDifferences)
    .sort((a, b) => byTopic(a.one, b.one) || a.rank - b.rank)
    .map(({ one }) => one);
}

/** A hash over hashes that come in any order: their sum, byte by byte. */
export function together(sum: string | undefined, part: string): string {
  const more = createHash('sha256').update(part).digest();
  if (sum === undefined) return more.toString('hex');
  const bytes = Buffer.from(sum, 'hex');
  for (let at = 0; at < bytes.length; at++) bytes[at] = (bytes[at]! + more[at]!) & 0xff;
  return bytes.toString('hex');
}

/** The places of ranges from and up to. */
export function placesIn(ranges: readonly (readonly [number, number])[]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => from + at));
}

/** Places as ranges from and up to. */
export function rangesOf(places: ReadonlySet<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const at of [...places].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === at) last[1]++;
    else ranges.push([at, at + 1]);
  }
  return ranges;
}
