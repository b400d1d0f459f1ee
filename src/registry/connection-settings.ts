/** How to reach a schema registry and who to be there. Only the worker's configuration knows this. */
export interface RegistryConnection {
  /** Of its Confluent-compatible REST interface, for example `https://registry.example.com` or `http://host/apis/ccompat/v7`. */
  readonly url: string;
  /** HTTP basic authentication. */
  readonly login?: { readonly username: string; readonly password: string };
  /** PEM texts, beside what `https` in the url says already. */
  readonly tls?: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    readonly keyPassword?: string;
  };
  /** How long one request may take, 30 s unless told. */
  readonly requestTimeoutMs?: number;
  /** Pauses before a request that got no answer is sent again, ms; `[200, 800]` unless told. */
  readonly pausesMs?: readonly number[];
}
