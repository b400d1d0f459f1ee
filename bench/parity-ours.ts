import { openCluster, type ClusterConnection } from '../src/kafka/open.js';
import { parseMigration } from '../src/migration/file.js';
import { Comparison } from '../src/parity/comparison.js';
import { partitionPairs } from '../src/parity/pairs.js';
import type { SourceOffsets, TargetOffsets } from '../src/migration/offsets.js';
import { whenTold } from './comparing.js';

export interface OurComparing {
  source: ClusterConnection;
  target: ClusterConnection;
  topic: string;
  ends: SourceOffsets;
  mirrored: TargetOffsets;
}

/** What `ferry verify` does, in a process of its own as the peer is. */
async function compare({ source, target, topic, ends, mirrored }: OurComparing): Promise<boolean> {
  const { migration } = parseMigration({
    name: 'parity',
    strategy: 'simpleMirroring',
    source: 'source',
    target: 'target',
    topics: [{ name: topic }],
  });
  if (!migration) throw new Error('not a migration');
  const sides = { source: openCluster('source', source), target: openCluster('target', target) };
  const pairs = await partitionPairs(migration, sides, { ends, mirrored });
  const comparison = new Comparison({ ...sides, pairs, patienceMs: 60_000 });
  await comparison.run();
  await Promise.all([sides.source.close(), sides.target.close()]);
  return comparison.report.differences.length === 0;
}

whenTold(compare);
