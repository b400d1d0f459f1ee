import { unpack } from '../migration/packed.js';
import type { SourceManifest } from '../migration/work/retire.js';
import type { AccountStep, Deletion } from './account.js';
import type { Found } from './found.js';

/** What is gone from the source, or was about to go: `null` before its last check, where nothing was asked to go. */
export function deletionOf(found: Found, steps: readonly AccountStep[]): Deletion | null {
  const { manifest, deletionAsked = 0, deleted, recreated } = found;
  const begun = deletionAsked > 0 || deleted !== undefined;
  if (!manifest && !begun) return null;
  const approved = steps.find(({ id }) => id === 'deletionApproved')?.parts ?? [];
  return {
    at: deleted?.at ?? null,
    begun,
    sentence: deleted ? sentenceOf(deleted.sentence, deletionAsked) : null,
    approvedBy: approved.map(({ name, by, at }) => ({ topic: name, by, at })),
    topics: (manifest ?? []).map(
      ({ topic, topicId, partitions, replicationFactor, highWatermarks, config, acls }) => {
        const marks = marksOf(highWatermarks);
        return {
          ...{ topic, topicId, config, highWatermarks: marks },
          // Runs of before told it by the marks alone.
          partitions: partitions ?? marks.length,
          replicationFactor: replicationFactor ?? null,
          acls: aclsGone(found, topic, acls) ?? null,
        };
      },
    ),
    recreated,
  };
}

/** The last answer counts what was there the last time. */
const sentenceOf = (sentence: string, asked: number): string =>
  asked > 1
    ? `${sentence} It was asked for more than once, and this counts the last time alone: what each topic had is below.`
    : sentence;

/**
 * What was really deleted, where that is known: an ACL may have gone by itself before. Who was asked more than once does
 * not know what an earlier time has taken away whose answer was lost.
 *
 * @param checked those that were there at the last check
 */
function aclsGone(
  { deleted, deletionAsked = 0, aclsToGo }: Found,
  topic: string,
  checked: string[] | undefined,
): string[] | undefined {
  if (!deleted?.acls) return checked;
  const known = deleted.acls.find((one) => one.topic === topic)?.acls;
  if (known || deletionAsked <= 1) return known ?? [];
  const toGo = aclsToGo && new Set(aclsToGo.find((one) => one.topic === topic)?.acls);
  return toGo ? checked?.filter((acl) => toGo.has(acl)) : checked;
}

/** Runs of before had a list of decimal strings. */
function marksOf(marks: SourceManifest['highWatermarks'] | readonly string[]): (string | null)[] {
  return typeof marks === 'string'
    ? unpack(marks).map((mark) => (mark === undefined ? null : String(mark)))
    : [...marks];
}
