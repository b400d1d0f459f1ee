import type { NewTopic } from '../cluster.js';
import { api } from './api.js';

export interface CreateTopicsRequest {
  topics: readonly NewTopic[];
  timeoutMs: number;
  validateOnly: boolean;
}

export interface CreateTopicsResponse {
  /** When to ask again for the topics that a quota kept from being made. */
  throttleMs: number;
  topics: { name: string; topicId: string | null; code: number }[];
}

/*
  CreateTopics Request (Version: 7) => [topics] timeout_ms validate_only TAG_BUFFER
    topics => name num_partitions replication_factor [assignments] [configs] TAG_BUFFER
      name => COMPACT_STRING
      num_partitions => INT32
      replication_factor => INT16
      assignments => partition_index [broker_ids] TAG_BUFFER
        partition_index => INT32
        broker_ids => INT32
      configs => name value TAG_BUFFER
        name => COMPACT_STRING
        value => COMPACT_NULLABLE_STRING
    timeout_ms => INT32
    validate_only => BOOLEAN

  CreateTopics Response (Version: 7) => throttle_time_ms [topics] TAG_BUFFER
    throttle_time_ms => INT32
    topics => name topic_id error_code error_message num_partitions replication_factor [configs] TAG_BUFFER
      name => COMPACT_STRING
      topic_id => UUID
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING
      num_partitions => INT32
      replication_factor => INT16
      configs => name value read_only config_source is_sensitive TAG_BUFFER       nullable
        name => COMPACT_STRING
        value => COMPACT_NULLABLE_STRING
        read_only => BOOLEAN
        config_source => INT8
        is_sensitive => BOOLEAN

  From version 6 on a topic that would exceed the quota of mutations is refused with THROTTLING_QUOTA_EXCEEDED (KIP-599).
*/
export const createTopicsV7 = api<CreateTopicsRequest, CreateTopicsResponse>(
  ['CreateTopics', 19, 7],
  ({ topics, timeoutMs, validateOnly }, writer) =>
    writer
      .appendArray([...topics], (w, { name, partitions, replicationFactor, config }) =>
        w
          .appendString(name)
          .appendInt32(partitions)
          .appendInt16(replicationFactor)
          .appendArray([], () => {})
          .appendArray(Object.entries(config), (w, [key, value]) => w.appendString(key).appendString(value)),
      )
      .appendInt32(timeoutMs)
      .appendBoolean(validateOnly)
      .appendTaggedFields(),
  (r) => {
    const throttleMs = r.readThrottle();
    const topics = r.readArray(() => {
      const created = { name: r.readString(), topicId: r.readTopicId(), code: r.readInt16() };
      r.readNullableString();
      r.readInt32();
      r.readInt16();
      r.readArray(() => {
        r.readString();
        r.readNullableString();
        r.readBoolean();
        r.readInt8();
        r.readBoolean();
      });
      return created;
    });
    return { throttleMs, topics };
  },
);
