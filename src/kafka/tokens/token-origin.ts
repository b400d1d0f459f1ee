/** Who gives the ferry its bearer tokens for a cluster. */
export type TokenOrigin = TokenEndpoint | TokenFile | MskIam;

/** OAuth 2.0's client credentials grant (RFC 6749, 4.4). */
export interface TokenEndpoint {
  readonly from: 'endpoint';
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** How the client says who it is (RFC 6749, 2.3.1): HTTP basic authentication, or beside the grant in the form. */
  readonly authentication: 'basic' | 'body';
  readonly scope?: string;
  /** No part of RFC 6749, and asked for by several who give tokens. */
  readonly audience?: string;
  /** PEM texts. */
  readonly tls?: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    readonly keyPassword?: string;
  };
}

/** A file that somebody else replaces before its token ends, as Kubernetes and agents of identity providers do. */
export interface TokenFile {
  readonly from: 'file';
  /** Its absolute path. */
  readonly path: string;
}

/** Amazon MSK with IAM: AWS credentials as AWS's SDK finds them, unless a profile or a role is named. */
export interface MskIam {
  readonly from: 'msk';
  readonly region: string;
  /** Of AWS's shared configuration. */
  readonly profile?: string;
  /** The ARN of a role to assume. */
  readonly role?: string;
}
