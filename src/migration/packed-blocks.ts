/**
 * Whole numbers that are spread over a known range, as digits of that range: a frame of reference for each block of 64
 * (Goldstein, Ramakrishnan and Shaft: Compressing Relations and Indexes, 1998). For long columns of numbers that have little to
 * do with the one before them, such as how far a group is behind.
 *
 * A sign, the count, the number that all are counted from, then the blocks: the least of the block, a letter for the bits of
 * each, and those bits, the lowest first, in letters of six. What is counted is one more than the zigzag of the difference;
 * 0 is a number that is not there.
 */
import { digitsOf, readDigits, valueOfLetter, letterOf } from './packed-digits.js';

const size = 64;
/** Beyond this numbers are no longer exact while bits are put together. */
const most = 2 ** 44;
const mostBits = 47;

/** `plain`: each counted from the first; `steps`: each from the one before. Neither is a letter of the other packing. */
const signs = { plain: '~', steps: '!' } as const;

export const isInBlocks = (packed: string): boolean =>
  packed.startsWith(signs.plain) || packed.startsWith(signs.steps);

/** `undefined` for numbers that are too far from each other. */
export function packBlocks(
  numbers: readonly (bigint | undefined)[],
  by: keyof typeof signs,
): string | undefined {
  const base = numbers.find((number) => number !== undefined) ?? 0n;
  const counted: number[] = [];
  let before = 0;
  for (const number of numbers) {
    if (number === undefined) {
      counted.push(0);
      continue;
    }
    const at = Number(number - base);
    const difference = at - before;
    if (Math.abs(at) > most || Math.abs(difference) > most) return undefined;
    counted.push((difference < 0 ? -2 * difference - 1 : 2 * difference) + 1);
    if (by === 'steps') before = at;
  }
  const texts = [signs[by], digitsOf(numbers.length), digitsOf(zigzag(base))];
  for (let from = 0; from < counted.length; from += size) {
    const block = counted.slice(from, from + size);
    const least = Math.min(...block);
    const bits = bitsOf(Math.max(...block) - least);
    texts.push(digitsOf(least), letterOf(bits), lettersOf(block, least, bits));
  }
  return texts.join('');
}

/** @throws TypeError when it is no text of `packBlocks`. */
export function unpackBlocks(packed: string): (bigint | undefined)[] {
  const bySteps = packed.startsWith(signs.steps);
  const count = readDigits(packed, 1);
  const base = readDigits(packed, count.next);
  const length = Number(count.value);
  // A block is of two letters at least.
  if (length > packed.length * size) throw new TypeError(`Not packed: ${packed.slice(0, 20)}`);
  const first = unzigzag(BigInt(base.value));
  const numbers: (bigint | undefined)[] = [];
  let before = 0;
  for (let at = base.next; numbers.length < length;) {
    const least = readDigits(packed, at);
    const bits = valueOfLetter(packed, least.next);
    if (bits > mostBits || least.value > 4 * most) throw new TypeError(`Not packed: ${packed.slice(0, 20)}`);
    at = least.next + 1;
    let held = 0;
    let heldBits = 0;
    for (let left = Math.min(size, length - numbers.length); left > 0; left--) {
      for (; heldBits < bits; heldBits += 6) held += valueOfLetter(packed, at++) * 2 ** heldBits;
      const counted = Number(least.value) + (held % 2 ** bits);
      held = Math.floor(held / 2 ** bits);
      heldBits -= bits;
      if (counted === 0) {
        numbers.push(undefined);
        continue;
      }
      const difference = (counted - 1) % 2 === 1 ? -counted / 2 : (counted - 1) / 2;
      numbers.push(first + BigInt(before + difference));
      if (bySteps) before += difference;
    }
  }
  return numbers;
}

function lettersOf(block: readonly number[], least: number, bits: number): string {
  let text = '';
  let held = 0;
  let heldBits = 0;
  for (const counted of block) {
    held += (counted - least) * 2 ** heldBits;
    for (heldBits += bits; heldBits >= 6; heldBits -= 6) {
      text += letterOf(held % 64);
      held = Math.floor(held / 64);
    }
  }
  return heldBits > 0 ? text + letterOf(held) : text;
}

const bitsOf = (number: number): number => (number === 0 ? 0 : Math.floor(Math.log2(number)) + 1);
const zigzag = (number: bigint): bigint => (number < 0n ? -2n * number - 1n : 2n * number);
const unzigzag = (number: bigint): bigint => ((number & 1n) === 1n ? -(number + 1n) / 2n : number / 2n);
