import { api, appendTopicId } from './api.js';

export interface DeleteTopicsRequest {
  /** Either the id or the name is set. */
  topics: readonly { name: string | null; topicId: string | null }[];
  timeoutMs: number;
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
*/
export const deleteTopicsV6 = api<
  DeleteTopicsRequest,
  { name: string | null; topicId: string | null; code: number }[]
>(
  ['DeleteTopics', 20, 6],
  ({ topics, timeoutMs }, writer) =>
    writer
      .appendArray([...topics], (w, { name, topicId }) => appendTopicId(w.appendString(name), topicId))
      .appendInt32(timeoutMs)
      .appendTaggedFields(),
  (r) => {
    r.readInt32();
    return r.readArray(() => {
      const deleted = { name: r.readNullableString(), topicId: r.readTopicId(), code: r.readInt16() };
      r.readNullableString();
      return deleted;
    });
  },
);
