import { FerryError } from '../../migration/errors.js';

export interface Attempts<C, T> {
  readonly candidates: readonly C[];
  readonly attempt: (candidate: C) => Promise<T>;
  /** How long a candidate is waited for alone, ms; then the next one is tried beside it. */
  readonly patienceMs: (candidate: C) => number;
}

/**
 * The first success among candidates that are tried in order and, when one is slow, at the same time (as RFC 8305 does it
 * with the addresses of a host): one that does not answer costs its patience, never the time-out of a connection.
 *
 * @throws what no other candidate could mend, as soon as it is known; else an AggregateError of type `Unreachable` failures
 */
export function firstOf<C, T>({ candidates, attempt, patienceMs }: Attempts<C, T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const failures: FerryError[] = [];
    let begun = 0;
    let timer: NodeJS.Timeout | undefined;
    let decided = false;
    const decide = (settle: () => void) => {
      if (decided) return;
      decided = true;
      clearTimeout(timer);
      settle();
    };
    const failed = (error: Error) => {
      if (!(error instanceof FerryError) || error.type !== 'Unreachable') return decide(() => reject(error));
      failures.push(error);
      if (failures.length === candidates.length) decide(() => reject(new AggregateError(failures)));
      else next();
    };
    const next = () => {
      clearTimeout(timer);
      const candidate = candidates[begun];
      if (decided || candidate === undefined) return;
      begun++;
      if (begun < candidates.length) timer = setTimeout(next, patienceMs(candidate));
      attempt(candidate).then((value) => decide(() => resolve(value)), failed);
    };
    if (candidates.length === 0) reject(new AggregateError(failures));
    else next();
  });
}
