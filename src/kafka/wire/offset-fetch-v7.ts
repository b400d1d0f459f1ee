import { api } from './api.js';
import { appendWanted, readOffsets } from './offset-fetch.js';
import type { GroupOffsets, WantedOffsets } from './offset-fetch.js';

/*
  OffsetFetch Request (Version: 7) => group_id [topics] require_stable TAG_BUFFER
    group_id => COMPACT_STRING
    require_stable => BOOLEAN

  OffsetFetch Response (Version: 7) => throttle_time_ms [topics] error_code TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
*/
export const offsetFetchV7 = api<WantedOffsets, Omit<GroupOffsets, 'group'>>(
  ['OffsetFetch', 9, 7],
  ({ group, partitions }, writer) =>
    appendWanted(writer.appendString(group), partitions).appendBoolean(true).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    const offsets = readOffsets(r);
    return { offsets, code: r.readInt16() };
  },
);
