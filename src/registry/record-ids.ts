import type { RecordBatch } from '../kafka/records/batch.js';
import { editRecords } from '../kafka/records/rewrite.js';
import { putSchemaId, schemaIdOf } from './wire-format.js';

export type RecordPart = 'key' | 'value';

/** Where an id was met. */
export interface MetId {
  readonly part: RecordPart;
  readonly id: number;
  readonly offset: bigint;
}

/**
 * What an id in that part of a topic's records is on the target: the same where nothing has to change, be it that the part
 * carries no ids; `undefined` when it is not known.
 */
export type IdsOfTopic = (part: RecordPart, id: number) => number | undefined;

/**
 * The batch as the target's registry can read it: ids in the wire format replaced, everything else as it is. Null, shorter
 * bytes and those that do not begin with a 0 carry none. The given batch where nothing has to change.
 *
 * @param unknown told of each id that is not known, which stays
 */
export function translateIds(
  batch: RecordBatch,
  ids: IdsOfTopic,
  unknown: (met: MetId) => void,
): RecordBatch {
  return editRecords(batch, ({ key, value, offset }) => {
    const edited = (part: RecordPart, bytes: Buffer | null): boolean => {
      const id = schemaIdOf(bytes);
      if (bytes === null || id === undefined) return false;
      const to = ids(part, id);
      if (to === undefined) unknown({ part, id, offset });
      if (to === undefined || to === id) return false;
      putSchemaId(bytes, to);
      return true;
    };
    const keyEdited = edited('key', key);
    return edited('value', value) || keyEdited;
  });
}
