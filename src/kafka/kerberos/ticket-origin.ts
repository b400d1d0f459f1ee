/** What the ferry gets its tickets of Kerberos with. */
export type TicketOrigin = (Keytab | CredentialCache) & {
  /** Absolute path of the configuration of Kerberos; else `KRB5_CONFIG`, else the machine's own. */
  readonly krb5Conf?: string;
};

/** A principal's keys: tickets are got with them, and got anew before they end. */
export interface Keytab {
  readonly from: 'keytab';
  /** Its absolute path. */
  readonly path: string;
  /** `ferry@EXAMPLE.COM` */
  readonly principal: string;
}

/** Tickets that somebody else gets and renews: `kinit`, `k5start`, a daemon. */
export interface CredentialCache {
  readonly from: 'cache';
  /** As `KRB5CCNAME` has it: `FILE:/tmp/krb5cc_1000`, `KCM:`, … */
  readonly name: string;
  /** Of several in a collection; absent: the cache's own. */
  readonly principal?: string;
}
