/** How to reach a Kafka Connect, and how its connectors reach the two clusters. Only the worker's configuration knows this. */
export interface ConnectConnection {
  /** Of its REST interface, without a slash at the end. */
  readonly url: string;
  /** Basic authentication. */
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. Unset: whom this machine trusts. */
  readonly tls?: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    readonly keyPassword?: string;
  };
  /**
   * Client properties of Kafka by which a connector reaches the source, as Connect is given them: `bootstrap.servers`,
   * `security.protocol`, and secrets only as references to Connect's config providers (`${file:/path:key}`).
   */
  readonly sourceClient: Readonly<Record<string, string>>;
  /** The same for the target. */
  readonly targetClient: Readonly<Record<string, string>>;
}
