import { z } from 'zod';
import { formatDuration } from '../../src/migration/duration.js';
import { mirrorKind, waitMs, type Migration } from '../../src/migration/file.js';
import type { Seen } from '../kit/watch.js';

/** Where a mirror was, and since when it has been there, in ms of watching. */
export const stillness = z.object({ at: z.string(), sinceMs: z.number() });
export type Stillness = z.infer<typeof stillness>;

/** What is to be seen to, by who copies. */
const runs = {
  engine: 'a worker runs it and has a place for it (worker.maxMirrors)',
  mirrormaker: 'Kafka Connect runs its connectors',
};

/** A mirror that has something left is waited for as long as it moves, and then for `waits.patience`. */
export function whileItMoves<Carry extends { still?: Stillness | undefined }>(
  migration: Migration,
  {
    says,
    carry,
    at,
    before,
    watchedMs,
  }: { says: string; carry: Carry; at: string; before: Stillness | undefined; watchedMs: number },
): Seen<{ state: 'contradicted'; sentence: string }, Carry> {
  const still = before?.at === at ? before : { at, sinceMs: watchedMs };
  const stillMs = watchedMs - still.sinceMs;
  if (stillMs < waitMs(migration, 'patience')) return { says, carry: { ...carry, still } };
  return {
    answer: {
      state: 'contradicted',
      sentence: `The mirror has copied nothing for ${formatDuration(stillMs)}: ${says}. See that ${runs[mirrorKind(migration)]}, what ferry status says of it, and whether a transaction is open on the source; then retry.`,
    },
  };
}
