import { api, appendTopicId } from './api.js';
import { readMetadata } from './metadata.js';
import type { MetadataRequest, MetadataResponse } from './metadata.js';

/*
  Metadata Request (Version: 12) => [topics] allow_auto_topic_creation include_topic_authorized_operations TAG_BUFFER
    topics => topic_id name TAG_BUFFER       null: all topics; either the id or the name is set
      topic_id => UUID
      name => COMPACT_NULLABLE_STRING
    allow_auto_topic_creation => BOOLEAN
    include_topic_authorized_operations => BOOLEAN
*/
export const metadataV12 = api<MetadataRequest, MetadataResponse>(
  ['Metadata', 3, 12],
  (request, writer) => {
    const topics: { id: string | null; name: string | null }[] | null =
      request === 'all'
        ? null
        : 'ids' in request
          ? request.ids.map((id) => ({ id, name: null }))
          : request.names.map((name) => ({ id: null, name }));
    return writer
      .appendArray(topics, (w, { id, name }) => appendTopicId(w, id).appendString(name))
      .appendBoolean(false)
      .appendBoolean(false)
      .appendTaggedFields();
  },
  readMetadata,
);
