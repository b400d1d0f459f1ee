import { openCluster, type ClusterConnection } from '../../src/kafka/open.js';
import { prepareMap } from '../../src/mirror/map-topic.js';
import { runMirror } from '../../src/mirror/mirror.js';
import { untilBegun } from '../program.js';
import type { Turn } from './engine.js';

/** What the process is told. */
export interface Mirroring {
  source: ClusterConnection;
  target: ClusterConnection;
  turn: Turn;
}

/** The ferry's engine with its own settings, as one share of a migration; it goes on until it is killed. */
async function run({ source, target, turn }: Mirroring): Promise<void> {
  const [from, to] = [openCluster('source', source), openCluster('target', target)];
  const { topic, targetTopic, shape } = turn;
  const migration = `bench-${shape.name}`;
  await prepareMap(to, migration);
  await untilBegun();
  await runMirror(
    from,
    to,
    {
      migration,
      share: 0,
      partitions: Array.from({ length: shape.partitions }, (_, partition) => ({
        topic,
        targetTopic,
        partition,
      })),
    },
    { signal: new AbortController().signal },
  );
}

process.once('message', (mirroring: Mirroring) => void run(mirroring));
process.on('disconnect', () => process.exit(0));
