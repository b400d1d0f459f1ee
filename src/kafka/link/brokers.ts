import { FerryError, isFerryError } from '../../migration/errors.js';
import { BrokerLink } from './broker-link.js';
import type { ClusterConnection } from './cluster-connection.js';
import { Restraint } from './restraint.js';
import type { Api } from '../wire/api.js';
import type { MetadataRequest, MetadataResponse } from '../wire/metadata.js';
import { metadataV11 } from '../wire/metadata-v11.js';
import { metadataV12 } from '../wire/metadata-v12.js';

/**
 * Long polls travel on a connection of their own: a broker answers one connection's requests in order. So does each
 * mirror, on two lanes of its own name, since one must not wait for another. Topics are made and deleted on another: a
 * quota of mutations mutes the connection, and what is only asked need not wait for that.
 */
export type Lane = 'facts' | 'changes' | 'records' | `records of ${string}` | `writes of ${string}`;

/** The brokers of one cluster, found through the bootstrap addresses; one lazy connection per broker and lane. */
export class Brokers {
  private readonly links = new Map<string, Promise<BrokerLink>>();
  private addresses = new Map<number, string>();
  private readonly counts: Record<string, number> = {};
  readonly restraint = new Restraint();

  constructor(
    readonly cluster: string,
    private readonly settings: ClusterConnection,
  ) {}

  /** How many requests have been sent, by the protocol's name for them. */
  requests(): Record<string, number> {
    return { ...this.counts };
  }

  /** Metadata from any broker that answers. Never creates a topic. */
  async metadata(request: MetadataRequest): Promise<MetadataResponse> {
    const link = await this.anyLink();
    const response =
      typeof request === 'object' && 'ids' in request
        ? await this.askLink(link, metadataV12, request)
        : link.speaks(metadataV12)
          ? await this.askLink(link, metadataV12, request)
          : await this.askLink(link, metadataV11, request);
    this.addresses = new Map(response.brokers.map(({ id, host, port }) => [id, `${host}:${port}`]));
    return response;
  }

  /** The ids of all brokers, as of now. */
  async ids(): Promise<number[]> {
    return (await this.metadata({ names: [] })).brokers.map(({ id }) => id);
  }

  /** Whether this broker (any, unless told) speaks that version. */
  async speaks(api: Api<never, unknown>, broker?: number): Promise<boolean> {
    return (await (broker === undefined ? this.anyLink() : this.link(broker, 'facts'))).speaks(api);
  }

  async ask<Request, Response>(
    broker: number,
    api: Api<Request, Response>,
    request: Request,
    lane: Lane = 'facts',
  ): Promise<Response> {
    return this.askLink(await this.link(broker, lane), api, request);
  }

  async askAny<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response> {
    return this.askLink(await this.anyLink(), api, request);
  }

  async close(): Promise<void> {
    const links = [...this.links.values()];
    this.links.clear();
    for (const link of await Promise.allSettled(links)) if (link.status === 'fulfilled') link.value.close();
  }

  /** Closes the connections of one lane; whatever waits for an answer there fails `Unreachable`. */
  async closeLane(lane: Lane): Promise<void> {
    const links = [...this.links].filter(([key]) => key.startsWith(`${lane} `));
    for (const [key] of links) this.links.delete(key);
    for (const link of await Promise.allSettled(links.map(([, link]) => link)))
      if (link.status === 'fulfilled') link.value.close();
  }

  private askLink<Request, Response>(
    link: BrokerLink,
    api: Api<Request, Response>,
    request: Request,
  ): Promise<Response> {
    this.counts[api.name] = (this.counts[api.name] ?? 0) + 1;
    return link.ask(api, request);
  }

  private async link(broker: number, lane: Lane): Promise<BrokerLink> {
    if (!this.addresses.has(broker)) await this.metadata({ names: [] });
    const address = this.addresses.get(broker);
    if (address === undefined)
      throw new FerryError(
        'Unreachable',
        `Broker ${broker} of cluster "${this.cluster}" is down: start it, or wait until another takes over.`,
      );
    return this.linkTo(address, lane);
  }

  /** A connection that is open already, else the first address that answers. */
  private async anyLink(): Promise<BrokerLink> {
    const failures: FerryError[] = [];
    for (const address of new Set([...this.addresses.values(), ...this.settings.bootstrap])) {
      try {
        return await this.linkTo(address, 'facts');
      } catch (error) {
        if (!isFerryError(error) || error.type !== 'Unreachable') throw error;
        failures.push(error);
      }
    }
    if (failures.length === 1 && failures[0]) throw failures[0];
    throw new FerryError(
      'Unreachable',
      `Cluster "${this.cluster}" did not answer at any of ${this.settings.bootstrap.join(', ')}: check the addresses and that its brokers run.`,
      { cause: failures },
    );
  }

  private async linkTo(address: string, lane: Lane): Promise<BrokerLink> {
    const key = `${lane} ${address}`;
    const known = this.links.get(key);
    if (!known) return this.openLink(key, address);
    const link = await known;
    if (link.alive) return link;
    link.close();
    if (this.links.get(key) === known) this.links.delete(key);
    return this.linkTo(address, lane);
  }

  private openLink(key: string, address: string): Promise<BrokerLink> {
    const link = BrokerLink.open(this.cluster, address, this.settings, (request, ms) =>
      this.restraint.throttled(request, ms),
    );
    this.links.set(key, link);
    link.catch(() => {
      if (this.links.get(key) === link) this.links.delete(key);
    });
    return link;
  }
}
