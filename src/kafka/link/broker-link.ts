import { isIP } from 'node:net';
import { FerryError, isFerryError } from '../../migration/errors.js';
import { version } from '../../migration/version.js';
import { connectionFailure } from './connection-failure.js';
import type { ClusterConnection } from './cluster-connection.js';
import type { Credentials, Proof } from './credentials.js';
import { ok } from './refusal.js';
import { apiVersionsV3 } from '../wire/api-versions-v3.js';
import type { Api } from '../wire/api.js';
import { Disconnected, Exchange, type ExchangeOptions } from '../wire/exchange.js';

const connectTimeoutMs = 10_000;
const defaultRequestTimeoutMs = 30_000;
/** Of the time that the broker allows: then the ferry says anew who it is. */
const reauthenticationAfter = 0.8;
const longestTimerMs = 2 ** 31 - 1;
/** A broker takes no proof sooner after the last one (KIP-368, `MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS`). */
const reauthenticationNotBeforeMs = 1_100;
/** Between attempts to get ready for it. */
const leastPauseMs = 250;

/** One connection to one broker, which knows the versions that the broker speaks. */
export class BrokerLink {
  /** Under way: the broker takes nothing else until it knows anew who asks. */
  private reauthentication: Promise<void> | undefined;
  private due: NodeJS.Timeout | undefined;

  private constructor(
    private readonly cluster: string,
    readonly address: string,
    private readonly settings: ClusterConnection,
    private readonly credentials: Credentials | undefined,
    private readonly exchange: Exchange,
    private readonly versions: Map<number, { min: number; max: number }>,
    sessionMs: number,
  ) {
    this.reauthenticateBefore(sessionMs);
  }

  /**
   * Connects, authenticates and asks for versions, or fails `Unreachable` or `Unauthenticated`.
   *
   * @param credentials shared by all connections to the cluster
   * @param link `throttled` is told what a quota holds back, for ms from now on; `signal` ends a connection that nobody waits
   *   for any more
   */
  static async open(
    cluster: string,
    address: string,
    settings: ClusterConnection,
    credentials: Credentials | undefined,
    { throttled, signal }: Pick<ExchangeOptions, 'throttled' | 'signal'> = {},
  ): Promise<BrokerLink> {
    const { host, port } = hostAndPort(address);
    const { tls, requestTimeoutMs = defaultRequestTimeoutMs, clientId = 'kafka-ferry' } = settings;
    let exchange: Exchange | undefined;
    try {
      const proof = await credentials?.ready(host);
      exchange = await Exchange.open({
        host,
        port,
        clientId,
        connectTimeoutMs,
        requestTimeoutMs,
        ...(throttled && { throttled }),
        ...(signal && { signal }),
        tls: tls && {
          ca: tls.ca,
          cert: tls.certificate,
          key: tls.key,
          passphrase: tls.keyPassword,
          // An address is no name that could be asked for (RFC 6066).
          ...(isIP(host) === 0 && { servername: host }),
        },
      });
      const sessionMs = proof ? await proof(exchange) : 0;
      const answer = await exchange.ask(apiVersionsV3, { software: 'kafka-ferry', softwareVersion: version });
      if (answer.code !== ok) throw tooOld(cluster, address, 'ApiVersions version 3');
      const versions = new Map(answer.versions.map(({ key, min, max }) => [key, { min, max }]));
      return new BrokerLink(cluster, address, settings, credentials, exchange, versions, sessionMs);
    } catch (error) {
      exchange?.close();
      if (isFerryError(error)) throw error;
      // With TLS 1.3 a refused client certificate shows only after the handshake, as the reason why the socket closed.
      throw connectionFailure(cluster, address, settings, error);
    }
  }

  get alive(): boolean {
    return this.exchange.alive;
  }

  speaks({ key, version }: Api<never, unknown>): boolean {
    const range = this.versions.get(key);
    return range !== undefined && range.min <= version && version <= range.max;
  }

  async ask<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response> {
    if (!this.speaks(api)) throw tooOld(this.cluster, this.address, `${api.name} version ${api.version}`);
    // Nothing may come between this and what is asked: a broker that is being told anew who asks takes nothing else.
    while (this.reauthentication) await this.reauthentication;
    try {
      return await this.exchange.ask(api, request);
    } catch (error) {
      if (!(error instanceof Disconnected))
        throw new FerryError(
          'Unexpected',
          `The answer of cluster "${this.cluster}" at ${this.address} to ${api.name} version ${api.version} could not be read: report it with the broker's version.`,
          { cause: error },
        );
      throw connectionFailure(this.cluster, this.address, this.settings, error);
    }
  }

  close(): void {
    clearTimeout(this.due);
    this.exchange.close();
  }

  private reauthenticateBefore(sessionMs: number): void {
    if (!this.credentials || sessionMs <= 0) return;
    const endsAt = performance.now() + sessionMs;
    this.reauthenticateIn(Math.max(sessionMs * reauthenticationAfter, reauthenticationNotBeforeMs), endsAt);
  }

  private reauthenticateIn(ms: number, sessionEndsAt: number): void {
    const soon = () => void this.reauthenticate(sessionEndsAt);
    this.due = setTimeout(soon, Math.min(ms, longestTimerMs)).unref();
  }

  private async reauthenticate(sessionEndsAt: number): Promise<void> {
    let proof: Proof;
    try {
      proof = (await this.credentials?.ready(hostAndPort(this.address).host)) as Proof;
    } catch {
      // What gives tokens is away; the session goes on as long as it lasts.
      const leftMs = sessionEndsAt - performance.now();
      if (leftMs > leastPauseMs) this.reauthenticateIn(Math.max(leftMs / 4, leastPauseMs), sessionEndsAt);
      else this.close();
      return;
    }
    if (!this.alive) return;
    const again = proof(this.exchange).then(
      (nextMs) => this.reauthenticateBefore(nextMs),
      // Whoever asks next connects anew, and is told what is wrong.
      () => this.close(),
    );
    this.reauthentication = again.finally(() => (this.reauthentication = undefined));
  }
}

function tooOld(cluster: string, address: string, request: string): FerryError {
  return new FerryError(
    'Unsupported',
    `Cluster "${cluster}" at ${address} does not speak ${request}: the ferry needs Kafka 2.8 or newer.`,
  );
}

/** `host:port`, the host being a name, an IPv4 address, or an IPv6 address in brackets. */
function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
