import { crc32c as hash } from '@node-rs/crc32';

/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4) of the bytes, as an unsigned 32-bit number.
 *
 * @param before the CRC of the bytes that come before them, to hash a message in parts
 */
export function crc32c(bytes: Uint8Array, before?: number): number {
  return hash(bytes, before);
}

// Polynomials over GF(2) of degree < 32, reflected as CRC-32C has them: bit 31 is the coefficient of x^0.
const castagnoli = 0x82f63b78;
const one = 0x80000000;

/** a·b mod P. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bits = a | 0; bits !== 0; bits <<= 1) {
    if (bits < 0) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ castagnoli : shifted >>> 1;
  }
  return product;
}

/** `powers[k]` is x^(8·2^k) mod P: one zero byte appended, two, four, … up to 2^30, enough for any int32 length. */
const powers: number[] = [one >>> 8];
for (let k = 0; k < 30; k++) powers.push(multiply(powers[k]!, powers[k]!));

/** crc·x^(8·bytes) mod P: what the remainder becomes when that many zero bytes follow. */
function advance(crc: number, bytes: number): number {
  let result = crc;
  for (let k = 0, rest = bytes; rest > 0; k++, rest >>>= 1)
    if (rest & 1) result = multiply(result, powers[k]!);
  return result;
}

/** The remainder of the bytes alone: without the initial and final inversion, hence linear over xor. */
function rawCrc(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ castagnoli : crc >>> 1;
  }
  return crc;
}

/**
 * The CRC-32C of a message after some of its bytes were replaced, from its old CRC and the bytes that changed.
 *
 * A CRC is affine over xor: crc(m ⊕ d) = crc(m) ⊕ raw(d), and leading zeros in d add nothing while n trailing ones
 * multiply by x^(8n) mod P (the rule behind zlib's `crc32_combine`). The cost does not depend on the size of the message,
 * and, unlike hashing anew, an error that crept into the unchanged bytes still shows.
 *
 * @param crc the CRC of the message before the change
 * @param before the bytes replaced
 * @param after what replaces them, as many
 * @param bytesAfter bytes of the message that follow them, at most 2^31 − 1
 */
export function patchedCrc(crc: number, before: Uint8Array, after: Uint8Array, bytesAfter: number): number {
  const difference = Uint8Array.from(before, (byte, i) => byte ^ after[i]!);
  return (crc ^ advance(rawCrc(difference), bytesAfter)) >>> 0;
}
