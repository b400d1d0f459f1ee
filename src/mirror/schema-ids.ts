import type { TopicPartition } from '../kafka/cluster.js';
import type { IdsOfTopic, MetId } from '../registry/record-ids.js';
import { putSchemaId, schemaIdOf } from '../registry/wire-format.js';
import type { LogRecord } from './log-reader.js';

/** What the ids of schemas in records are on the target, for a mirror that writes others than it reads. */
export interface MirroredIds {
  /** @param topic by its name on the source. The answer knows what is learned later. */
  of(topic: string): IdsOfTopic;
  /**
   * Resolves when it is known what becomes of an id.
   * @throws FerryError `Conflict` when nobody knows: to write it would be to name another schema; `Unreachable`
   */
  learn(met: MetId & TopicPartition): Promise<void>;
}

/** Records of a source partition as the mirror writes them. Errors as `MirroredIds.learn`. */
export async function* asWritten(
  records: AsyncIterable<LogRecord>,
  { topic, partition }: TopicPartition,
  known: MirroredIds,
): AsyncGenerator<LogRecord, void, undefined> {
  const ids = known.of(topic);
  const written = async (
    part: MetId['part'],
    bytes: Buffer | null,
    offset: bigint,
  ): Promise<Buffer | null> => {
    const id = schemaIdOf(bytes);
    if (bytes === null || id === undefined) return bytes;
    if (ids(part, id) === undefined) await known.learn({ topic, partition, part, id, offset });
    const to = ids(part, id) ?? id;
    if (to === id) return bytes;
    const copy = Buffer.from(bytes);
    putSchemaId(copy, to);
    return copy;
  };
  for await (const record of records) {
    const { key, value, offset } = record;
    yield {
      ...record,
      key: await written('key', key, offset),
      value: await written('value', value, offset),
    };
  }
}
