import { api, appendStrings } from './api.js';
import type { ListGroupsResponse } from './list-groups.js';

/*
  ListGroups Request (Version: 4) => [states_filter] TAG_BUFFER
    states_filter => COMPACT_STRING

  ListGroups Response (Version: 4) => throttle_time_ms error_code [groups] TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
    groups => group_id protocol_type group_state TAG_BUFFER
      group_id => COMPACT_STRING
      protocol_type => COMPACT_STRING
      group_state => COMPACT_STRING
*/
export const listGroupsV4 = api<void, ListGroupsResponse>(
  ['ListGroups', 16, 4],
  (_, writer) => appendStrings(writer, []).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return {
      code: r.readInt16(),
      groups: r.readArray(() => ({
        group: r.readString(),
        protocolType: r.readString(),
        state: r.readString(),
        type: 'Classic',
      })),
    };
  },
);
