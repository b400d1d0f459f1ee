import { formatDuration } from '../../src/migration/duration.js';
import type { Terminal } from './terminal.js';

const firstAfterMs = 3_000;
const everyMs = 10_000;

/** Says on the error stream what a verb is at, when it takes long: whoever waits knows for what. */
export class Progress {
  private readonly doing = new Map<symbol, { what: string; since: number }>();
  private readonly first: NodeJS.Timeout;
  private every: NodeJS.Timeout | undefined;

  constructor(private readonly terminal: Pick<Terminal, 'complain'>) {
    this.first = setTimeout(() => {
      this.tell();
      this.every = setInterval(() => this.tell(), everyMs);
    }, firstAfterMs);
  }

  /** @returns to be called when it is done. */
  readonly begins = (what: string): (() => void) => {
    const key = Symbol(what);
    this.doing.set(key, { what, since: performance.now() });
    return () => void this.doing.delete(key);
  };

  end(): void {
    clearTimeout(this.first);
    clearInterval(this.every);
  }

  private tell(): void {
    const [longest] = this.doing.values();
    if (!longest) return;
    const lasted = Math.round((performance.now() - longest.since) / 1_000) * 1_000;
    const howLong = lasted > 0 ? `, for ${formatDuration(lasted)} so far` : '';
    this.terminal.complain(`… ${longest.what}${howLong}`);
  }
}
