import { encodeBatch, type NewRecord } from '../../src/kafka/records/encode.js';
import type { Shape } from './topics.js';

// A generator of its own, so that every run writes the same bytes (mulberry32).
let seed = 1;
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

export function randomBelow(limit: number): number {
  return Math.floor(random() * limit);
}

const words = [
  'order',
  'status',
  'shipped',
  'customer',
  'amount',
  'currency',
  'created',
  'address',
  'pending',
];

/** Text as events are: words and names that repeat, and numbers that do not. lz4 halves it. */
export function eventText(bytes: number): Buffer {
  let text = '';
  while (text.length < bytes)
    text += `"${words[randomBelow(words.length)] ?? ''}":"${Math.floor(random() * 2 ** 40).toString(36)}",`;
  return Buffer.from(text.slice(0, bytes));
}

const keyBytes = 12;

/** @param of how many keys there are. */
export function key(of: number): Buffer {
  return Buffer.from(`key-${String(randomBelow(of)).padStart(keyBytes - 4, '0')}`);
}

const manyKeys = 10_000_000;

/** One record of the shape, with what a consumer would see. */
export function record({ recordBytes }: Pick<Shape, 'recordBytes'>, keys = manyKeys): NewRecord {
  return {
    key: key(keys),
    value: eventText(recordBytes - keyBytes),
    timestamp: BigInt(Date.now()),
    headers: [],
  };
}

/** Batches ready to be written again and again: to make each anew would be what is measured. */
export function preparedBatches(
  shape: Pick<Shape, 'recordBytes' | 'codec' | 'recordsPerBatch'>,
  amount: number,
): Buffer[] {
  return Array.from({ length: amount }, () =>
    encodeBatch(
      Array.from({ length: shape.recordsPerBatch }, () => record(shape)),
      { codec: shape.codec },
    ),
  );
}
