import { api, appendStrings } from './api.js';
import { readAssignment } from './consumer-group-describe.js';
import type { BrokerAssignedGroup } from './consumer-group-describe.js';

/*
  ConsumerGroupDescribe Request (Version: 0) => [group_ids] include_authorized_operations TAG_BUFFER
    group_ids => COMPACT_STRING
    include_authorized_operations => BOOLEAN

  ConsumerGroupDescribe Response (Version: 0) => throttle_time_ms [groups] TAG_BUFFER
    throttle_time_ms => INT32
    groups => error_code error_message group_id group_state group_epoch assignment_epoch assignor_name [members] authorized_operations TAG_BUFFER
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING
      group_id => COMPACT_STRING
      group_state => COMPACT_STRING
      group_epoch => INT32
      assignment_epoch => INT32
      assignor_name => COMPACT_STRING
      members => member_id instance_id rack_id member_epoch client_id client_host [subscribed_topic_names] subscribed_topic_regex assignment target_assignment TAG_BUFFER
        member_id => COMPACT_STRING
        instance_id => COMPACT_NULLABLE_STRING
        rack_id => COMPACT_NULLABLE_STRING
        member_epoch => INT32
        client_id => COMPACT_STRING
        client_host => COMPACT_STRING
        subscribed_topic_names => COMPACT_STRING
        subscribed_topic_regex => COMPACT_NULLABLE_STRING
      authorized_operations => INT32
*/
export const consumerGroupDescribeV0 = api<readonly string[], BrokerAssignedGroup[]>(
  ['ConsumerGroupDescribe', 69, 0],
  (groups, writer) => appendStrings(writer, groups).appendBoolean(false).appendTaggedFields(),
  (r) => {
    r.readInt32();
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
        r.readNullableString();
        r.readInt32();
        const member = {
          memberId,
          clientId: r.readString(),
          host: r.readString(),
          subscribed: r.readStrings(),
          subscribedPattern: r.readNullableString(),
          assigned: readAssignment(r),
        };
        readAssignment(r);
        return member;
      });
      r.readInt32();
      return { code, group, state, members };
    });
  },
);
