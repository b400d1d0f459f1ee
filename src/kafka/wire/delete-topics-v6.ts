import { api, appendTopicId } from './api.js';

export interface DeleteTopicsRequest {
  /** Either the id or the name is set. */
  topics: readonly { name: string | null; topicId: string | null }[];
  timeoutMs: number;
}

export interface DeleteTopicsResponse {
  /** When to ask again for the topics that a quota kept from being deleted. */
  throttleMs: number;
  topics: { name: string | null; topicId: string | null; code: number }[];
}

/*
  DeleteTopics Request (Version: 6) => [topics] timeout_ms TAG_BUFFER
    topics => name topic_id TAG_BUFFER
      name => COMPACT_NULLABLE_STRING
      topic_id => UUID
    timeout_ms => INT32

  DeleteTopics Response (Version: 6) => throttle_time_ms [responses] TAG_BUFFER
    throttle_time_ms => INT32
    responses => name topic_id error_code error_message TAG_BUFFER
      name => COMPACT_NULLABLE_STRING
      topic_id => UUID
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING

  From version 5 on a topic that would exceed the quota of mutations is refused with THROTTLING_QUOTA_EXCEEDED (KIP-599).
*/
export const deleteTopicsV6 = api<DeleteTopicsRequest, DeleteTopicsResponse>(
  ['DeleteTopics', 20, 6],
  ({ topics, timeoutMs }, writer) =>
    writer
      .appendArray([...topics], (w, { name, topicId }) => appendTopicId(w.appendString(name), topicId))
      .appendInt32(timeoutMs)
      .appendTaggedFields(),
  (r) => {
    const throttleMs = r.readThrottle();
    const topics = r.readArray(() => {
      const deleted = { name: r.readNullableString(), topicId: r.readTopicId(), code: r.readInt16() };
      r.readNullableString();
      return deleted;
    });
    return { throttleMs, topics };
  },
);
