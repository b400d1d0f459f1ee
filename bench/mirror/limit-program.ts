import type { ClusterConnection } from '../../src/kafka/open.js';
import { untilBegun } from '../program.js';
import type { Turn } from './engine.js';
import { preparedBatches } from './records.js';
import { LeadersProducer } from './leaders-producer.js';
import { largeBatchBytes } from './topics.js';

/** What the process is told. */
export interface Writing {
  target: ClusterConnection;
  turn: Turn;
}

/** Different batches that are written in turn. */
const prepared = 16;

/**
 * The limit: as many records of the same size as the source has, in large batches however the source has them, made
 * before the first is written, and written as fast as the target takes them.
 */
async function write({ target, turn }: Writing): Promise<void> {
  const { shape, targetTopic, records } = turn;
  const { partitions } = shape;
  const recordsPerBatch = Math.floor(largeBatchBytes / shape.recordBytes);
  const ring = preparedBatches({ ...shape, recordsPerBatch }, prepared);
  const rest = records % recordsPerBatch;
  const last = rest > 0 ? preparedBatches({ ...shape, recordsPerBatch: rest }, 1) : [];
  const batches = Math.floor(records / recordsPerBatch);
  const all = (index: number) => (index < batches ? ring[index % prepared] : last[index - batches]);
  const producer = await LeadersProducer.connect(target, targetTopic);
  await untilBegun();
  for (let sent = 0; sent < batches + last.length; sent += partitions)
    await producer.send(
      Array.from({ length: partitions }, (_, partition) => ({
        partition,
        batch: all(sent + partition),
      })).flatMap(({ partition, batch }) => (batch ? [{ partition, batch }] : [])),
    );
  await producer.flush();
}

process.once('message', (writing: Writing) => void write(writing));
process.on('disconnect', () => process.exit(0));
