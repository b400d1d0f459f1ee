import { isInBlocks, packBlocks, unpackBlocks } from './packed-blocks.js';
import { letterOf, valueOfLetter } from './packed-digits.js';

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
/** Below this numbers are counted as numbers, which is much quicker than as `bigint`; so many digits are as well. */
const small = 2 ** 49;
const smallDigits = 10;

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
    const repeated = digits(again) + digits(times - 1);
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
    const entry = read(packed, at);
    at = entry.next;
    if (entry.value === again) {
      const { value: times, next } = read(packed, at);
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
  if (Math.abs(number) < small) return digits((number < 0 ? -2 * number - 1 : 2 * number) + first);
  let left = (difference < 0n ? -2n * difference - 1n : 2n * difference) + BigInt(first);
  let text = '';
  for (; left >= 32n; left >>= 5n) text += letterOf(Number(left & 31n) + 32);
  return text + letterOf(Number(left));
}

function difference(value: number | bigint): bigint {
  if (typeof value === 'bigint') {
    const plain = value - BigInt(first);
    return (plain & 1n) === 1n ? -(plain + 1n) / 2n : plain / 2n;
  }
  const plain = value - first;
  return BigInt(plain % 2 === 1 ? -(plain + 1) / 2 : plain / 2);
}

function digits(number: number): string {
  let text = '';
  let left = number;
  for (; left >= 32; left = Math.floor(left / 32)) text += letterOf((left % 32) + 32);
  return text + letterOf(left);
}

const missingText = digits(missing);

/** As a number where that is exact. */
function read(packed: string, from: number): { value: number | bigint; next: number } {
  let value = 0;
  for (let at = from, unit = 1; at - from < smallDigits; at++, unit *= 32) {
    const digit = valueOfLetter(packed, at);
    value += (digit % 32) * unit;
    if (digit < 32) return { value, next: at + 1 };
  }
  let large = BigInt(value);
  for (let at = from + smallDigits, shift = 50n; ; at++, shift += 5n) {
    const digit = valueOfLetter(packed, at);
    large += BigInt(digit % 32) << shift;
    if (digit < 32) return { value: large, next: at + 1 };
  }
}
