import { FerryError, isFerryError } from '../../migration/errors.js';
import { BrokerLink } from './broker-link.js';
import type { ClusterConnection } from './cluster-connection.js';
import { type Credentials, credentialsOf, NoProof } from './credentials.js';
import { Restraint } from './restraint.js';
import type { Api } from '../wire/api.js';
import type { MetadataRequest, MetadataResponse, MetadataTopic } from '../wire/metadata.js';
import { metadataV11 } from '../wire/metadata-v11.js';
import { metadataV12 } from '../wire/metadata-v12.js';
import { firstOf } from './first-of.js';
import { leaderNotAvailable, unknownTopicId, unknownTopicOrPartition } from './refusal.js';

/**
 * Long polls travel on a connection of their own: a broker answers one connection's requests in order. So does each
 * mirror, on two lanes of its own name, since one must not wait for another. Topics are made and deleted on another: a
 * quota of mutations mutes the connection, and what is only asked need not wait for that.
 */
export type Lane = 'facts' | 'changes' | 'records' | `records of ${string}` | `writes of ${string}`;

/** Before another address is tried beside one that is being connected to (RFC 8305), and beside one that owes an answer. */
const patienceForConnectionMs = 250;
const patienceForAnswerMs = 3_000;

interface Link {
  readonly opening: Promise<BrokerLink>;
  readonly abandoned: AbortController;
  opened?: BrokerLink;
}

/** The brokers of one cluster, found through the bootstrap addresses; one lazy connection per broker and lane. */
export class Brokers {
  private readonly links = new Map<string, Link>();
  /** Addresses that did not answer when they were last asked: others are tried first. */
  private readonly silent = new Set<string>();
  private addresses = new Map<number, string>();
  private readonly counts: Record<string, number> = {};
  private readonly credentials: Credentials | undefined;
  readonly restraint = new Restraint();

  constructor(
    readonly cluster: string,
    private readonly settings: ClusterConnection,
  ) {
    this.credentials = credentialsOf(cluster, settings.sasl);
  }

  /** How many requests have been sent, by the protocol's name for them. */
  requests(): Record<string, number> {
    return { ...this.counts };
  }

  /**
   * Metadata from any broker that answers. Never creates a topic. That a topic is not there takes two brokers, where there are
   * two: after a change of controller, one that has just begun knows the brokers before it knows any topic.
   *
   * @throws FerryError `Unreachable` while no broker knows of brokers
   */
  async metadata(request: MetadataRequest): Promise<MetadataResponse> {
    let { address, answer } = await this.metadataBy(request);
    this.addresses = new Map(answer.brokers.map(({ id, host, port }) => [id, `${host}:${port}`]));
    // An address of the bootstrap may be another name of any broker, so the word of who answered there is nobody's yet.
    let others = [...this.addresses.values()].filter((other) => other !== address);
    for (let words = others.length < this.addresses.size ? 1 : 0; words < 2 && others.length > 0; words++) {
      const denied = answer.topics.filter(isDenied);
      if (denied.length === 0) break;
      const second = await this.secondAnswer(request, denied, others);
      const again = new Map(second.topics.map((topic) => [keyOf(request, topic), topic]));
      answer = { ...answer, topics: answer.topics.map((topic) => again.get(keyOf(request, topic)) ?? topic) };
      ({ address } = second);
      others = others.filter((other) => other !== address);
    }
    return answer;
  }

  private metadataBy(
    request: MetadataRequest,
    candidates?: readonly string[],
  ): Promise<{ address: string; answer: MetadataResponse }> {
    return this.any(
      async (link) => ({ address: link.address, answer: await this.metadataOf(link, request) }),
      candidates,
    );
  }

  /**
   * As a broker that is starting answers: without brokers, and as if there were no topics. Clients ask another one
   * (`NetworkClient.handleSuccessfulResponse`, which ignores an answer without brokers).
   */
  private async metadataOf(link: BrokerLink, request: MetadataRequest): Promise<MetadataResponse> {
    const byId = typeof request === 'object' && 'ids' in request;
    const answer =
      byId || link.speaks(metadataV12)
        ? await this.askLink(link, metadataV12, request)
        : await this.askLink(link, metadataV11, request);
    if (answer.brokers.length > 0) return answer;
    throw new FerryError(
      'Unreachable',
      `What answers for cluster "${this.cluster}" has just begun and knows no broker yet: it is asked again; if it stays so, see whether the cluster has a controller.`,
    );
  }

