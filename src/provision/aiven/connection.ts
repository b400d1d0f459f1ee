/** Which service at Aiven a cluster is, and who asks its API. Only the worker's configuration knows this. */
export interface AivenConnection {
  readonly project: string;
  readonly service: string;
  /** Sent as `Authorization: aivenv1 …`, and nowhere else. */
  readonly apiToken: string;
  /** Another address than `https://api.aiven.io/v1`. */
  readonly url?: string;
  /**
   * In which words rights are given: Aiven's own ACLs (`aiven`), Kafka's (`native`), or Aiven's own wherever they say
   * exactly what is wanted and Kafka's elsewhere (`auto`).
   */
  readonly acls: AclWords;
  /** What becomes of a service user that is to have a right and is not there: it is asked about, or made. */
  readonly users: MissingUsers;
}

export const addressOf = ({ url }: Pick<AivenConnection, 'url'>): string => url ?? 'https://api.aiven.io/v1';

/** One word that a header can hold: what else there is in a file of a token is an accident. */
export const isApiToken = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);

export const missingUsers = ['ask', 'make'] as const;
export type MissingUsers = (typeof missingUsers)[number];

export const aclWords = ['auto', 'aiven', 'native'] as const;
export type AclWords = (typeof aclWords)[number];
