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

/** Digits of base 32, the lowest first; all but the last have 32 added. @param number not below 0 */
export function digitsOf(number: bigint): string {
  let text = '';
  let left = number;
  for (; left >= 32n; left >>= 5n) text += letterOf(Number(left & 31n) + 32);
  return text + letterOf(Number(left));
}

/** Longer than any number of 64 bits. */
const mostDigits = 16;

export function readDigits(packed: string, from: number): { value: bigint; next: number } {
  let value = 0n;
  for (let at = from, shift = 0n; at - from < mostDigits; at++, shift += 5n) {
    const digit = valueOfLetter(packed, at);
    value += BigInt(digit % 32) << shift;
    if (digit < 32) return { value, next: at + 1 };
  }
  throw new TypeError(`Not packed: ${packed.slice(0, 20)}`);
}