  /** What another broker says of topics that no broker before it knew; while none answers, it is not known whether they are there. */
  private async secondAnswer(
    request: MetadataRequest,
    denied: readonly MetadataTopic[],
    others: readonly string[],
  ): Promise<{ address: string; topics: MetadataTopic[] }> {
    const keys = denied.map((topic) => keyOf(request, topic) ?? '');
    const about = typeof request === 'object' && 'ids' in request ? { ids: keys } : { names: keys };
    try {
      const { address, answer } = await this.metadataBy(about, others);
      return { address, topics: answer.topics };
    } catch (error) {
      if (!isFerryError(error) || error.type !== 'Unreachable') throw error;
      return { address: '', topics: denied.map((topic) => ({ ...topic, code: leaderNotAvailable })) };
    }
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
    return this.any((link) => this.askLink(link, api, request));
  }

  async close(): Promise<void> {
    for (const key of [...this.links.keys()]) this.closeLink(key);
    this.credentials?.close();
  }

  /** Closes the connections of one lane; whatever waits for an answer there fails `Unreachable`. */
  async closeLane(lane: Lane): Promise<void> {
    for (const key of [...this.links.keys()]) if (key.startsWith(`${lane} `)) this.closeLink(key);
  }

  private closeLink(key: string): void {
    const known = this.links.get(key);
    this.links.delete(key);
    known?.abandoned.abort();
    known?.opened?.close();
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

  /** A connection that is open already, else the first that opens. */
  private anyLink(): Promise<BrokerLink> {
    return this.any((link) => Promise.resolve(link));
  }

  /** What any broker can answer, from one that is connected if there is one; another is asked beside one that is slow. */
  private async any<T>(
    ask: (link: BrokerLink) => Promise<T>,
    candidates: readonly string[] = [...this.addresses.values(), ...this.settings.bootstrap],
  ): Promise<T> {
    const isOpen = (address: string) => this.links.get(`facts ${address}`)?.opened?.alive === true;
    const rank = (address: string) => (isOpen(address) ? 0 : this.silent.has(address) ? 2 : 1);
    const addresses = [...new Set(candidates)];
    try {
      return await firstOf({
        candidates: addresses.sort((a, b) => rank(a) - rank(b)),
        attempt: async (address) => {
          try {
            const answer = await ask(await this.linkTo(address, 'facts'));
            this.silent.delete(address);
            return answer;
          } catch (error) {
            this.silent.add(address);
            throw error;
          }
        },
        patienceMs: (address) => (isOpen(address) ? patienceForAnswerMs : patienceForConnectionMs),
      });
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error;
      const failures = error.errors as FerryError[];
      const [first] = failures;
      // What gives tokens is the same for all addresses, however each of them noticed that it is away.
      const isOne = (failure: FerryError) => failure instanceof NoProof || failure.message === first?.message;
      if (first && failures.every(isOne)) throw first;
      throw new FerryError(
        'Unreachable',
        `Cluster "${this.cluster}" did not answer at any of ${this.settings.bootstrap.join(', ')}: check the addresses and that its brokers run.`,
        { cause: failures },
      );
    }
  }

  private async linkTo(address: string, lane: Lane): Promise<BrokerLink> {
    const key = `${lane} ${address}`;
    const known = this.links.get(key);
    if (!known) return this.openLink(key, address);
    const link = await known.opening;
    if (link.alive) return link;
    if (this.links.get(key) === known) this.closeLink(key);
    return this.linkTo(address, lane);
  }

  private openLink(key: string, address: string): Promise<BrokerLink> {
    const abandoned = new AbortController();
    const opening = BrokerLink.open(this.cluster, address, this.settings, this.credentials, {
      throttled: (request, ms) => this.restraint.throttled(request, ms),
      signal: abandoned.signal,
    });
    const link: Link = { opening, abandoned };
    this.links.set(key, link);
    opening.then(
      (opened) => (link.opened = opened),
      () => {
        if (this.links.get(key) === link) this.links.delete(key);
      },
    );
    return opening;
  }
}

const isDenied = ({ code }: MetadataTopic) => code === unknownTopicOrPartition || code === unknownTopicId;

/** What a topic of the answer was asked for by. */
const keyOf = (request: MetadataRequest, { name, topicId }: MetadataTopic) =>
  typeof request === 'object' && 'ids' in request ? topicId : name;
