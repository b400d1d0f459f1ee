import type { HttpConnection } from '../http/client.js';

/**
 * How to reach a Kafka Connect by its REST interface, and how its connectors reach the two clusters. Only the worker's
 * configuration knows this.
 */
export interface ConnectConnection extends HttpConnection {
  /**
   * Client properties of Kafka by which a connector reaches the source, as Connect is given them: `bootstrap.servers`,
   * `security.protocol`, and secrets only as references to Connect's config providers (`${file:/path:key}`).
   */
  readonly sourceClient: Readonly<Record<string, string>>;
  /** The same for the target. */
  readonly targetClient: Readonly<Record<string, string>>;
}
