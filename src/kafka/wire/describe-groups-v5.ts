import { api, appendStrings } from './api.js';

export interface ClassicGroup {
  code: number;
  group: string;
  state: string;
  protocolType: string;
  members: {
    memberId: string;
    clientId: string;
    host: string;
    /** The member's own bytes: of a consumer, ConsumerProtocolSubscription. Empty outside the states Stable and CompletingRebalance. */
    metadata: Buffer;
    assignment: Buffer;
  }[];
}

/*
  DescribeGroups Request (Version: 5) => [groups] include_authorized_operations TAG_BUFFER
    groups => COMPACT_STRING
    include_authorized_operations => BOOLEAN

  DescribeGroups Response (Version: 5) => throttle_time_ms [groups] TAG_BUFFER
    throttle_time_ms => INT32
    groups => error_code group_id group_state protocol_type protocol_data [members] authorized_operations TAG_BUFFER
      error_code => INT16
      group_id => COMPACT_STRING
      group_state => COMPACT_STRING
      protocol_type => COMPACT_STRING
      protocol_data => COMPACT_STRING
      members => member_id group_instance_id client_id client_host member_metadata member_assignment TAG_BUFFER
        member_id => COMPACT_STRING
        group_instance_id => COMPACT_NULLABLE_STRING
        client_id => COMPACT_STRING
        client_host => COMPACT_STRING
        member_metadata => COMPACT_BYTES
        member_assignment => COMPACT_BYTES
      authorized_operations => INT32
*/
export const describeGroupsV5 = api<readonly string[], ClassicGroup[]>(
  ['DescribeGroups', 15, 5],
  (groups, writer) => appendStrings(writer, groups).appendBoolean(false).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => {
      const code = r.readInt16();
      const group = r.readString();
      const state = r.readString();
      const protocolType = r.readString();
      r.readString();
      const members = r.readArray(() => {
        const memberId = r.readString();
        r.readNullableString();
        return {
          memberId,
          clientId: r.readString(),
          host: r.readString(),
          metadata: r.readBytes(),
          assignment: r.readBytes(),
        };
      });
      r.readInt32();
      return { code, group, state, protocolType, members };
    });
  },
);
