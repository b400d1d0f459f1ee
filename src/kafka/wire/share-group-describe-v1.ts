import type { TopicPartition } from '../cluster.js';
import { api, appendStrings } from './api.js';
import { readAssignment } from './consumer-group-describe-v0.js';

/** A share group (KIP-932): its members may have partitions in common. */
export interface ShareGroupState {
  code: number;
  group: string;
  state: string;
  members: {
    memberId: string;
    clientId: string;
    host: string;
    subscribed: string[];
    assigned: TopicPartition[];
  }[];
}

/*
  ShareGroupDescribe Request (Version: 1) => [group_ids] include_authorized_operations TAG_BUFFER
    group_ids => COMPACT_STRING
    include_authorized_operations => BOOLEAN

  ShareGroupDescribe Response (Version: 1) => throttle_time_ms [groups] TAG_BUFFER
    throttle_time_ms => INT32
    groups => error_code error_message group_id group_state group_epoch assignment_epoch assignor_name [members] authorized_operations TAG_BUFFER
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING
      group_id => COMPACT_STRING
      group_state => COMPACT_STRING
      group_epoch => INT32
      assignment_epoch => INT32
      assignor_name => COMPACT_STRING
      members => member_id rack_id member_epoch client_id client_host [subscribed_topic_names] assignment TAG_BUFFER
        member_id => COMPACT_STRING
        rack_id => COMPACT_NULLABLE_STRING
        member_epoch => INT32
        client_id => COMPACT_STRING
        client_host => COMPACT_STRING
        subscribed_topic_names => COMPACT_STRING
      authorized_operations => INT32
*/
export const shareGroupDescribeV1 = api<readonly string[], ShareGroupState[]>(
  ['ShareGroupDescribe', 77, 1],
  (groups, writer) => appendStrings(writer, groups).appendBoolean(false).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => {
      const code = r.readInt16();
      r.readNullableString();
      const group = r.readString();
      const state = r.readString();
      r.readInt32();
      r.readInt32();
      r.readString();
      const members = r.readArray(() => {
        const memberId = r.readString();
        r.readNullableString();
        r.readInt32();
        return {
          memberId,
          clientId: r.readString(),
          host: r.readString(),
          subscribed: r.readStrings(),
          assigned: readAssignment(r),
        };
      });
      r.readInt32();
      return { code, group, state, members };
    });
  },
);
