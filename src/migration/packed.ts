/**
 * Whole numbers as a short text, for what stands in a migration's state many thousand times. Numbers that are near to the
 * one before them cost little, and equal steps cost nothing: partitions of one topic are often at much the same offset.
 *
 * Each number is its difference from the one before, zigzag (0, -1, 1, -2, …) and plus 2, in digits of base 32, the lowest
 * first, each of them one letter of base64url; all but the last have 32 added. `B` (1) is a number that is not there,
 * and `A` (0) with a number n says that what stands before it comes n times more.
 */
export type Packed = string & { readonly [isPacked]?: true };
declare const isPacked: unique symbol;

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const values = new Map([...letters].map((letter, value) => [letter, value]));

const again = 0n;
const missing = 1n;
const first = 2n;

export function pack(numbers: Iterable<bigint | undefined>): Packed {
  const texts: string[] = [];
  let before = 0n;
  let last = '';
  let times = 0;
  const end = () => {
    if (times === 0) return;
    const repeated = letter(again) + letter(BigInt(times - 1));
    const plain = last.repeat(times - 1);
    texts.push(last, repeated.length < plain.length ? repeated : plain);
  };
  for (const number of numbers) {
    const text = letter(number === undefined ? missing : zigzag(number - before) + first);
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
  const numbers: (bigint | undefined)[] = [];
  let before = 0n;
  /** What the last entry has added; `undefined` where it was missing. */
  let step: bigint | undefined;
  const add = () => {
    if (step !== undefined) before += step;
    numbers.push(step === undefined ? undefined : before);
  };
  for (let at = 0; at < packed.length;) {
    const entry = read(packed, at);
    at = entry.next;
    if (entry.value === again) {
      const { value: times, next } = read(packed, at);
      at = next;
      if (numbers.length === 0) throw new TypeError(`Not packed: ${packed.slice(0, 20)}`);
      for (let left = times; left > 0n; left--) add();
    } else {
      step = entry.value === missing ? undefined : unzigzag(entry.value - first);
      add();
    }
  }
  return numbers;
}

const zigzag = (number: bigint): bigint => (number < 0n ? -2n * number - 1n : 2n * number);
const unzigzag = (number: bigint): bigint => ((number & 1n) === 1n ? -(number + 1n) / 2n : number / 2n);

function letter(number: bigint): string {
  let text = '';
  let left = number;
  for (; left >= 32n; left >>= 5n) text += letters.charAt(Number(left & 31n) + 32);
  return text + letters.charAt(Number(left));
}

function read(packed: string, from: number): { value: bigint; next: number } {
  let value = 0n;
  for (let at = from, shift = 0n; ; at++, shift += 5n) {
    const digit = values.get(packed.charAt(at));
    if (digit === undefined) throw new TypeError(`Not packed: ${packed.slice(0, 20)}`);
    value += BigInt(digit & 31) << shift;
    if (digit < 32) return { value, next: at + 1 };
  }
}
