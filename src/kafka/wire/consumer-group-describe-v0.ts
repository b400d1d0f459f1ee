import type { TopicPartition } from '../cluster.js';
import { api, appendStrings } from './api.js';
import type { WireReader } from './reader.js';

/** A group whose assignments the broker computes (KIP-848). */
export interface BrokerAssignedGroup {
  code: number;
  group: string;
  state: string;
  members: {
    memberId: string;
    clientId: string;
    host: string;
    subscribed: string[];
    /** A regular expression in RE2 syntax that the broker matches against topic names. */
    subscribedPattern: string | null;
    assigned: TopicPartition[];
  }[];
}

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

/*
  assignment => [topic_partitions] TAG_BUFFER
    topic_partitions => topic_id topic_name [partitions] TAG_BUFFER
      topic_id => UUID
      topic_name => COMPACT_STRING
      partitions => INT32
*/
export function readAssignment(r: WireReader): TopicPartition[] {
  const topics = r.readArray(() => {
    r.readTopicId();
    const topic = r.readString();
    return r.readInts().map((partition) => ({ topic, partition }));
  });
  r.readTaggedFields();
  return topics.flat();
}
