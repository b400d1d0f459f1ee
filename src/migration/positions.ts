import { z } from 'zod';
import { pack, unpack, type Packed } from './packed.js';

/**
 * What is kept of many partitions of one group, in columns: the topics are those of the migration in the order of its
 * file, which stands beside it, and are not named again for each group.
 */
export interface Positions {
  /** A digest of the topics' names: positions are of no other list. */
  of: string;
  /** How many partitions of each topic there are; those that are not known are holes in `offsets`. */
  partitions: Packed;
  /** On the target. */
  offsets: Packed;
  /** On the source, minus those on the target. */
  source?: Packed;
  /** Both are told as differences from a base, where that knows the partition. */
  relative?: true;
  /** 1 where it is so. */
  atLeastOnce?: Packed;
  without?: Packed;
  /** An index in `texts`. */
  metadata?: Packed;
  texts?: string[];
}

export const positionsShape = (): z.ZodType<Positions> =>
  z.object({
    of: z.string(),
    partitions: z.string(),
    offsets: z.string(),
    source: z.string().optional(),
    relative: z.literal(true).optional(),
    atLeastOnce: z.string().optional(),
    without: z.string().optional(),
    metadata: z.string().optional(),
    texts: z.array(z.string()).optional(),
  });

export interface Position {
  topic: string;
  partition: number;
  offset: bigint;
  source?: bigint | undefined;
  atLeastOnce?: boolean | undefined;
  without?: boolean | undefined;
  metadata?: string | undefined;
}

/**
 * @param topics in the order of the migration file; positions of others are left out
 * @param counts how many partitions are told of each topic, at least
 * @param base positions that most others are near to, such as those of another group: `unpackPositions` needs it again
 */
export function packPositions(
  topics: readonly string[],
  positions: Iterable<Position>,
  counts: ReadonlyMap<string, number> = new Map(),
  base?: readonly Position[],
): Positions {
  const from = beginnings(base);
  const rows = new Map<string, (Position | undefined)[]>();
  for (const position of positions) {
    const of = rows.get(position.topic) ?? [];
    of[position.partition] = position;
    rows.set(position.topic, of);
  }
  const lengths = topics.map((topic) => Math.max(rows.get(topic)?.length ?? 0, counts.get(topic) ?? 0));
  const all = topics.flatMap((topic, nth) =>
    Array.from({ length: lengths[nth] ?? 0 }, (_, partition) => rows.get(topic)?.[partition]),
  );
  const texts = new Map<string, bigint>();
  const indexOf = (text: string | undefined): bigint | undefined => {
    if (text === undefined || text === '') return undefined;
    const index = texts.get(text) ?? BigInt(texts.size);
    texts.set(text, index);
    return index;
  };
  const column = (value: (row: Position) => bigint | undefined): Packed | undefined => {
    const numbers = all.map((row) => row && value(row));
    return numbers.every((number) => number === undefined) ? undefined : pack(numbers);
  };
  const flag = (set: (row: Position) => boolean | undefined) => column((row) => (set(row) ? 1n : undefined));
  return {
    of: digest(topics),
    partitions: pack(lengths.map(BigInt)),
    offsets: pack(all.map((row) => row && row.offset - from(row).offset)),
    ...named(
      'source',
      column((row) =>
        row.source === undefined ? undefined : row.source - row.offset - from(row).difference,
      ),
    ),
    ...named(
      'atLeastOnce',
      flag(({ atLeastOnce }) => atLeastOnce),
    ),
    ...named(
      'without',
      flag(({ without }) => without),
    ),
    ...named(
      'metadata',
      column(({ metadata }) => indexOf(metadata)),
    ),
    ...(texts.size > 0 && { texts: [...texts.keys()] }),
    ...(base && { relative: true as const }),
  };
}

const named = (name: keyof Positions, column: Packed | undefined) =>
  column === undefined ? {} : { [name]: column };

/** Where the numbers of a partition are counted from. */
function beginnings(base: readonly Position[] = []) {
  const known = new Map(base.map((at) => [`${at.topic}/${at.partition}`, at]));
  return ({ topic, partition }: Pick<Position, 'topic' | 'partition'>) => {
    const { offset = 0n, source } = known.get(`${topic}/${partition}`) ?? {};
    return { offset, difference: source === undefined ? 0n : source - offset };
  };
}

/** @throws TypeError when they are positions in other topics, or relative to a base that is not given. */
export function unpackPositions(
  topics: readonly string[],
  packed: Positions,
  base?: readonly Position[],
): Position[] {
  if (packed.relative && !base)
    throw new TypeError('These positions are relative to others that are not there.');
  const from = beginnings(packed.relative ? base : []);
  const lengths = partitionsByTopic(topics, packed);
  const column = (text: Packed | undefined) => (text === undefined ? [] : unpack(text));
  const [offsets, source, atLeastOnce, without, metadata] = [
    column(packed.offsets),
    column(packed.source),
    column(packed.atLeastOnce),
    column(packed.without),
    column(packed.metadata),
  ];
  const positions: Position[] = [];
  let row = 0;
  for (const [topic, length] of lengths)
    for (let partition = 0; partition < length; partition++, row++) {
      const told = offsets?.[row];
      if (told === undefined) continue;
      const { offset: first, difference: usual } = from({ topic, partition });
      const offset = first + told;
      const difference = source?.[row];
      const text = metadata?.[row];
      positions.push({
        ...{ topic, partition, offset },
        ...(difference !== undefined && { source: offset + usual + difference }),
        ...(atLeastOnce?.[row] === 1n && { atLeastOnce: true }),
        ...(without?.[row] === 1n && { without: true }),
        ...(text !== undefined && { metadata: packed.texts?.[Number(text)] ?? '' }),
      });
    }
  return positions;
}

/** The topics of which something is told, and of how many partitions. @throws TypeError when it is of other topics. */
export function partitionsByTopic(
  topics: readonly string[],
  { of, partitions }: Pick<Positions, 'of' | 'partitions'>,
): [topic: string, partitions: number][] {
  if (of !== digest(topics))
    throw new TypeError('These positions were taken down for other topics than the migration has.');
  const lengths = unpack(partitions);
  return topics.flatMap((topic, nth) => {
    const length = Number(lengths[nth] ?? 0n);
    return length === 0 ? [] : [[topic, length]];
  });
}

/** FNV-1a, 32 bits. */
function digest(topics: readonly string[]): string {
  let hash = 0x811c9dc5;
  const text = topics.join(' ');
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(36);
}
