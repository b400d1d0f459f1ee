import { api, appendStrings } from './api.js';

/*
  DeleteGroups Request (Version: 2) => [groups_names] TAG_BUFFER
    groups_names => COMPACT_STRING

  DeleteGroups Response (Version: 2) => throttle_time_ms [results] TAG_BUFFER
    throttle_time_ms => INT32
    results => group_id error_code TAG_BUFFER
      group_id => COMPACT_STRING
      error_code => INT16
*/
export const deleteGroupsV2 = api<readonly string[], { group: string; code: number }[]>(
  ['DeleteGroups', 42, 2],
  (groups, writer) => appendStrings(writer, groups).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => ({ group: r.readString(), code: r.readInt16() }));
  },
);
