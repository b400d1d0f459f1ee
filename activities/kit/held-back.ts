import type { Cluster } from '../../src/kafka/cluster.js';
import { formatBytes } from '../../src/migration/bytes.js';
import type { Migration } from '../../src/migration/file.js';
import type { Dependencies } from './dependencies.js';

/** Says, for the end of a live line, whether quotas hold back what is done now. */
export type Held = () => string | undefined;

/** Asks both clusters of a migration. */
export function heldBackOn(
  clusters: Dependencies['clusters'],
  migration: Pick<Migration, 'source' | 'target'>,
): Held {
  return () => {
    try {
      return sayHeldBack({ source: clusters(migration.source), target: clusters(migration.target) });
    } catch {
      // A name that ferry.yaml lacks is said by the activity itself.
      return undefined;
    }
  };
}

/** For example `held back by a quota of the source, 500 kB/s`. */
export function sayHeldBack(
  sides: Readonly<Record<'source' | 'target', Pick<Cluster, 'heldBack'>>>,
): string | undefined {
  const said = (['source', 'target'] as const).flatMap((side) => {
    const held = sides[side].heldBack();
    if (!held) return [];
    const rate = held.bytesPerSecond;
    return [`by a quota of the ${side}${rate === undefined ? '' : `, ${formatBytes(rate)}/s`}`];
  });
  return said.length > 0 ? `held back ${said.join(' and ')}` : undefined;
}

/** The sentence of a live line, and that quotas hold back what it is about. */
export function withHeld(says: string, held: Held | undefined): string {
  const why = held?.();
  if (why === undefined) return says;
  return says.endsWith('.') ? `${says} It is ${why}.` : `${says}, ${why}`;
}
