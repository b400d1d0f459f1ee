import type { TopicPartition } from '../cluster.js';
import type { WireReader } from './api.js';

/** A group whose assignments the broker computes (KIP-848, KIP-932). */
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
