/** Letters of base64url, as digits. */
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** By character code. */
const values = Array.from({ length: 128 }, (_, code) => letters.indexOf(String.fromCharCode(code)));

/** @param value below 64 */
export const letterOf = (value: number): string => letters.charAt(value);

/** @throws TypeError where there is no such letter */
export function valueOfLetter(packed: string, at: number): number {
  const value = values[packed.charCodeAt(at)] ?? -1;
  if (value < 0) throw new TypeError(`Not packed: ${packed.slice(0, 20)}`);
  return value;
}

/** Below this numbers are counted as numbers, which is much quicker than as `bigint`; so many digits are as well. */
const small = 2 ** 50;
const smallDigits = 10;

/** Digits of base 32, the lowest first; all but the last have 32 added. @param number whole, not below 0 */
export function digitsOf(number: number | bigint): string {
  let text = '';
  let large = number;
  for (; large >= small; large = BigInt(large) >> 5n) text += letterOf(Number(BigInt(large) & 31n) + 32);
  let left = Number(large);
  for (; left >= 32; left = Math.floor(left / 32)) text += letterOf((left % 32) + 32);
  return text + letterOf(left);
}

/** As a number where that is exact. */
export function readDigits(packed: string, from: number): { value: number | bigint; next: number } {
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
