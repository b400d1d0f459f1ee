import { createContext, Script } from 'node:vm';
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { isFerryError } from '../../src/migration/errors.js';

/** Cases of each property; `FERRY_FUZZ_RUNS` has more of them. */
export const runs = Number(process.env['FERRY_FUZZ_RUNS'] ?? 300);
/** A test that has more cases than usual may take longer. */
export const fuzzTimeoutMs = Math.max(20_000, runs * 100);

/** Far beyond what any case takes; only one that never ends reaches it. */
const endlessMs = 20_000;
const context = createContext({ run: undefined });
const call = new Script('run()');

/** What `run` answers; an error when it does not come to an end, which Jest alone would not notice. */
export function ending<T>(run: () => T): T {
  context['run'] = run;
  return call.runInContext(context, { timeout: endlessMs }) as T;
}

/** What was decoded, or the error of one of the given kinds; any other error is thrown on. */
export function decodedOr<T>(accepted: (error: unknown) => boolean, decode: () => T): T | undefined {
  try {
    return ending(decode);
  } catch (error) {
    if (accepted(error)) return undefined;
    throw error;
  }
}

/** An error that a person is told: of the closed set, in one sentence. */
export function isSentence(error: unknown): boolean {
  if (!isFerryError(error)) return false;
  expect(error.message).toMatch(/^[A-Z].*\.$/);
  return true;
}

/** What an answer that breaks its grammar ends in; `BrokerLink` says of which cluster. */
export const isOutOfRange = (error: unknown): boolean => error instanceof RangeError;

/** What a length or a count is most wrong with. */
const oddities = [0, 1, -1, -12, 2, 0x7f, 0x80, 0xff, 0x7fff, -0x8000, 0x7fffffff, -0x80000000];

type Mutation = (bytes: Buffer) => Buffer;

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  // One bit.
  fc.tuple(fc.nat(), fc.nat(7)).map(([at, bit]): Mutation => (bytes) => {
    bytes[at % bytes.length]! ^= 1 << bit;
    return bytes;
  }),
  // One byte.
  fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]): Mutation => (bytes) => {
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
  // A number of one, two, four or eight bytes; the first hundred bytes hold the headers.
  fc
    .tuple(fc.oneof(fc.nat(100), fc.nat()), fc.constantFrom(1, 2, 4, 8), fc.constantFrom(...oddities))
    .map(([where, width, value]): Mutation => (bytes) => {
      const at = where % bytes.length;
      const number = Buffer.alloc(8);
      number.writeBigInt64BE(BigInt(value));
      number.copy(bytes, at, 8 - width);
      return bytes;
    }),
  // A varint that does not end, or ends late.
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 12 })).map(([at, size]): Mutation => (bytes) => {
    const from = at % bytes.length;
    return bytes.fill(0xff, from, Math.min(from + size, bytes.length));
  }),
  // The end is missing.
  fc.nat().map(
    (at): Mutation =>
      (bytes) =>
        bytes.subarray(0, at % (bytes.length + 1)),
  ),
  // Something twice, or out of its middle.
  fc.tuple(fc.nat(), fc.nat(), fc.nat(64)).map(([from, to, size]): Mutation => (bytes) => {
    const at = to % (bytes.length + 1);
    const start = from % bytes.length;
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(start, start + size), bytes.subarray(at)]);
  }),
  fc.tuple(fc.nat(), fc.nat(64)).map(([from, size]): Mutation => (bytes) => {
    const start = from % bytes.length;
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + size)]);
  }),
);

/** One of the samples with some damage, with its place among them; now and then bytes that were never right. */
export function damagedOf(samples: readonly Buffer[]): fc.Arbitrary<{ sample: number; bytes: Buffer }> {
  const sample = fc.nat(samples.length - 1);
  const damages = fc.array(mutation, { minLength: 1, maxLength: 4 });
  return fc.oneof(
    {
      weight: 15,
      arbitrary: fc.tuple(sample, damages).map(([sample, damages]) => ({
        sample,
        bytes: damages.reduce<Buffer>(
          (bytes, damage) => (bytes.length === 0 ? bytes : damage(bytes)),
          Buffer.from(samples[sample]!),
        ),
      })),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(sample, fc.uint8Array({ maxLength: 300 })).map(([sample, bytes]) => ({
        sample,
        bytes: Buffer.from(bytes),
      })),
    },
  );
}

/** How many values an answer is made of: what it costs to hold it. */
export function leaves(value: unknown): number {
  let count = 0;
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    count++;
    if (typeof next !== 'object' || next === null || Buffer.isBuffer(next)) continue;
    for (const inner of next instanceof Map ? next.values() : Object.values(next)) left.push(inner);
  }
  return count;
}
