import { FerryError } from '../../migration/errors.js';
import { addressOf, type AivenConnection } from './connection.js';

/** The codes of Aiven's answers that say more than their status does; what else an answer holds is not looked at. */
const known = [
  'project_not_found',
  'project_does_not_exist',
  'service_not_found',
  'service_does_not_exist',
  'authentication_failed',
  'user_personal_token_not_allowed',
  'api_client_ip_allowlist_blocks_caller',
  'client_ip_address_policy_violation',
  'not_powered',
  'kafka_topic_queued_for_deletion',
  'resource_managed_by_governance',
  'service_acl_too_many',
  'kafka_acl_not_supported',
  'kafka_topic_invalid_config',
  'kafka_topic_already_exists',
  'kafka_topic_reserved',
  'service_maintenance_required',
] as const;
export type KnownCode = (typeof known)[number];

/** What was asked about is not known, since there is no such project or service. */
export function isElsewhere(code: KnownCode | undefined): boolean {
  return code !== undefined && /^(project|service)_(not_found|does_not_exist)$/.test(code);
}

/** What was asked, for a sentence about its refusal. */
export interface Asked {
  /** Ends "Aiven refused …": `the topic orders`. */
  readonly about: string;
  readonly changes: boolean;
}

export interface Refused {
  readonly status: number;
  readonly code?: KnownCode | undefined;
}

/** The code of an answer that refuses, where it is one of those above. */
export function codeOf(body: unknown): KnownCode | undefined {
  const { errors } = (typeof body === 'object' && body !== null ? body : {}) as { errors?: unknown };
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  const code = (first as { error_code?: unknown } | null | undefined)?.error_code;
  return known.find((one) => one === code);
}

/** What a refusal means, in a sentence without a word of the answer. */
export function refusal(
  cluster: string,
  connection: Pick<AivenConnection, 'project' | 'service' | 'url'>,
  { about, changes }: Asked,
  { status, code }: Refused,
): FerryError {
  const { project, service } = connection;
  const there = `service ${service} of project ${project} at Aiven`;
  switch (code) {
    case 'authentication_failed':
    case 'user_personal_token_not_allowed':
      return unauthenticated(cluster);
    case 'api_client_ip_allowlist_blocks_caller':
    case 'client_ip_address_policy_violation':
      return new FerryError(
        'Unauthorized',
        `Aiven lets nobody ask about project ${project} from this machine's address: have it allowed there, or run the ferry elsewhere.`,
      );
    case 'not_powered':
      return new FerryError('Refused', `The ${there} is powered off: power it on, then try again.`);
    case 'resource_managed_by_governance':
      return new FerryError(
        'Refused',
        `Aiven refused ${about}, since it is managed by the governance of its organization: have it made there, with createdBy: people in the file.`,
      );
    case 'service_acl_too_many':
      return new FerryError(
        'Refused',
        `Aiven refused ${about}: ${there} has as many ACLs as its plan allows; take away those that nobody needs, or join them by patterns.`,
      );
    case 'kafka_acl_not_supported':
    case 'service_maintenance_required':
      return new FerryError(
        'Unsupported',
        `The ${there} cannot take ${about} as an ACL of Kafka: have its maintenance update applied, or say acls: aiven under provision in ferry.yaml.`,
      );
    case 'kafka_topic_reserved':
      return new FerryError('Refused', `Aiven keeps ${about} for itself: choose another name.`);
    case 'project_not_found':
    case 'project_does_not_exist':
    case 'service_not_found':
    case 'service_does_not_exist':
    case 'kafka_topic_invalid_config':
    case 'kafka_topic_already_exists':
    case 'kafka_topic_queued_for_deletion':
    case undefined:
      break;
  }
  if (status >= 300 && status < 400)
    return new FerryError(
      'Unexpected',
      `What answers at ${new URL(addressOf(connection)).host} sends the ferry elsewhere (status ${status}), and the token of cluster "${cluster}" goes to no other address: give the address of Aiven's API itself as url under provision in ferry.yaml.`,
    );
  switch (status) {
    case 401:
      return unauthenticated(cluster);
    case 403:
      return new FerryError(
        'Unauthorized',
        changes
          ? `The token of cluster "${cluster}" may look at project ${project} at Aiven and change nothing there, so ${about} was not changed: give one whose owner may change its services.`
          : `The token of cluster "${cluster}" may not look at project ${project} at Aiven, or there is none of that name: check project under provision in ferry.yaml, and who owns the token.`,
      );
    case 404:
      return new FerryError(
        'NotFound',
        `There is no ${there}, or it does not have ${about}: check project and service of cluster "${cluster}" under provision in ferry.yaml.`,
      );
    case 409:
      return new FerryError('Conflict', `Aiven has ${about} already, or something that is in its way.`);
    case 400:
      return new FerryError(
        'Refused',
        `Aiven refused ${about} as ${there} would not take it: check names, partitions, replication and configuration against what the service allows.`,
      );
    default:
      return new FerryError(
        'Unexpected',
        `Aiven's API answered ${status} about ${about}, which no rule covers: see its status page, then try again.`,
      );
  }
}

function unauthenticated(cluster: string): FerryError {
  return new FerryError(
    'Unauthenticated',
    `Aiven does not accept the token of cluster "${cluster}": it is wrong or has expired; give another one under provision in ferry.yaml.`,
  );
}

/** Ends a sentence about a change that may be asked for again. */
export const madeOnce = '; what was made so far stays, and nothing is made twice';

/** The API has answered that it cannot do it now, as often as it was asked. */
export function busy(cluster: string, { changes }: Asked, status: number, times: number): FerryError {
  return new FerryError(
    'Unreachable',
    `Aiven's API does not do what is asked of it for cluster "${cluster}" (status ${status}, ${times} times): see its status page, then try again${changes ? madeOnce : ''}.`,
  );
}
