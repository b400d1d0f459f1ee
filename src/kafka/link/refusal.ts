import { protocolErrorsCodesById } from '@platformatic/kafka';
import { FerryError } from '../../migration/errors.js';
import { CommitPending } from '../commit-pending.js';

/** What a request was about, in words for a person. */
export interface Subject {
  readonly cluster: string;
  /** `topic "orders"`, `group "billing"`, ... */
  readonly about: string;
  /** The ACL that the request needs: `DESCRIBE on topic "orders"`. */
  readonly needs: string;
}

/**
 * Codes that go away by themselves: leaders and coordinators move, brokers load and start.
 * `UNKNOWN_SERVER_ERROR` is what a broker of 4.2 says to CreateTopics while there is no controller.
 * `REPLICA_NOT_AVAILABLE` and `LEADER_NOT_AVAILABLE` among them: nobody leads a partition while its only broker is down.
 */
const passing = new Set([-1, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 41, 51, 56, 72, 74, 75, 78, 88, 89]);

/** Of those, the ones that say that what we knew of leaders and coordinators is out of date. */
const moved = new Set([-1, 5, 6, 8, 9, 13, 15, 16, 41, 72, 74, 75]);

/** No code of Kafka's: the answer had no row for what was asked. */
export const noAnswer = -2;
export const ok = 0;
export const unknownTopicOrPartition = 3;
export const leaderNotAvailable = 5;
export const notLeader = 6;
export const notController = 41;
export const securityDisabled = 54;
export const groupIdNotFound = 69;
export const unsupportedVersion = 35;
export const unstableOffsetCommit = 88;
export const throttlingQuotaExceeded = 89;
export const unknownTopicId = 100;
export const inconsistentTopicId = 103;

/** Whether to ask again soon. */
export const isPassing = (code: number): boolean => passing.has(code);
/** Whether to find the leader or coordinator anew first. */
export const isMoved = (code: number): boolean => moved.has(code);

const codeName = (code: number): string => protocolErrorsCodesById[code] ?? `error ${code}`;

