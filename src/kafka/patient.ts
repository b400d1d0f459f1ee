import { setTimeout as sleep } from 'node:timers/promises';
import { isFerryError } from '../migration/errors.js';
import type { Cluster, Row } from './cluster.js';
import { CommitPending } from './commit-pending.js';

/**
 * Kafka takes a broker for gone after `broker.session.timeout.ms` (9 s by default), and gives its partitions and groups to
 * others then: until that, whoever asks is sent to a broker that does not answer.
 */
const fencingMs = 15_000;
const askAgainMs = 500;

/** What is asked by looking alone; what changes something, and what waits by itself, is asked once. */
const looks = [
  'identity',
  'topics',
  'topicConfigs',
  'brokerConfig',
  'topicsById',
  'watermarks',
  'offsetsAtTime',
  'groups',
  'describeGroups',
  'committedOffsets',
  'shareGroups',
  'acls',
  'openTransactions',
  'producers',
] as const satisfies readonly (keyof Cluster)[];

/**
 * The same cluster for a person's question: what it cannot answer while a broker is on its way out, it is asked again for
 * as long as Kafka takes to fence that broker. One that has never answered is told at once: its address may be wrong.
 *
 * @param says called once for each wait, with the reason in a sentence
 */
export function patient(
  cluster: Cluster,
  { withinMs = fencingMs, says }: { withinMs?: number; says?: (sentence: string) => void } = {},
): Cluster {
  let answered = false;
  let failingSince: number | undefined;

  /** Whether to ask again, after a moment. */
  const again = async (why: string): Promise<boolean> => {
    if (!answered) return false;
    if (failingSince === undefined) {
      failingSince = performance.now();
      says?.(`${why} It is asked again for ${withinMs / 1000} s.`);
    }
    if (performance.now() - failingSince >= withinMs) return false;
    await sleep(askAgainMs);
    return true;
  };

  const patiently =
    <A extends unknown[], T>(ask: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      for (;;) {
        try {
          const answer = await ask(...args);
          answered = true;
          const late = unready(answer);
          if (late === undefined) failingSince = undefined;
          if (late === undefined || !(await again(late))) return answer;
        } catch (error) {
          if (!isFerryError(error) || error.type !== 'Unreachable' || !(await again(error.message)))
            throw error;
        }
      }
    };

  const wrapped = Object.fromEntries(
    looks.map((name) => [
      name,
      patiently((...args: unknown[]) =>
        (cluster[name] as (...all: unknown[]) => Promise<unknown>).apply(cluster, args),
      ),
    ]),
  );
  return { ...cluster, ...(wrapped as Pick<Cluster, (typeof looks)[number]>) };
}

/** Why a part of an answer is not there yet; a transaction that is open is an answer. */
function unready(answer: unknown): string | undefined {
  if (!(answer instanceof Map)) return undefined;
  for (const { error } of answer.values() as Iterable<Partial<Row<unknown>>>)
    if (error?.type === 'Unreachable' && !(error instanceof CommitPending)) return error.message;
  return undefined;
}
