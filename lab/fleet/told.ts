import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook as Verifier } from 'standardwebhooks';
import { stringify } from 'yaml';

/** What the receiver counted. */
export interface Told {
  requests: number;
  /** By their ids: whoever gets one twice has been told one thing. */
  notices: number;
  /** By event. */
  events: Record<string, number>;
  /** Sent again although nobody was killed between the two. */
  again: string[];
  /** Without a signature that the library of Standard Webhooks takes. */
  unsigned: number;
  /** What nobody was told of. */
  missing: string[];
}

interface Notice {
  event: string;
  /** Of a migration, or of a wave of a fleet. */
  of: string;
  at: number[];
}

/** Is told of every migration and fleet by a webhook, and believes nothing that it cannot verify. */
export class ToldReceiver {
  readonly #secret = `whsec_${randomBytes(32).toString('base64')}`;
  readonly #verifier = new Verifier(this.#secret);
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      this.#take(Buffer.concat(chunks).toString(), request.headers as Record<string, string>);
      response.writeHead(204).end();
    });
  });
  readonly #notices = new Map<string, Notice>();
  readonly #kills: number[] = [];
  #requests = 0;
  #unsigned = 0;

  /** Whoever starts from this `ferry.yaml` tells it of everything. */
  static async of(ferryYaml: string): Promise<ToldReceiver> {
    const receiver = new ToldReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    const { port } = receiver.#server.address() as AddressInfo;
    const hook = { url: `http://127.0.0.1:${port}/ferry`, secret: receiver.#secret };
    appendFileSync(
      ferryYaml,
      stringify({ notify: { webhooks: { receiver: hook }, everyone: ['receiver'] } }),
    );
    return receiver;
  }

  /** Who tells was killed now, or the server that notes that it is told. */
  killed(): void {
    this.#kills.push(Date.now());
  }

  /** @param ended names, and how each has ended */
  count(ended: readonly { name: string; result: 'done' | 'aborted' }[]): Told {
    const all = [...this.#notices.values()];
    const events: Record<string, number> = {};
    for (const { event } of all) events[event] = (events[event] ?? 0) + 1;
    const of = (name: string, event: string) =>
      all.filter((one) => one.of === name && one.event === event).length;
    return {
      requests: this.#requests,
      notices: all.length,
      events,
      again: all.filter(({ at }) => this.#isAgain(at)).map(({ event, of }) => `${event} of ${of}`),
      unsigned: this.#unsigned,
      missing: ended.flatMap(({ name, result }) => [
        ...(of(name, 'done') === 1 ? [] : [`the end of ${name} was told ${of(name, 'done')} times`]),
        ...(result === 'done' && of(name, 'deletion-asks') === 0 ? [`${name} asked to delete`] : []),
        ...(result === 'aborted' && of(name, 'blocked') === 0 ? [`${name} was blocked`] : []),
      ]),
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #isAgain(at: readonly number[]): boolean {
    return at
      .slice(1)
      .some((second, before) => !this.#kills.some((kill) => kill >= (at[before] ?? 0) && kill <= second));
  }

  #take(body: string, headers: Record<string, string>): void {
    this.#requests += 1;
    try {
      const { id, data } = this.#verifier.verify(body, headers) as {
        id: string;
        data: { event: string } & ({ migration: string } | { fleet: string; wave: string });
      };
      const notice = this.#notices.get(id);
      if (notice) notice.at.push(Date.now());
      else {
        const of = 'wave' in data ? `${data.wave} of ${data.fleet}` : data.migration;
        this.#notices.set(id, { event: data.event, of, at: [Date.now()] });
      }
    } catch {
      this.#unsigned += 1;
    }
  }
}
