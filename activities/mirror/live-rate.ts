import { Context } from '@temporalio/activity';
import { workflowId } from '../../src/migration/messages.js';
import type { Dependencies } from '../kit/dependencies.js';

/** How often it is asked, ms: a person who throttles a mirror sees it obey within seconds. */
const askEveryMs = 3_000;

interface Asked {
  at: number;
  answer: Promise<void>;
  /** Bytes a second of all shares; `null`: as fast as it can. Undefined: not known, or nothing is said. */
  rate?: number | null;
}

/** Of each migration once, however many of its shares this worker copies. */
const asked = new Map<string, Asked>();

/**
 * How fast a mirror may copy now, as its migration says in its memo, where asking costs no history. What was known last
 * holds while Temporal does not answer.
 */
export class LiveRate {
  readonly #id: string;
  readonly #timer: NodeJS.Timeout;

  /** @param first bytes a second of all shares when the copying was asked for */
  constructor(
    private readonly rates: Dependencies['rates'],
    migration: string,
    private readonly first: number | undefined,
  ) {
    this.#id = Context.current().info.workflowExecution?.workflowId ?? workflowId(migration);
    this.#timer = setInterval(() => this.#ask(), askEveryMs);
    this.#ask();
  }

  /** Bytes a second of all shares; undefined: as fast as it can. */
  get now(): number | undefined {
    const rate = asked.get(this.#id)?.rate;
    return rate === undefined ? this.first : (rate ?? undefined);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #ask(): void {
    const before = asked.get(this.#id);
    if (!this.rates || (before && Date.now() - before.at < askEveryMs / 2)) return;
    const next: Asked = {
      at: Date.now(),
      answer: Promise.resolve(),
      ...(before?.rate !== undefined && { rate: before.rate }),
    };
    next.answer = this.rates(this.#id).then(
      (rate) => {
        // Nothing is said: what is known is of an earlier migration of the name.
        if (rate === undefined) delete next.rate;
        else next.rate = rate;
      },
      () => undefined,
    );
    asked.set(this.#id, next);
  }
}
