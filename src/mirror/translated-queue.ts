import { converted } from '../kafka/records/converted.js';
import { translateIds, type IdsOfTopic, type MetId } from '../registry/record-ids.js';
import type { Entry, SourceQueue } from './source-queue.js';

/**
 * The batches of a source queue with the target's ids of schemas in their records. A batch with an id that is not known is
 * not given, and so nothing behind it: `unknown` says where the head of the queue waits for what.
 */
export class TranslatedQueue {
  private readonly done = new WeakMap<Entry, Entry>();
  /** Of the head, as it was looked at last. */
  unknown: MetId | undefined;

  constructor(
    private readonly queue: SourceQueue,
    private readonly ids: IdsOfTopic,
  ) {}

  peek(ahead = 0): Entry | undefined {
    const entry = this.queue.peek(ahead);
    if (ahead === 0) this.unknown = undefined;
    if (!entry) return undefined;
    const known = this.done.get(entry);
    if (known) return known;
    let unknown: MetId | undefined;
    const before = entry.batch.kind === 'legacy' ? converted(entry.batch, entry.batch.codec) : entry.batch;
    const batch = translateIds(before, this.ids, (met) => (unknown ??= met));
    if (unknown) {
      if (ahead === 0) this.unknown = unknown;
      return undefined;
    }
    const translated = { ...entry, batch, rewritten: batch !== entry.batch };
    this.done.set(entry, translated);
    return translated;
  }

  /** The head, which was peeked at before. */
  shift(): Entry | undefined {
    const translated = this.peek();
    if (translated) this.queue.shift();
    return translated;
  }
}
