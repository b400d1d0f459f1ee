import type { TopicFacts } from '../kafka/cluster.js';

/**
 * What brokers keep, and what runs beside them keeps of them, without their marking it (`Topic.INTERNAL_TOPICS`): remote storage,
 * Cruise Control, and the operators and services that are known to. Two underscores say nothing: any user may begin a name so.
 */
const unmarked =
  /^__(remote_log_metadata|cluster_metadata|share_group_state|(Kafka)?CruiseControl.*|amazon_msk_.*|strimzi[_-].*|confluent\..*|eventstreams_.*)$/;

/** Whether a topic is Kafka's own: whoever runs the target has it there anew. */
export const isKafkasOwn = ({ name, internal }: Pick<TopicFacts, 'name' | 'internal'>): boolean =>
  internal || unmarked.test(name);
