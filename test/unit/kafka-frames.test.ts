import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameReceiver } from '../../src/kafka/wire/frames.js';

/** What a receiver takes of these bytes when they come in pieces of these sizes, as far as there is room. */
function received(bytes: Buffer, pieces: readonly number[]): Buffer[] {
  const frames: Buffer[] = [];
  const receiver = new FrameReceiver((frame) => frames.push(frame));
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const { room } = receiver;
    expect(room.length).toBeGreaterThan(0);
    const size = Math.min(pieces[i % pieces.length] ?? 1, room.length, bytes.length - at);
    bytes.copy(room, 0, at, at + size);
    receiver.received(size);
    at += size;
  }
  return frames;
}

function sized(body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

test('gives each answer whole and alone, however the bytes come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 4, max: 300_000 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 6 }),
      (sizes, pieces) => {
        const bodies = sizes.map((size, i) => Buffer.alloc(size, i + 1));
        const coarse = pieces.map((piece) => Math.max(piece, 500));
        const frames = received(Buffer.concat(bodies.map(sized)), coarse);
        expect(frames.map(({ length }) => length)).toEqual(sizes);
        expect(frames.every((frame, i) => frame.equals(bodies[i]!))).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

test('gives answers that come byte by byte', () => {
  const bodies = [Buffer.from('first'), Buffer.from('second answer')];
  expect(received(Buffer.concat(bodies.map(sized)), [1])).toEqual(bodies);
});

test.each([-1, 0, 3, 0x48545450])('refuses a size of %d', (size) => {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32BE(size);
  expect(() => received(bytes, [8])).toThrow(RangeError);
});
