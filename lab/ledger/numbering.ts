import type { ProducerEntry } from './entries.js';
import { readJournal } from './journal.js';
import type { Message } from './message.js';

/** Numbers the messages of one producer, and counts the sequence of each key; both go on where a journal ends. */
export class Numbering {
  private number = 0;
  private batch = 0;
  private readonly sequences: number[];

  private constructor(
    private readonly producer: string,
    private readonly keys: number,
  ) {
    this.sequences = new Array<number>(keys).fill(0);
  }

  static async resume(producer: string, keys: number, journal: string): Promise<Numbering> {
    const numbering = new Numbering(producer, keys);
    for await (const entry of readJournal<ProducerEntry>(journal)) {
      if (entry.is !== 'batch') continue;
      numbering.batch = entry.batch;
      numbering.number = entry.from + entry.keys.length - 1;
      entry.keys.forEach((key, index) => {
        numbering.sequences[key] = entry.sequences[index] ?? 0;
      });
    }
    return numbering;
  }

  next(size: number): { batch: number; messages: Message[] } {
    const messages = Array.from({ length: size }, () => {
      const key = this.number % this.keys;
      const sequence = (this.sequences[key] ?? 0) + 1;
      this.sequences[key] = sequence;
      this.number += 1;
      return { producer: this.producer, number: this.number, key, sequence };
    });
    this.batch += 1;
    return { batch: this.batch, messages };
  }
}
