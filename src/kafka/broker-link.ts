import { isIP } from 'node:net';
import { apiVersionsV3, Connection, NetworkError, TimeoutError } from '@platformatic/kafka';
import { FerryError } from '../migration/errors.js';
import { connectionFailure } from './connection-failure.js';
import type { ClusterConnection } from './connection-settings.js';
import type { Api } from './wire/api.js';

const saslMechanisms = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

/** One connection to one broker, which knows the versions that the broker speaks. */
export class BrokerLink {
  private lastError: unknown;

  private constructor(
    private readonly cluster: string,
    readonly address: string,
    private readonly settings: ClusterConnection,
    private readonly connection: Connection,
    private readonly versions: Map<number, { min: number; max: number }>,
  ) {
    connection.on('error', (error) => (this.lastError = error));
  }

  /** Connects, authenticates and asks for versions, or fails `Unreachable` or `Unauthenticated`. */
  static async open(cluster: string, address: string, settings: ClusterConnection): Promise<BrokerLink> {
    const { host, port } = hostAndPort(address);
    const { sasl, tls, requestTimeoutMs, clientId = 'kafka-ferry' } = settings;
    let lastError: unknown;
    let connection: Connection | undefined;
    try {
      connection = new Connection(clientId, {
        connectTimeout: 10_000,
        requestTimeout: requestTimeoutMs ?? 30_000,
        ...(sasl && { sasl: { ...sasl, mechanism: saslMechanisms[sasl.mechanism] } }),
        ...(tls && {
          tls: { ca: tls.ca, cert: tls.certificate, key: tls.key, passphrase: tls.keyPassword },
          tlsServerName: isIP(host) === 0,
        }),
      });
      connection.on('error', (error) => (lastError = error));
      await connection.connect(host, port);
      const { apiKeys } = await apiVersionsV3.api.async(connection, 'kafka-ferry', '0.1.0');
      const versions = new Map(
        apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { min: minVersion, max: maxVersion }]),
      );
      return new BrokerLink(cluster, address, settings, connection, versions);
    } catch (error) {
      connection?.close(() => {});
      // With TLS 1.3 a refused client certificate shows only after the handshake, as the reason why the socket closed.
      throw connectionFailure(cluster, address, settings, lastError ?? error);
    }
  }

  get alive(): boolean {
    return this.connection.isConnected();
  }

  speaks({ key, version }: Api<never, unknown>): boolean {
    const range = this.versions.get(key);
    return range !== undefined && range.min <= version && version <= range.max;
  }

  async ask<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response> {
    if (!this.speaks(api))
      throw new FerryError(
        'Unsupported',
        `Cluster "${this.cluster}" at ${this.address} does not speak ${api.name} version ${api.version}: the ferry needs Kafka 2.8 or newer.`,
      );
    try {
      return await api.ask(this.connection, request);
    } catch (error) {
      if (!(error instanceof NetworkError || error instanceof TimeoutError))
        throw new FerryError(
          'Unexpected',
          `The answer of cluster "${this.cluster}" at ${this.address} to ${api.name} version ${api.version} could not be read: report it with the broker's version.`,
          { cause: error },
        );
      // After a request timed out, its late answer would be taken for that of another.
      this.close();
      throw connectionFailure(this.cluster, this.address, this.settings, this.lastError ?? error);
    }
  }

  close(): void {
    this.connection.removeAllListeners('error');
    this.connection.on('error', () => {});
    this.connection.close(() => {});
    this.connection.socket.destroy();
  }
}

/** `host:port`, the host being a name, an IPv4 address, or an IPv6 address in brackets. */
function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
