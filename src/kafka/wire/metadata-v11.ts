import { api, appendTopicId } from './api.js';
import { readMetadata } from './metadata.js';
import type { MetadataRequest, MetadataResponse } from './metadata.js';

/*
  Metadata Request (Version: 11) => [topics] allow_auto_topic_creation include_topic_authorized_operations TAG_BUFFER
    topics => topic_id name TAG_BUFFER       null: all topics; the id must be zero before version 12
      topic_id => UUID
      name => COMPACT_NULLABLE_STRING
    allow_auto_topic_creation => BOOLEAN
    include_topic_authorized_operations => BOOLEAN
*/
export const metadataV11 = api<Exclude<MetadataRequest, { ids: readonly string[] }>, MetadataResponse>(
  ['Metadata', 3, 11],
  (request, writer) =>
    writer
      .appendArray(request === 'all' ? null : [...request.names], (w, name) =>
        appendTopicId(w, null).appendString(name),
      )
      .appendBoolean(false)
      .appendBoolean(false)
      .appendTaggedFields(),
  readMetadata,
);
