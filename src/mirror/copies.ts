import type { Cluster } from '../kafka/cluster.js';
import { FerryError } from '../migration/errors.js';

/**
 * A copy has as many partitions as its source: what producers write later of a key lies on another partition than its
 * history else, and groups get no offset for what was added.
 *
 * @throws FerryError `Changed`, which a person may accept unless some partitions are missing
 */
export function insistOnCopies(
  target: Pick<Cluster, 'name'>,
  topic: string,
  { has, copied, accepted }: { has: number; copied: number; accepted: readonly string[] },
): void {
  const key = `target-partitions:${topic}+${has - copied}`;
  if (has === copied || (has > copied && accepted.includes(key))) return;
  const seen = `The topic ${topic} on ${target.name} has ${has} partitions and its source ${copied}`;
  if (has < copied)
    throw new FerryError('Changed', `${seen}: give it as many, then retry; or abort, and start anew.`);
  const sentence = `${seen}, so somebody has added some since the mirror began: of a key that producers write there the history lies on another partition, and groups have no offset for the new ones. Accept that, or abort, delete the topic and start anew.`;
  throw new FerryError('Changed', sentence, { findings: [{ weight: 'asks', key, sentence }] });
}
