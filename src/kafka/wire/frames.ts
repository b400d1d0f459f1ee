import { slabOf } from './slabs.js';

/** Each request and answer follows its size, INT32. */
export const sizeBytes = 4;

/** No broker answers more: what claims to be larger is not Kafka's protocol, or damaged. */
const largestFrame = 256 * 1024 * 1024;
/** Every answer begins with its correlation id. */
const smallestFrame = 4;
/** Answers that fit are received together; of a larger one, only its beginning is copied from there. */
const betweenBytes = 64 * 1024;

/**
 * Takes answers off a connection, each into one buffer of its size. The socket reads right into `room`, so that the bytes
 * of a large answer are written once, by the kernel or by the decryption.
 */
export class FrameReceiver {
  /** Where bytes go as long as the size of an answer is not known. */
  private readonly between = Buffer.allocUnsafeSlow(betweenBytes);
  private held = 0;
  private frame: Buffer | undefined;
  private filled = 0;

  /** @param take is given the bytes after the size; they are its own, see `slabOf`. */
  constructor(private readonly take: (frame: Buffer) => void) {}

  /** Where the next bytes belong; never empty. */
  get room(): Buffer {
    return this.frame ? this.frame.subarray(this.filled) : this.between.subarray(this.held);
  }

  /**
   * So many bytes are in what `room` was.
   * @throws RangeError when a size cannot be that of an answer
   */
  received(bytes: number): void {
    if (!this.frame) {
      this.held += bytes;
      return this.divide();
    }
    this.filled += bytes;
    if (this.filled < this.frame.length) return;
    const { frame } = this;
    this.frame = undefined;
    this.take(frame);
  }

  private divide(): void {
    const { between } = this;
    let at = 0;
    while (!this.frame && this.held - at >= sizeBytes) {
      const size = between.readInt32BE(at);
      if (size < smallestFrame || size > largestFrame)
        throw new RangeError(`an answer of ${size} bytes is not one of Kafka's protocol`);
      at += sizeBytes;
      const end = Math.min(at + size, this.held);
      const frame = slabOf(size);
      between.copy(frame, 0, at, end);
      if (end - at === size) this.take(frame);
      else {
        this.frame = frame;
        this.filled = end - at;
      }
      at = end;
    }
    between.copyWithin(0, at, this.held);
    this.held -= at;
  }
}
