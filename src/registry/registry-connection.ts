import type { HttpConnection } from '../http/client.js';

/**
 * How to reach a schema registry and who to be there; the url is that of its Confluent-compatible REST interface, for
 * example `https://registry.example.com` or `http://host/apis/ccompat/v7`. Only the worker's configuration knows this.
 */
export interface RegistryConnection extends HttpConnection {
  /** How long one request may take, 30 s unless told. */
  readonly requestTimeoutMs?: number;
  /** Pauses before a request that got no answer is sent again, ms; `[200, 800]` unless told. */
  readonly pausesMs?: readonly number[];
}
