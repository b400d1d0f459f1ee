import { api, appendStrings } from './api.js';
import type { ListGroupsResponse } from './list-groups.js';

/*
  ListGroups Request (Version: 5) => [states_filter] [types_filter] TAG_BUFFER       empty: every state, every type
    states_filter => COMPACT_STRING
    types_filter => COMPACT_STRING

  ListGroups Response (Version: 5) => throttle_time_ms error_code [groups] TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
    groups => group_id protocol_type group_state group_type TAG_BUFFER
      group_id => COMPACT_STRING
      protocol_type => COMPACT_STRING
      group_state => COMPACT_STRING
      group_type => COMPACT_STRING
*/
export const listGroupsV5 = api<void, ListGroupsResponse>(
  ['ListGroups', 16, 5],
  (_, writer) => appendStrings(appendStrings(writer, []), []).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return {
      code: r.readInt16(),
      groups: r.readArray(() => ({
        group: r.readString(),
        protocolType: r.readString(),
        state: r.readString(),
        type: r.readString(),
      })),
    };
  },
);
