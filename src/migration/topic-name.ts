const legal = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/;

/** Kafka's own rule for topic names (org.apache.kafka.common.internals.Topic). */
export const isLegalTopicName = (name: string): boolean => legal.test(name);
