import type { Cluster } from '../../src/kafka/cluster.js';
import { formatDuration } from '../../src/migration/duration.js';
import { isFerryError } from '../../src/migration/errors.js';
import { waitMs, type Migration } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { upkeepEveryMs } from '../../src/migration/upkeep.js';
import { noting } from '../kit/weights.js';
import { effective } from '../topics/topic-config.js';

/**
 * Offsets that were committed for a group which has not come yet expire (`offsets.retention.minutes`).
 *
 * @returns `ms`: after so long, where the target shows it
 */
export async function offsetsRetention(
  target: Cluster,
  migration: Migration,
): Promise<{ findings: Finding[]; ms?: number }> {
  const config = await target.brokerConfig().catch((error: unknown) => {
    if (isFerryError(error) && error.type === 'Unauthorized') return undefined;
    throw error;
  });
  const renewed = (ms?: number) =>
    `they are committed anew whenever a step begins that waits for people, and every ${formatDuration(upkeepEveryMs(ms))} while it waits`;
  // Only a hint is lost: whatever is forgotten is committed anew.
  if (!config)
    return {
      findings: [
        noting(
          `offsets-retention-unknown:${target.name}`,
          `${target.name} does not show the ferry for how long it keeps the offsets of an empty group: ${renewed()}.`,
        ),
      ],
    };
  const minutes = effective(config, 'offsets.retention.minutes');
  if (minutes === undefined) return { findings: [] };
  const ms = Number(minutes) * 60_000;
  const needed = waitMs(migration, 'quiet') + waitMs(migration, 'patience') + waitMs(migration, 'soak');
  return {
    ms,
    findings:
      ms < needed
        ? [
            noting(
              'offsets-expire-soon',
              `${target.name} forgets the offsets of an empty group after ${formatDuration(ms)}, sooner than the waits of this migration (${formatDuration(needed)}): ${renewed(ms)}.`,
            ),
          ]
        : [],
  };
}
