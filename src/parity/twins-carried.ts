import { z } from 'zod';
import { pack, unpack } from '../migration/packed.js';
import type { Lonely } from './lonely.js';
import type { Range } from './partition-reader.js';

const counted = z.number().int().nonnegative();

/**
 * What passes of a search for twins have found, for a heartbeat: whole numbers in columns (`packed.ts`), since a migration
 * may have thousands of partitions. Plain JSON.
 */
const twinsCarry = z.object({
  passes: counted,
  passed: counted,
  /** By source range. */
  looked: z.string(),
  /** A row for each source range with records without a twin. */
  alone: z.object({
    range: z.string(),
    from: z.string(),
    to: z.string(),
    records: z.string(),
    /** How many producers each row has; theirs follow each other. */
    named: z.string(),
    producers: z.string(),
  }),
});
export type TwinsCarry = z.infer<typeof twinsCarry>;

interface Found {
  passes: number;
  passed: number;
  looked: number[];
  alone: Map<number, Lonely>;
}

const packNumbers = (numbers: readonly number[]) => pack(numbers.map(BigInt));

export function carryOf({ passes, passed, looked, alone }: Found): TwinsCarry {
  const rows = [...alone.values()];
  return {
    ...{ passes, passed, looked: packNumbers(looked) },
    alone: {
      range: packNumbers([...alone.keys()]),
      from: pack(rows.map(({ from }) => from)),
      to: pack(rows.map(({ to }) => to)),
      records: packNumbers(rows.map(({ records }) => records)),
      named: packNumbers(rows.map(({ producers }) => producers.length)),
      producers: pack(rows.flatMap(({ producers }) => producers)),
    },
  };
}

/** @returns nothing where it is not what `carryOf` makes of these ranges: it comes from outside, and a search begins anew. */
export function readCarry(carry: unknown, ranges: readonly Range[]): Found | undefined {
  const read = twinsCarry.safeParse(carry).data;
  if (!read) return undefined;
  try {
    const { passes, passed } = read;
    const looked = numbersIn(read.looked).map(Number);
    if (passed > passes || looked.length !== ranges.length) return undefined;
    const { from, to, records, named } = read.alone;
    const columns = [from, to, records, named].map(numbersIn);
    const producers = numbersIn(read.alone.producers);
    const alone = new Map<number, Lonely>();
    for (const [row, at] of numbersIn(read.alone.range).entries()) {
      const range = ranges[Number(at)];
      const [first, end, count, names] = columns.map((column) => column[row]);
      if (!range || first === undefined || end === undefined || count === undefined || names === undefined)
        return undefined;
      const { topic, partition } = range;
      alone.set(Number(at), {
        ...{ topic, partition, from: first, to: end, records: Number(count) },
        producers: producers.splice(0, Number(names)),
      });
    }
    return { passes, passed, looked, alone };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** @throws TypeError when a number is missing */
function numbersIn(text: string): bigint[] {
  return unpack(text).map((number) => {
    if (number === undefined) throw new TypeError('a number is missing');
    return number;
  });
}
