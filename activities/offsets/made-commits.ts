import { createHash } from 'node:crypto';
import { partitionKey, type Committed, type TopicPartition } from '../../src/kafka/cluster.js';
import { targetName, type Migration } from '../../src/migration/file.js';
import { workflowId } from '../../src/migration/messages.js';
import { packPositions, partitionsByTopic, unpackPositions } from '../../src/migration/positions.js';
import type { MadeOffsets, TranslatedPosition } from '../../src/migration/work/offsets.js';
import { readMetadata } from './commit-metadata.js';

/** One commit that the ferry has made, as it is remembered. */
export interface MadeCommit {
  offset: bigint;
  /** See `remembered`. */
  metadata: string;
}

/** Longer texts are remembered by their digest, so that the state of a migration stays small. */
const mostKept = 128;

/**
 * Metadata as a migration remembers it: nothing, `=` and the text, or `#` and its digest. What the ferry does not know
 * stays out of history, since an application may have written anything.
 */
export function remembered(metadata: string): string {
  if (metadata === '') return '';
  return metadata.length <= mostKept && readMetadata(metadata).kind !== 'unknown'
    ? `=${metadata}`
    : `#${createHash('sha256').update(metadata).digest('base64')}`;
}

/** The text that was remembered; `undefined` when only its digest was. */
export function recalled(metadata: string): string | undefined {
  return metadata.startsWith('#') ? undefined : metadata.slice(1);
}

/**
 * Whether a commit that was found is the one that was made. A commit of a member carries a leader epoch, one by the ferry
 * never does; a commit that is the same in everything has lost nothing when it is taken for the ferry's.
 */
export function isAsMade({ offset, leaderEpoch, metadata }: Committed, made: MadeCommit): boolean {
  return offset === made.offset && leaderEpoch === -1 && remembered(metadata) === made.metadata;
}

/** A ferry of before wrote its mark into the metadata of each commit: running migrations may have such commits. */
export function hasOldMark({ metadata }: Committed, migration: string): boolean {
  return metadata === `kafka-ferry ${workflowId(migration)}`;
}

type Topics = Pick<Migration, 'topics'>;

const namesIn = ({ topics }: Topics): string[] => topics.map(targetName);

/**
 * The commits of one group as a migration keeps them.
 *
 * @param topics in which something was made, by name on the target, and how many partitions they have
 */
export function packCommits(
  migration: Topics,
  group: string,
  commits: Iterable<TopicPartition & MadeCommit>,
  topics: ReadonlyMap<string, number>,
): MadeOffsets {
  return { group, positions: packPositions(namesIn(migration), commits, topics) };
}

/** By `partitionKey` on the target. */
export function unpackCommits(migration: Topics, made: MadeOffsets): Map<string, MadeCommit> {
  if (!made.positions) return commitsOfBefore(made);
  return new Map(
    unpackPositions(namesIn(migration), made.positions).map(({ metadata = '', ...at }) => [
      partitionKey(at),
      { offset: at.offset, metadata },
    ]),
  );
}

/** Topics in which something was made, by name on the target, each with a number of partitions if that is known. */
export function topicsMade(migration: Topics, { positions, topics = [] }: MadeOffsets): Map<string, number> {
  return new Map(
    positions
      ? partitionsByTopic(namesIn(migration), positions)
      : topics.map((topic): [string, number] => [topic, 0]),
  );
}

/**
 * By topic there stood for each partition `offset`, or `offset metadata` as remembered, or nothing where the ferry made
 * none. Neighbours that were equal were one entry: `0*12`.
 */
function commitsOfBefore({ commits = {} }: MadeOffsets): Map<string, MadeCommit> {
  const made = new Map<string, MadeCommit>();
  for (const [topic, runs] of Object.entries(commits)) {
    let partition = 0;
    for (const run of runs) {
      const [entry = '', times = '1'] = run.split('*');
      const [offset = '', metadata = ''] = entry.split(' ');
      for (let left = Number(times); left > 0; left--, partition++)
        if (offset !== '') made.set(partitionKey({ topic, partition }), { offset: BigInt(offset), metadata });
    }
  }
  return made;
}

/** What is committed on the target for a position that was translated. */
export function madeOf({ target, metadata = '', without }: TranslatedPosition): MadeCommit {
  return { offset: BigInt(target), metadata: without ? '' : metadata };
}
