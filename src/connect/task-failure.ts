import type { ErrorType } from '../migration/error-types.js';

/** Why a connector or a task has failed, in words of our own. */
export interface TaskFailure {
  type: ErrorType;
  /** Without a full stop, to be put into a sentence. */
  reason: string;
}

/**
 * By the class of an exception, without its package; the first rule that fits any of them counts, so causes that say
 * more come first.
 */
const rules: readonly (TaskFailure & { classes: RegExp })[] = [
  {
    classes:
      /^(TopicAuthorization|ClusterAuthorization|GroupAuthorization|TransactionalIdAuthorization|DelegationTokenAuthorization|Authorization)Exception$/,
    type: 'Unauthorized',
    reason: 'the principal of Connect is not authorized: grant it what it lacks',
  },
  {
    classes:
      /^(SaslAuthentication|SslAuthentication|Authentication|UnsupportedSaslMechanism|IllegalSaslState|Login)Exception$/,
    type: 'Unauthenticated',
    reason:
      'a cluster refused the credentials of Connect: check sourceClient and targetClient in ferry.yaml and the files they refer to',
  },
  {
    classes: /^(RecordTooLarge|RecordBatchTooLarge|MessageSizeTooLarge)Exception$/,
    type: 'Refused',
    reason:
      'a record is larger than the target takes: raise max.message.bytes of the topic on the target, and max.request.size of the connector where that is smaller',
  },
  {
    classes: /^(UnknownTopicOrPartition|UnknownTopicId|InvalidTopic)Exception$/,
    type: 'NotFound',
    reason: 'a topic that it copies is not there: see whether it was deleted',
  },
  {
    classes: /^(OffsetOutOfRange|NoOffsetForPartition|LogTruncation)Exception$/,
    type: 'Changed',
    reason: 'the source no longer has the records that come next: they expired, or the topic was made anew',
  },
  {
    classes:
      /^(InvalidTimestamp|InvalidRecord|CorruptRecord|PolicyViolation|UnsupportedCompressionType|InvalidRequiredAcks)Exception$/,
    type: 'Refused',
    reason:
      'the target refused a record (its timestamp, its key or its format): compare the configuration of the topic on both sides',
  },
  {
    classes: /^(ProducerFenced|InvalidProducerEpoch|FencedInstanceId|TransactionalIdNotFound)Exception$/,
    type: 'Unreachable',
    reason: 'another instance of the task took its place',
  },
  {
    classes: /^(NotEnoughReplicas|NotEnoughReplicasAfterAppend)Exception$/,
    type: 'Unreachable',
    reason: 'the target has too few replicas in sync',
  },
  {
    classes:
      /^(Timeout|Disconnect|Network|BrokerNotAvailable|LeaderNotAvailable|NotLeaderOrFollower|ConnectTimeout|SocketTimeout|UnknownHost|InterruptedIO)Exception$/,
    type: 'Unreachable',
    reason: 'a cluster did not answer in time',
  },
  {
    classes: /^(Config|ClassNotFound|Plugin|NoClassDefFound)(Exception|Error)$/,
    type: 'BadInput',
    reason: 'its configuration is not accepted: see the log of Connect',
  },
  {
    classes: /^OutOfMemoryError$/,
    type: 'Refused',
    reason: 'the Connect worker ran out of memory: give it more',
  },
];

const exceptionClass = /(?:^|[\s:])(?:[a-z][\w$]*\.)+([A-Z][\w$]*(?:Exception|Error))\b/gm;

/**
 * The reason in a stack trace of Java. A trace quotes records, addresses and configuration, so nothing of its text is
 * passed on but the class of an exception.
 */
export function taskFailure(trace: string): TaskFailure {
  const classes = [...trace.matchAll(exceptionClass)].flatMap(([, name]) => name ?? []);
  const rule = rules.find((one) => classes.some((name) => one.classes.test(name)));
  if (rule)
    return { type: rule.type, reason: `${rule.reason} (${classes.find((name) => rule.classes.test(name))})` };
  // What wraps says less than what it wraps.
  const telling = classes.findLast((name) => name !== 'ConnectException' && name !== 'KafkaException');
  return {
    type: 'Unexpected',
    reason: `no rule covers its exception (${telling ?? classes.at(-1) ?? 'no class'}): see the log of Connect`,
  };
}
