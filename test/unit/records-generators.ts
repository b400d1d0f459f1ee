import fc from 'fast-check';
import { codecs } from '../../src/kafka/records/codecs.js';
import type { NewRecord } from '../../src/kafka/records/encode.js';

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

export const bytes = (maxLength = 40) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const nullable = (maxLength?: number) => fc.option(bytes(maxLength), { nil: null });

export const codec = fc.constantFrom(...codecs);

const header = fc.record({
  key: fc.oneof(
    fc.constantFrom('trace', 'trace', '').map((name) => Buffer.from(name)),
    bytes(8),
  ),
  value: nullable(8),
});

const timestamp = fc.oneof(fc.bigInt({ min: 1_700_000_000_000n, max: 1_700_000_100_000n }), fc.bigInt(int64));

const record = fc.record({
  timestamp,
  key: nullable(),
  value: nullable(200),
  headers: fc.array(header, { maxLength: 4 }),
});

/** Records with or without holes between their offsets, some of them wide. */
export const records: fc.Arbitrary<NewRecord[]> = fc
  .array(fc.tuple(record, fc.oneof(fc.constant(0), fc.nat(3), fc.nat(1 << 26))), { maxLength: 12 })
  .map((rows) => {
    let next = 0;
    return rows.map(([row, skipped]) => {
      const offsetDelta = next + skipped;
      next = offsetDelta + 1;
      return { ...row, offsetDelta };
    });
  });
