import { expect, test } from '@jest/globals';
import { hold, keepable, letGo, slabOf } from '../../src/kafka/wire/slabs.js';

const size = 1_000_000;

test('memory is used again when the last who held it has let go', () => {
  const first = slabOf(size);
  const part = first.subarray(10, 20);
  hold(first);
  hold(part);
  letGo(first);
  expect(slabOf(size).buffer).not.toBe(first.buffer);
  letGo(part);
  expect(slabOf(size).buffer).toBe(first.buffer);
});

test('memory that nobody has held is not used again', () => {
  const first = slabOf(size);
  expect(slabOf(size).buffer).not.toBe(first.buffer);
});

test('what lets go of memory that is used again by others does not take it from them', () => {
  const first = slabOf(size);
  hold(first);
  letGo(first);
  const second = slabOf(size);
  expect(second.buffer).toBe(first.buffer);
  hold(second);
  expect(slabOf(size).buffer).not.toBe(second.buffer);
});

test('a small part is copied to be kept, a large one stays where it is', () => {
  const slab = slabOf(size).fill(7);
  const small = keepable(slab.subarray(0, size / 20));
  expect(small.buffer).not.toBe(slab.buffer);
  expect(small).toEqual(slab.subarray(0, size / 20));
  expect(keepable(slab.subarray(0, size / 2)).buffer).toBe(slab.buffer);
});

test('bytes of other memory are left alone', () => {
  const bytes = Buffer.from('bytes');
  expect(keepable(bytes)).toBe(bytes);
  hold(bytes);
  letGo(bytes);
});
