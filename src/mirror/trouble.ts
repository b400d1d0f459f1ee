import { partitionKey, type TopicPartition } from '../kafka/cluster.js';
import { FerryError } from '../migration/errors.js';
import type { MirrorOptions } from './plan.js';

/** How long is waited where nobody says. */
export const usualPatienceMs = 120_000;

/** What a mirror waits for at the moment: told with the reason that was given first, and ended when that has lasted too long. */
export class Trouble {
  private readonly since = new Map<string, { at: Date; says: string }>();

  constructor(private readonly options: Pick<MirrorOptions, 'patienceMs' | 'failing'>) {}

  get patienceMs(): number {
    return this.options.patienceMs ?? usualPatienceMs;
  }

  /** @param what a partition of the target, or whatever else is waited for */
  with(what: TopicPartition | string, { message }: FerryError): void {
    const key = keyOf(what);
    if (this.since.has(key)) return;
    this.since.set(key, { at: new Date(), says: message });
    this.tell();
  }

  over(what: TopicPartition | string): void {
    if (this.since.delete(keyOf(what))) this.tell();
  }

  /** The error of a wait that was in vain: who was told how long to wait has nothing to gain from trying the same again. */
  inVain({ type, message }: FerryError): FerryError {
    return new FerryError(type, message, { lasting: this.options.patienceMs !== undefined });
  }

  private tell(): void {
    const [first] = this.since.values();
    const others = this.since.size - 1;
    this.options.failing?.(
      first &&
        `the mirror waits since ${first.at.toISOString()}${others > 0 ? `, and for ${others} more` : ''}: ${first.says}`,
    );
  }
}

const keyOf = (what: TopicPartition | string): string =>
  typeof what === 'string' ? what : partitionKey(what);
