import { unpack } from '../migration/packed.js';
import type { SourceManifest } from '../migration/work/retire.js';
import type { AccountStep, Deletion } from './account.js';
import type { Found } from './found.js';

/** What is gone from the source, or was about to go: `null` before its last check, where nothing was asked to go. */
export function deletionOf(
  { manifest, deletionBegun = false, deleted, recreated }: Found,
  steps: readonly AccountStep[],
): Deletion | null {
  const begun = deletionBegun || deleted !== undefined;
  if (!manifest && !begun) return null;
  const approved = steps.find(({ id }) => id === 'deletionApproved')?.parts ?? [];
  return {
    at: deleted?.at ?? null,
    begun,
    sentence: deleted?.sentence ?? null,
    approvedBy: approved.map(({ name, by, at }) => ({ topic: name, by, at })),
    topics: (manifest ?? []).map(
      ({ topic, topicId, partitions, replicationFactor, highWatermarks, config, acls }) => {
        const marks = marksOf(highWatermarks);
        return {
          ...{ topic, topicId, config, highWatermarks: marks },
          // Runs of before told it by the marks alone.
          partitions: partitions ?? marks.length,
          replicationFactor: replicationFactor ?? null,
          // What was really deleted, where that is known: an ACL may have gone by itself before.
          acls: deleted?.acls
            ? (deleted.acls.find((one) => one.topic === topic)?.acls ?? [])
            : (acls ?? null),
        };
      },
    ),
    recreated,
  };
}

/** Runs of before had a list of decimal strings. */
function marksOf(marks: SourceManifest['highWatermarks'] | readonly string[]): (string | null)[] {
  return typeof marks === 'string'
    ? unpack(marks).map((mark) => (mark === undefined ? null : String(mark)))
    : [...marks];
}
