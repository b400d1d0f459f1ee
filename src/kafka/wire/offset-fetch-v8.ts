import { api } from './api.js';
import { appendWanted, readOffsets } from './offset-fetch.js';
import type { GroupOffsets, WantedOffsets } from './offset-fetch.js';

/*
  OffsetFetch Request (Version: 8) => [groups] require_stable TAG_BUFFER
    groups => group_id [topics] TAG_BUFFER
      group_id => COMPACT_STRING
    require_stable => BOOLEAN

  OffsetFetch Response (Version: 8) => throttle_time_ms [groups] TAG_BUFFER
    throttle_time_ms => INT32
    groups => group_id [topics] error_code TAG_BUFFER
      group_id => COMPACT_STRING
      error_code => INT16
*/
export const offsetFetchV8 = api<readonly WantedOffsets[], GroupOffsets[]>(
  ['OffsetFetch', 9, 8],
  (groups, writer) =>
    writer
      .appendArray([...groups], (w, { group, partitions }) => appendWanted(w.appendString(group), partitions))
      .appendBoolean(true)
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => {
      const group = r.readString();
      const offsets = readOffsets(r);
      return { group, offsets, code: r.readInt16() };
    });
  },
);
