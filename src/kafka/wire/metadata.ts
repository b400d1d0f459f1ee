import type { WireReader } from './reader.js';

/** Which topics Metadata is asked for. By id needs version 12. */
export type MetadataRequest = { names: readonly string[] } | { ids: readonly string[] } | 'all';

export interface MetadataResponse {
  brokers: { id: number; host: string; port: number; rack: string | null }[];
  clusterId: string | null;
  controllerId: number;
  topics: MetadataTopic[];
}

export interface MetadataTopic {
  code: number;
  /** `null` when asked for by an id that is not there. */
  name: string | null;
  topicId: string | null;
  internal: boolean;
  partitions: {
    code: number;
    partition: number;
    leader: number;
    leaderEpoch: number;
    replicas: number[];
    isr: number[];
  }[];
}

/*
  Metadata Response (versions 11 and 12) => throttle_time_ms [brokers] cluster_id controller_id [topics] TAG_BUFFER
    throttle_time_ms => INT32
    brokers => node_id host port rack TAG_BUFFER
      node_id => INT32
      host => COMPACT_STRING
      port => INT32
      rack => COMPACT_NULLABLE_STRING
    cluster_id => COMPACT_NULLABLE_STRING
    controller_id => INT32
    topics => error_code name topic_id is_internal [partitions] topic_authorized_operations TAG_BUFFER
      error_code => INT16
      name => COMPACT_STRING (nullable in version 12)
      topic_id => UUID
      is_internal => BOOLEAN
      partitions => error_code partition_index leader_id leader_epoch [replica_nodes] [isr_nodes] [offline_replicas] TAG_BUFFER
        error_code => INT16
        partition_index, leader_id, leader_epoch, replica_nodes, isr_nodes, offline_replicas => INT32
      topic_authorized_operations => INT32
*/
export function readMetadata(r: WireReader): MetadataResponse {
  r.readThrottle();
  return {
    brokers: r.readArray(() => ({
      id: r.readInt32(),
      host: r.readString(),
      port: r.readInt32(),
      rack: r.readNullableString(),
    })),
    clusterId: r.readNullableString(),
    controllerId: r.readInt32(),
    topics: r.readArray(() => {
      const topic = {
        code: r.readInt16(),
        name: r.readNullableString(),
        topicId: r.readTopicId(),
        internal: r.readBoolean(),
        partitions: r.readArray(() => {
          const partition = {
            code: r.readInt16(),
            partition: r.readInt32(),
            leader: r.readInt32(),
            leaderEpoch: r.readInt32(),
            replicas: r.readInts(),
            isr: r.readInts(),
          };
          r.readInts();
          return partition;
        }),
      };
      r.readInt32();
      return topic;
    }),
  };
}
