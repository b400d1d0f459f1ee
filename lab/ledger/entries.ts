import type { Side } from './settings.js';

/**
 * The lines of a journal. Messages of one producer are numbered from 1 without gaps, so that an id, `<producer>:<number>`,
 * is an index. Every `at` is in milliseconds since 1970.
 */
export type ProducerEntry =
  | { is: 'producer'; at: number; name: string; topics: Partial<Record<Side, string>> }
  /** Written before the batch is sent: the numbers are `from`, `from + 1`, … in the order of `keys`. */
  | { is: 'batch'; at: number; batch: number; to: Side[]; from: number; keys: number[]; sequences: number[] }
  /** A batch without an outcome of each of its sides is uncertain: it may be there, and it may not. */
  | { is: 'outcome'; at: number; batch: number; side: Side; outcome: Outcome };

export type Outcome = 'committed' | 'aborted' | 'uncertain';

export type ConsumerEntry =
  | {
      is: 'consumer';
      at: number;
      group: string;
      member: string;
      readCommitted: boolean;
      topics: Partial<Record<Side, readonly string[]>>;
    }
  /** From here on what was processed from this side and not committed may come again. */
  | { is: 'joined'; at: number; side: Side }
  /** It has stopped reading this side; what it had not committed may come again, there or on the other side. */
  | { is: 'left'; at: number; side: Side }
  /** Messages of one producer in the order they were processed; key -1 is one that no ledger producer uses. */
  | {
      is: 'read';
      at: number;
      batch: number;
      side: Side;
      producer: string;
      numbers: number[];
      keys: number[];
      sequences: number[];
    }
  | { is: 'foreign'; at: number; side: Side; count: number }
  /** The cluster has confirmed the commit of every batch read from this side up to this one. */
  | { is: 'committed'; at: number; side: Side; batch: number };

const starts = ['producer-', 'consumer-'] as const;

export function journalName(kind: 'producer' | 'consumer', ...names: string[]): string {
  return `${kind}-${names.map(encodeURIComponent).join('-')}.jsonl`;
}

export function journalKind(fileName: string): 'producer' | 'consumer' | undefined {
  if (!fileName.endsWith('.jsonl')) return undefined;
  return starts[0] === fileName.slice(0, 9)
    ? 'producer'
    : starts[1] === fileName.slice(0, 9)
      ? 'consumer'
      : undefined;
}
