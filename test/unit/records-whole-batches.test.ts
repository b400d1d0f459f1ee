import { describe, expect, test } from '@jest/globals';
import { headerAt } from '../../src/kafka/records/batch.js';
import { encodeBatch, type NewRecord } from '../../src/kafka/records/encode.js';
import { wholeBatches } from '../../src/kafka/records/whole-batches.js';

const one: NewRecord = { timestamp: 5n, key: Buffer.from('k'), value: Buffer.from('v'), headers: [] };
const place = 'orders/3 on cluster "main"';
const first = encodeBatch([one, one], { baseOffset: 1200n });
const second = encodeBatch([one], { baseOffset: 1202n });
const whole = Buffer.concat([first, second]);

/** Both batches, with a change made to the second. */
function changed(change: (second: Buffer) => void): Buffer {
  const copy = Buffer.from(whole);
  change(copy.subarray(first.length));
  return copy;
}

function refused(records: Buffer, sentence: string, from = 1200n): void {
  expect(() => wholeBatches(records, { from, place })).toThrow(
    expect.objectContaining({ type: 'Unexpected', message: expect.stringContaining(sentence) as unknown }),
  );
}

describe('what a Fetch brought', () => {
  test('is given as it came, without what is cut off and what begins too late', () => {
    expect(wholeBatches(whole, { from: 1200n, place })).toEqual(whole);
    expect(wholeBatches(whole, { from: 1201n, place })).toEqual(whole);
    expect(wholeBatches(whole.subarray(0, -1), { from: 1200n, place })).toEqual(first);
    expect(wholeBatches(whole, { from: 1200n, until: 1202n, place })).toEqual(first);
    expect(wholeBatches(whole, { from: 1200n, until: 1200n, place })).toHaveLength(0);
    expect(wholeBatches(Buffer.alloc(0), { from: 1200n, place })).toHaveLength(0);
  });

  test.each([-12, -1, 0, 48, -(2 ** 31)])('is damaged where a length says %d', (length) =>
    refused(
      changed((batch) => batch.writeInt32BE(length, headerAt.length)),
      `The batch at offset 1202 of orders/3 on cluster "main" is damaged (its length says ${length})`,
    ),
  );

  test.each<[string, (batch: Buffer) => void]>([
    ['its format says 3', (batch) => batch.writeInt8(3, headerAt.magic)],
    ['its format says -1', (batch) => batch.writeInt8(-1, headerAt.magic)],
    ['its last offset lies 5 before its first', (batch) => batch.writeInt32BE(-5, headerAt.lastOffsetDelta)],
    ['it counts -1 records', (batch) => batch.writeInt32BE(-1, headerAt.count)],
    ['it counts 2147483647 records at 1 offsets', (batch) => batch.writeInt32BE(2 ** 31 - 1, headerAt.count)],
    ['it lies behind offset 1201', (batch) => batch.writeBigInt64BE(1201n)],
    ['it lies behind offset 1201', (batch) => batch.writeBigInt64BE(-1n)],
    ['no log reaches so far', (batch) => batch.writeBigInt64BE(2n ** 53n - 1n)],
    ['no log reaches so far', (batch) => batch.writeBigInt64BE(2n ** 63n - 1n)],
  ])('is damaged where %s', (sentence, change) => refused(changed(change), sentence));

  test('is damaged where nothing of it is whole, or all of it lies before the position', () => {
    const endless = Buffer.from(whole);
    endless.writeInt32BE(2 ** 31 - 1, headerAt.length);
    refused(endless, `${whole.length} bytes came, and no whole batch in them`);
    refused(Buffer.alloc(5), '5 bytes came, and no whole batch in them');
    refused(whole, 'ends before offset 1203, which was asked for', 1203n);
  });
});
