import { isInBlocks, packBlocks, unpackBlocks } from './packed-blocks.js';
import { digitsOf, readDigits } from './packed-digits.js';

/**
 * Whole numbers as a short text, for what stands in a migration's state many thousand times. Numbers that are near to the
 * one before them cost little, and equal steps cost nothing: partitions of one topic are often at much the same offset.
 *
 * Each number is its difference from the one before, zigzag (0, -1, 1, -2, …) and plus 2, in digits of base 32, the lowest
 * first, each of them one letter of base64url; all but the last have 32 added. `B` (1) is a number that is not there,
 * and `A` (0) with a number n says that what stands before it comes n times more. Where it is shorter, a text is in blocks
 * (`packed-blocks.ts`), and begins with a sign that is no such letter.
 */
export type Packed = string & { readonly [isPacked]?: true };
declare const isPacked: unique symbol;

const again = 0;
const missing = 1;
const first = 2;
/** More than any migration has partitions: a damaged text does not make numbers without end. */
const mostNumbers = 2 ** 22;
/** Below this a difference is counted as a number, which is much quicker than as `bigint`. */
const small = 2 ** 48;

/** Fewer are hardly shorter in blocks. */
const fewest = 16;

export function pack(numbers: Iterable<bigint | undefined>): Packed {
  const all = [...numbers];
  const texts = [packSteps(all)];
  if (all.length >= fewest)
    for (const by of ['plain', 'steps'] as const) texts.push(packBlocks(all, by) ?? texts[0] ?? '');
  return texts.reduce((shortest, text) => (text.length < shortest.length ? text : shortest));
}

function packSteps(numbers: readonly (bigint | undefined)[]): Packed {
  const texts: string[] = [];
  let before = 0n;
  let last = '';
  let times = 0;
  const end = () => {
    if (times === 0) return;
    const repeated = digitsOf(again) + digitsOf(times - 1);
    const plain = last.repeat(times - 1);
    texts.push(last, repeated.length < plain.length ? repeated : plain);
  };
  for (const number of numbers) {
    const text = number === undefined ? missingText : step(number - before);
    if (number !== undefined) before = number;
    if (text === last) times += 1;
    else {
      end();
      last = text;
      times = 1;
    }
  }
  end();
  return texts.join('');
}

/** @throws TypeError when it is no text of `pack`. */
export function unpack(packed: Packed): (bigint | undefined)[] {
  if (isInBlocks(packed)) return unpackBlocks(packed);
  const numbers: (bigint | undefined)[] = [];
  let before = 0n;
  /** What the last entry has added; `undefined` where it was missing. */
  let added: bigint | undefined;
  const add = () => {
    if (added !== undefined) before += added;
    numbers.push(added === undefined ? undefined : before);
  };
  for (let at = 0; at < packed.length;) {
    const entry = readDigits(packed, at);
    at = entry.next;
    if (entry.value === again) {
      const { value: times, next } = readDigits(packed, at);
      at = next;
      if (numbers.length === 0 || numbers.length + Number(times) > mostNumbers)
        throw new TypeError(`Not packed: ${packed.slice(0, 20)}`);
      for (let left = Number(times); left > 0; left--) add();
    } else {
      added = entry.value === missing ? undefined : difference(entry.value);
      add();
    }
  }
  return numbers;
}

/** A difference, zigzag and plus 2. */
function step(difference: bigint): string {
  const number = Number(difference);
  return Math.abs(number) < small
    ? digitsOf((number < 0 ? -2 * number - 1 : 2 * number) + first)
    : digitsOf((difference < 0n ? -2n * difference - 1n : 2n * difference) + BigInt(first));
}

function difference(value: number | bigint): bigint {
  if (typeof value === 'bigint') {
    const plain = value - BigInt(first);
    return (plain & 1n) === 1n ? -(plain + 1n) / 2n : plain / 2n;
  }
  const plain = value - first;
  return BigInt(plain % 2 === 1 ? -(plain + 1) / 2 : plain / 2);
}

const missingText = digitsOf(missing);
