import kafkajs, { type KafkaConfig, type Message } from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { untilBegun } from '../program.js';
import type { Turn } from './engine.js';

/** What the process is told. */
export interface Looping {
  source: KafkaConfig;
  target: KafkaConfig;
  turn: Turn;
}

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** Below the broker's limit for a batch (`message.max.bytes`, 1,048,588 unless set), with room for headers of records. */
const sliceBytes = 900_000;
const recordOverheadBytes = 40;

/**
 * What people write who mirror a topic themselves, as AiviA does: consume a batch, send its records to the same partition
 * of the target with all replicas' acknowledgement, in slices that the broker accepts, then commit.
 */
async function loop({ source, target, turn }: Looping): Promise<void> {
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => compressFrame(buffer),
    decompress: (buffer: Buffer) => decompressFrame(buffer),
  });
  const compression = turn.shape.codec === 'lz4' ? CompressionTypes.LZ4 : CompressionTypes.None;
  const producer = new kafkajs.Kafka(target).producer();
  const consumer = new kafkajs.Kafka(source).consumer({
    groupId: `bench-kafkajs-${turn.topic}`,
    maxBytes: 10_485_760,
  });
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topic: turn.topic, fromBeginning: true });
  await untilBegun();
  await consumer.run({
    partitionsConsumedConcurrently: turn.shape.partitions,
    eachBatch: async (given) => {
      const { batch } = given;
      const messages = batch.messages.map(({ key, value, headers, timestamp }) => ({
        key,
        value,
        headers,
        timestamp,
        partition: batch.partition,
      }));
      for (const slice of slices(messages))
        await producer.send({ topic: turn.targetTopic, messages: slice, acks: -1, compression });
      given.resolveOffset(batch.lastOffset());
      await given.heartbeat();
    },
  });
}

function* slices(messages: readonly Message[]): Generator<Message[]> {
  let slice: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = recordOverheadBytes + (message.key?.length ?? 0) + (message.value?.length ?? 0);
    if (bytes + size > sliceBytes && slice.length > 0) {
      yield slice;
      slice = [];
      bytes = 0;
    }
    slice.push(message);
    bytes += size;
  }
  if (slice.length > 0) yield slice;
}

process.once('message', (looping: Looping) => void loop(looping));
process.on('disconnect', () => process.exit(0));