/** What a broker's error code means, as one sentence of the closed set. */
export function refusal(code: number, { cluster, about, needs }: Subject): FerryError {
  const on = `on cluster "${cluster}"`;
  switch (code) {
    case 29: // TOPIC_AUTHORIZATION_FAILED
    case 30: // GROUP_AUTHORIZATION_FAILED
    case 31: // CLUSTER_AUTHORIZATION_FAILED
    case 53: // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
      return new FerryError(
        'Unauthorized',
        `The ferry's principal ${on} lacks ${needs}: grant it, then try again.`,
      );
    case 3: // UNKNOWN_TOPIC_OR_PARTITION
    case 69: // GROUP_ID_NOT_FOUND
    case 91: // RESOURCE_NOT_FOUND
    case 100: // UNKNOWN_TOPIC_ID
    case 105: // TRANSACTIONAL_ID_NOT_FOUND
      return new FerryError(
        'NotFound',
        `There is no ${about} ${on}, or the ferry may not see it: check the name and the ACL ${needs}.`,
      );
    case 1: // OFFSET_OUT_OF_RANGE
      return new FerryError(
        'Changed',
        `The offset asked for is not in the log of ${about} ${on} any more: its records expired, or the topic was re-created; read its log start offset again.`,
      );
    case inconsistentTopicId:
      return new FerryError('Changed', `The ${about} ${on} is not the one it was: it has been re-created.`);
    case 36: // TOPIC_ALREADY_EXISTS
      return new FerryError(
        'Conflict',
        `The ${about} exists already ${on}: compare it with what is wanted, or choose another name.`,
      );
    case 17: // INVALID_TOPIC_EXCEPTION
    case 24: // INVALID_GROUP_ID
      return new FerryError('Refused', `The name of ${about} is not valid ${on}: choose another.`);
    case 37: // INVALID_PARTITIONS
      return new FerryError('Refused', `The number of partitions of ${about} is not valid ${on}: change it.`);
    case 38: // INVALID_REPLICATION_FACTOR
      return new FerryError(
        'Refused',
        `There are fewer brokers ${on} than the replication factor of ${about}: lower it, or add brokers.`,
      );
    case 40: // INVALID_CONFIG
      return new FerryError(
        'Refused',
        `A configuration entry of ${about} is not valid ${on}: check the names and values against that broker's version.`,
      );
    case 19: // NOT_ENOUGH_REPLICAS
    case 20: // NOT_ENOUGH_REPLICAS_AFTER_APPEND
      return new FerryError(
        'Unreachable',
        `Fewer replicas of ${about} ${on} are in sync than its min.insync.replicas asks for (${codeName(code)}): bring its brokers back; it is asked again.`,
      );
    case 44: // POLICY_VIOLATION
      return new FerryError('Refused', `A policy ${on} refuses ${about}: ask its operators what they allow.`);
    case 73: // TOPIC_DELETION_DISABLED
      return new FerryError(
        'Refused',
        `Topics cannot be deleted ${on}: have its operators set delete.topic.enable=true, or delete ${about} their way.`,
      );
    case 22: // ILLEGAL_GENERATION
    case 25: // UNKNOWN_MEMBER_ID
    case 27: // REBALANCE_IN_PROGRESS
    case 68: // NON_EMPTY_GROUP
    case 86: // GROUP_SUBSCRIBED_TO_TOPIC
    case 110: // FENCED_MEMBER_EPOCH
    case 113: // STALE_MEMBER_EPOCH
      return new FerryError(
        'Refused',
        `The ${about} ${on} has live members: stop its consumers, then try again.`,
      );
    case 12: // OFFSET_METADATA_TOO_LARGE
    case 28: // INVALID_COMMIT_OFFSET_SIZE
      return new FerryError(
        'Refused',
        `The commit metadata of ${about} is larger than offset.metadata.max.bytes ${on}: raise it there.`,
      );
    case 10: // MESSAGE_TOO_LARGE
      return new FerryError(
        'Refused',
        `A batch for ${about} is larger than max.message.bytes ${on}: raise it there.`,
      );
    case 2: // CORRUPT_MESSAGE
      return new FerryError(
        'Refused',
        `A batch for ${about} arrived damaged ${on}: check the log it was read from with kafka-dump-log.`,
      );
    case 32: // INVALID_TIMESTAMP
      return new FerryError(
        'Refused',
        `A record for ${about} has a timestamp that the topic does not take ${on}: widen message.timestamp.before.max.ms and message.timestamp.after.max.ms there while records are copied.`,
      );
    case 87: // INVALID_RECORD
      return new FerryError(
        'Refused',
        `A record for ${about} is not valid ${on}: a compacted topic takes none without a key.`,
      );
    case securityDisabled:
      return new FerryError(
        'Unsupported',
        `There is no authorizer ${on}, so it has no ACLs: leave them out.`,
      );
    case 35: // UNSUPPORTED_VERSION
    case 43: // UNSUPPORTED_FOR_MESSAGE_FORMAT
      return new FerryError('Unsupported', `The broker version ${on} cannot answer this about ${about}.`);
    case noAnswer:
      return new FerryError(
        'Unexpected',
        `The broker left ${about} out of its answer ${on}: report it with the broker's version.`,
      );
    case unstableOffsetCommit:
      return new CommitPending(
        `A transaction that commits offsets of ${about} ${on} is still open: its offsets are known once it ends.`,
      );
    case throttlingQuotaExceeded:
      return new FerryError(
        'Unreachable',
        `A quota ${on} lets nothing through that is about ${about}: it is asked again; raise the quota of the ferry's principal, or see what else uses it up.`,
      );
    default:
      return passing.has(code)
        ? new FerryError(
            'Unreachable',
            `The broker that answers for ${about} ${on} is not ready (${codeName(code)}): it is asked again.`,
          )
        : new FerryError(
            'Unexpected',
            `The broker answered ${codeName(code)} about ${about} ${on}, which no rule covers: see the broker's log.`,
          );
  }
}
