/**
 * Buffers of some megabytes that are used again. New ones would be paid for twice: the system clears their pages, and
 * whoever collects garbage looks through all objects each time that 64 MB of such buffers were made.
 */

/** Smaller ones are not worth keeping. */
const smallest = 256 * 1024;
const largest = 16 * 1024 * 1024;
/** Of what nobody uses. */
const mostFree = 64 * 1024 * 1024;
/** What was not used for so long is given back to the system. */
const keptMs = 5_000;

/** A smaller part of an answer is copied when it is kept, so that what waits for long keeps little beside it. */
const smallestPart = 1 / 10;

interface Slab {
  readonly memory: ArrayBuffer;
  readonly bytes: number;
  holds: number;
}

const free = new Map<number, ArrayBuffer[]>();
let freeBytes = 0;
let sweep: NodeJS.Timeout | undefined;
const slabs = new WeakMap<ArrayBufferLike, Slab>();

/** So many bytes, not cleared. Once `hold` was called for them they belong to the slabs again after the last `letGo`. */
export function slabOf(bytes: number): Buffer {
  if (bytes < smallest || bytes > largest) return Buffer.allocUnsafeSlow(bytes);
  // Powers of two: another answer will fit that is not of the same size.
  const size = 2 ** Math.ceil(Math.log2(bytes));
  const kept = free.get(size)?.pop();
  if (kept) freeBytes -= size;
  const memory = kept ?? Buffer.allocUnsafeSlow(size).buffer;
  slabs.set(memory, { memory, bytes, holds: 0 });
  return Buffer.from(memory, 0, bytes);
}

/** These bytes where they are, or a copy of them if they are a small part of what would have to stay with them. */
export function keepable(view: Buffer): Buffer {
  const slab = slabs.get(view.buffer);
  return slab && view.length < slab.bytes * smallestPart ? Buffer.from(view) : view;
}

/** Whoever looks at these bytes later says so. Those that nobody ever holds are collected as garbage. */
export function hold(view: Buffer): void {
  const slab = slabs.get(view.buffer);
  if (slab) slab.holds++;
}

/** As often as `hold`, for any view of the same memory; nothing there may be looked at after that. */
export function letGo(view: Buffer): void {
  const slab = slabs.get(view.buffer);
  if (!slab || --slab.holds > 0) return;
  const { memory } = slab;
  slabs.delete(memory);
  const size = memory.byteLength;
  if (freeBytes + size > mostFree) return;
  freeBytes += size;
  const same = free.get(size);
  if (same) same.push(memory);
  else free.set(size, [memory]);
  sweep ??= setTimeout(() => {
    sweep = undefined;
    free.clear();
    freeBytes = 0;
  }, keptMs).unref();
  sweep.refresh();
}
