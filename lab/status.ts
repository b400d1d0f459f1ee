import type { Lab, LabCluster, LabConnect, LabRegistry } from './lab.js';
import { cacheFolder } from './host/folders.js';
import { javaCommand } from './host/toolchain.js';
import { versions } from './versions.js';

/** Everything a person or a script needs to look at the lab with the tools they know. */
export function describeLab(lab: Lab) {
  return {
    name: lab.name,
    folder: lab.folder,
    ferryYaml: lab.ferryYaml,
    temporal: {
      address: lab.temporal.address,
      namespace: lab.temporal.namespace,
      ui: lab.temporal.ui,
      running: lab.temporal.isRunning(),
      log: lab.temporal.log,
    },
    clusters: { source: describeCluster(lab.source), target: describeCluster(lab.target) },
    ...(lab.tokens && { tokens: { running: lab.tokens.isRunning(), log: lab.tokens.log } }),
    ...(lab.kdc && { kdc: { running: lab.kdc.isRunning(), log: lab.kdc.log } }),
    ...(lab.aiven && {
      aiven: {
        url: lab.aiven.url,
        running: lab.aiven.isRunning(),
        log: lab.aiven.log,
        folder: lab.aiven.folder,
      },
    }),
    ...(lab.connect && { connect: describeConnect(lab.connect) }),
    ...(lab.registries && {
      registries: {
        source: describeRegistry(lab.registries.source),
        target: describeRegistry(lab.registries.target),
      },
    }),
    kafkaTools: {
      /** Followed by a class and its arguments. */
      command: toolCommand(),
      classes: {
        topics: 'org.apache.kafka.tools.TopicCommand',
        groups: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
        acls: 'org.apache.kafka.tools.AclCommand',
        configs: 'kafka.admin.ConfigCommand',
        consume: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
        produce: 'org.apache.kafka.tools.ConsoleProducer',
      },
      example: example(lab.source),
    },
  };
}

export function printLab(lab: Lab): void {
  const { source, target, temporal } = lab;
  console.log(`The lab ${lab.name}${allRunning(lab) ? ' is up' : ', parts of which are not running'}:

  source    Kafka ${source.version}   ${source.bootstrap.join()}   SASL SCRAM-SHA-512${source.tiered ? ', tiered storage' : ''}
  target    Kafka ${target.version}   ${target.bootstrap.join()}   TLS with client certificates
${ended(lab)}${askedFor(lab)}  Temporal  ${temporal.address}, namespace ${temporal.namespace}
  web UI    ${temporal.ui}
  worker's configuration  ${lab.ferryYaml}

Try next:
  npm run lab -- status --name ${lab.name} --json    client files for every principal
  npm run ferry -- worker --config ${lab.ferryYaml}
  ${example(source)}
  npm run lab -- down --name ${lab.name}`);
}

/** A line on each broker that does not run. */
function ended({ source, target }: Lab): string {
  return [source, target]
    .flatMap(({ name, brokers }) =>
      brokers
        .filter((broker) => !broker.isRunning())
        .map(({ id, address, log }) => `  ended     broker ${id} of the ${name}, ${address}: see ${log}\n`),
    )
    .join('');
}

/** Lines on what runs only when it was asked for. */
function askedFor({ connect, registries, source, target, aiven }: Lab): string {
  return [
    ...[source, target].flatMap(({ name, ferryLogin }) =>
      ferryLogin
        ? [
            `  login     of the ferry to the ${name}: ${ferryLogin.sasl.mechanism} at ${ferryLogin.bootstrap.join()}`,
          ]
        : [],
    ),
    ...(aiven ? [`  Aiven     ${aiven.url}   a stand-in: topics and ACLs of the target`] : []),
    ...(connect ? [`  Connect   ${connect.url}   Kafka ${connect.version} with MirrorMaker 2`] : []),
    ...(registries
      ? [registries.source, registries.target].map(
          ({ name, version, url }) => `  registry  of the ${name}: ${url}   Apicurio ${version}`,
        )
      : []),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function describeCluster(cluster: LabCluster) {
  return {
    version: cluster.version,
    bootstrap: cluster.bootstrap,
    ...(cluster.tiered && { tiered: true }),
    ...(cluster.ferryLogin && { ferryLogin: cluster.ferryLogin }),
    running: cluster.isRunning(),
    brokers: cluster.brokers.map((broker) => ({
      id: broker.id,
      address: broker.address,
      running: broker.isRunning(),
      log: broker.log,
    })),
    log: cluster.log,
    clients: Object.fromEntries(
      Object.entries(cluster.clients).map(([user, { principal, files }]) => [user, { principal, ...files }]),
    ),
  };
}

function describeConnect(connect: LabConnect) {
  const { version, url, log, clientProperties } = connect;
  return { version, url, running: connect.isRunning(), log, clientProperties };
}

function describeRegistry(registry: LabRegistry) {
  const { version, url, log } = registry;
  return { version, url, running: registry.isRunning(), log };
}

// The newer tools speak to both brokers.
function toolCommand(): string {
  return `${javaCommand()} -cp '${cacheFolder(`kafka-${versions.targetKafka}`, 'libs')}/*'`;
}

function example({ bootstrap, clients }: LabCluster): string {
  const settings = clients['admin']?.files.java ?? '';
  return `${toolCommand()} org.apache.kafka.tools.TopicCommand --bootstrap-server ${bootstrap.join()} --command-config ${settings} --list`;
}

/** Whether every server that was ever asked for runs. */
export function allRunning({
  source,
  target,
  temporal,
  tokens,
  kdc,
  aiven,
  connect,
  registries,
}: Lab): boolean {
  const asked = [tokens, kdc, aiven, connect, registries?.source, registries?.target];
  return [source, target, temporal, ...asked].every((server) => server?.isRunning() ?? true);
}
