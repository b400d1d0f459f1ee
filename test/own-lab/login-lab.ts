import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readConfig } from '../../app/config/config.js';
import { cacheFolder } from '../../lab/host/folders.js';
import { javaCommand } from '../../lab/host/toolchain.js';
import { type Lab, startLab } from '../../lab/lab.js';
import { versions } from '../../lab/versions.js';
import { BrokerLink } from '../../src/kafka/link/broker-link.js';
import type { ClusterConnection } from '../../src/kafka/link/cluster-connection.js';
import { type Credentials, credentialsOf } from '../../src/kafka/link/credentials.js';
import { openCluster } from '../../src/kafka/open.js';

export const sides = ['source', 'target'] as const;
export type Side = (typeof sides)[number];

/** A lab whose brokers take another login than a password, as its `ferry.yaml` reaches it, and what is opened to it. */
export class LoginLab {
  readonly #open: { close(): unknown }[] = [];

  private constructor(
    readonly lab: Lab,
    readonly connections: Readonly<Record<Side, ClusterConnection>>,
    /** For files of the tests; gone with the lab. */
    readonly folder: string,
  ) {}

  static async start(login: 'oauth' | 'kerberos'): Promise<LoginLab> {
    const lab = await startLab({ name: `test-${login}`, login });
    const { value, mistakes } = readConfig({ path: lab.ferryYaml, environment: {} });
    if (!value) throw new Error(JSON.stringify(mistakes));
    const { source, target } = value.clusters;
    return new LoginLab(
      lab,
      { source: source!, target: target! },
      mkdtempSync(join(tmpdir(), `ferry-${login}-`)),
    );
  }

  addressOf(side: Side): string {
    return this.connections[side].bootstrap[0]!;
  }

  /** A cluster as it is configured, or otherwise. */
  cluster(side: Side, change: Partial<ClusterConnection> = {}) {
    return this.opened(openCluster(side, { ...this.connections[side], ...change }));
  }

  opened<T extends { close(): unknown }>(one: T): T {
    this.#open.push(one);
    return one;
  }

  async closeAll(): Promise<void> {
    for (const one of this.#open.splice(0)) await one.close();
  }

  async down(): Promise<void> {
    rmSync(this.folder, { recursive: true });
    await this.lab.down();
  }

  /** A link to a cluster, and how often the broker has believed who asks. */
  async countedLink(side: Side, connection: ClusterConnection = this.connections[side]) {
    const real = credentialsOf(side, connection.sasl)!;
    let proofs = 0;
    const counted: Credentials = {
      ready: async (host) => {
        const proof = await real.ready(host);
        return async (exchange) => {
          const sessionMs = await proof(exchange);
          proofs++;
          return sessionMs;
        };
      },
      close: () => real.close(),
    };
    const link = this.opened(await BrokerLink.open(side, connection.bootstrap[0]!, connection, counted));
    this.opened(counted);
    return { link, proofs: () => proofs };
  }

  /** A topic on the target. */
  async newTopic(): Promise<string> {
    const topic = 'login.documented';
    const admin = this.lab.target.kafkajs('admin').admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic }] });
    await admin.disconnect();
    return topic;
  }

  /**
   * The topics of the target, by Kafka's own client with the properties that docs/logins.md gives for a mechanism.
   *
   * @param here what stands in this lab for each example in them
   * @param options of the virtual machine
   */
  async topicsByKafka(
    mechanism: string,
    here: Readonly<Record<string, string>>,
    ...options: string[]
  ): Promise<string> {
    const guide = readFileSync(new URL('../../docs/logins.md', import.meta.url), 'utf8');
    const block = new RegExp(`<!-- client properties: ${mechanism} -->\\s*\`\`\`properties\\n([^\`]*)\`\`\``);
    const settings = Object.entries({
      ...here,
      '/etc/kafka/ca.pem': this.lab.target.clients['ferry']!.tls!.ca,
    }).reduce(
      (text, [example, value]) => {
        if (!text.includes(example)) throw new Error(`docs/logins.md has no ${example} for ${mechanism}`);
        return text.replaceAll(example, value);
      },
      block.exec(guide)?.[1] ?? '',
    );
    const file = join(this.folder, 'client.properties');
    writeFileSync(file, settings, { mode: 0o600 });
    const { stdout } = await promisify(execFile)(javaCommand(), [
      ...['-Xmx128m', '-XX:TieredStopAtLevel=1', ...options],
      ...['-cp', join(cacheFolder(`kafka-${versions.targetKafka}`, 'libs'), '*')],
      'org.apache.kafka.tools.TopicCommand',
      ...['--bootstrap-server', this.addressOf('target'), '--command-config', file, '--list'],
    ]);
    return stdout;
  }
}
