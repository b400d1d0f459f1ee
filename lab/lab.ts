import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { aivenFolder, aivenUrl } from './aiven/layout.js';
import { aivenProvision, aivenServer, prepareAiven } from './aiven/stand-in.js';
import { type LabConnect, openConnect, prepareConnect } from './connect/connect.js';
import { ferryConfig } from './ferry-config.js';
import { LabError, type Progress, silent } from './host/failure.js';
import { labFolder } from './host/folders.js';
import { freePorts } from './host/ports.js';
import type { Server } from './host/server.js';
import { settleAll } from './host/settle.js';
import type { JvmKind } from './kafka/jars.js';
import { type ClusterPlan, type LabCluster, openCluster, startCluster } from './kafka/cluster.js';
import { tieredStorageJar } from './kafka/tiered-storage.js';
import { issueTickets, kdcFolder, labKdc, type LabKdc } from './login/kdc.js';
import { anyLogsInBy, type LabLogin, type LabLogins, loginsOf } from './login/logins.js';
import type { LoginListener } from './login/listener.js';
import { issueTokens, tokenServer, tokensFolder } from './login/tokens.js';
import { kafkaVersion, metadataOf, sourceVersion } from './kafka/version.js';
import { changeState, type LabState, readState, writeState } from './state.js';
import type { ClusterName } from './principals.js';
import { type LabRegistry, openRegistry, setUpRegistries } from './registry/registry.js';
import { setUp } from './setup.js';
import { takeDown, thisProcess } from './take-down.js';
import { NAMESPACE, temporalServer } from './temporal-server.js';

export type { LabClient } from './kafka/clients.js';
export type { LabConnect } from './connect/connect.js';
export type { LabBroker } from './kafka/broker.js';
export type { LabCluster } from './kafka/cluster.js';
export type { LabRegistry } from './registry/registry.js';
export type { Grants } from './acls.js';
export { LabError } from './host/failure.js';

export const DEFAULT_NAME = 'default';

/** How many brokers a cluster of the lab may have. With three, topics have three copies, and writes wait for two. */
export const brokerCounts = [1, 3] as const;
export type BrokerCount = (typeof brokerCounts)[number];

export { type LabLogin, labLogins, type LabLogins } from './login/logins.js';

export interface LabTemporal {
  /** `host:port` of the frontend. */
  address: string;
  namespace: string;
  /** Address of the web UI. */
  ui: string;
  log: string;
  isRunning(): boolean;
  /** SIGKILL; resolves when it is gone. History stays. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export type LabRegistries = Record<ClusterName, LabRegistry>;

/** Real servers on this machine: a source cluster, a target cluster, Temporal. */
export interface Lab {
  name: string;
  /** Everything of the lab is in here. */
  folder: string;
  source: LabCluster;
  target: LabCluster;
  temporal: LabTemporal;
  /** Gives tokens, where the ferry logs in with one. */
  tokens?: Server;
  /** Gives tickets, where the ferry logs in with Kerberos. */
  kdc?: LabKdc;
  /** The stand-in for Aiven's API, where the target is a service there. */
  aiven?: Server & { url: string; folder: string };
  /** There once it was asked for. */
  connect?: LabConnect;
  /**
   * Adds Kafka Connect with MirrorMaker 2 to a lab that is up, or starts it again; resolves when it answers.
   * @throws LabError one sentence.
   */
  startConnect(): Promise<LabConnect>;
  /** There once they were asked for. */
  registries?: LabRegistries;
  /** As `startConnect`, for the two schema registries. Downloads them when they are not there. */
  startRegistries(progress?: Progress): Promise<LabRegistries>;
  /** Names other registries than the lab's own in the worker's configuration; a worker that starts later knows them. */
  nameRegistries(registries: Record<string, { url: string }>): Promise<void>;
  /** Path of a worker configuration for this lab, as the principal `ferry`. */
  ferryYaml: string;
  /** Ends every process and removes every file. */
  down(): Promise<void>;
}

export interface StartOptions {
  name?: string;
  /** The Kafka of the source: `2.8` (with ZooKeeper), `3.9` (the default) or `4.x`. */
  source?: string;
  /** Of each cluster: 1 unless told. */
  brokers?: BrokerCount;
  /** A source with tiered storage (KIP-405) whose remote reads are late at random. */
  tiered?: boolean;
  /** How the ferry logs in to both clusters or to each: as everybody else unless told. */
  login?: LabLogin | LabLogins;
  /** A target that is a service at Aiven: topics and ACLs by a stand-in for its API. */
  aiven?: boolean;
  /** Kafka Connect with MirrorMaker 2 too. */
  connect?: boolean;
  /** Two schema registries too. */
  registries?: boolean;
  progress?: Progress;
  /** What the brokers are started as: `small` unless told. */
  jvm?: JvmKind;
  /** After how many events Temporal suggests that a workflow goes on in a new run; thousands unless told. */
  newRunAfter?: number;
}

/**
 * Starts a new, empty lab and resolves when all of it answers. What an earlier lab of that name has left, alive or
 * dead, is taken down first. Downloads and builds what is missing.
 * @throws LabError one sentence; nothing is left running.
 */
export async function startLab(options: StartOptions = {}): Promise<Lab> {
  const { name = DEFAULT_NAME, progress = silent, jvm, brokers = 1, tiered, newRunAfter, aiven } = options;
  const logins = loginsOf(options.login);
  const versions = { ...kafkaVersion, source: sourceVersion(options.source) };
  if (brokers > 1 && metadataOf(versions.source) === 'zooKeeper')
    throw new LabError(`A source of Kafka ${versions.source} has one broker in the lab.`, 2);
  if (tiered && metadataOf(versions.source) === 'zooKeeper')
    throw new LabError(`A source of Kafka ${versions.source} has no tiered storage.`, 2);
  if (logins.source && metadataOf(versions.source) === 'zooKeeper')
    throw new LabError(`A source of Kafka ${versions.source} takes no tokens and no tickets.`, 2);
  if (logins.target && aiven)
    throw new LabError('A service at Aiven takes certificates, and no tokens or tickets of the lab.', 2);
  const folder = labFolder(name);
  if (await takeDown(name)) progress(`removed what was left of the lab ${name}`);
  await setUp(progress, versions.source);
  if (tiered) await tieredStorageJar(versions.source, progress);
  progress(`starting the lab ${name}: source and target Kafka, Temporal`);
  const state: LabState = {
    phase: 'starting',
    starter: thisProcess(),
    versions,
    ...(jvm && { jvm }),
    ...(tiered && { tiered }),
    ...(newRunAfter && { newRunAfter }),
    ...(Object.keys(logins).length > 0 && { logins }),
    ports: await choosePorts(brokers, logins, aiven),
  };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeState(folder, state);
  try {
    if (state.ports.tokens !== undefined) await issueTokens(tokensFolder(folder));
    if (state.ports.kdc !== undefined) await issueTickets(kdcFolder(folder), state.ports.kdc, progress);
    if (aiven) await prepareAiven(aivenFolder(folder));
    const [source, target, temporal] = await settleAll([
      startCluster(folder, planOf('source', folder, state)),
      startCluster(folder, planOf('target', folder, state)),
      startTemporal(folder, state),
      Promise.resolve(tokensOf(folder, state)?.start()),
      Promise.resolve(kdcOf(folder, state)?.start()),
    ]);
    const lab = await assemble(name, folder, state, { source, target }, temporal);
    await lab.aiven?.start();
    await writeFerryYaml(lab);
    await addServers(lab, options);
    await changeState(folder, (current) => ({ ...current, phase: 'up' }));
    return lab;
  } catch (error) {
    await takeDown(name);
    throw error;
  }
}

/** Adds what was asked for and is not there yet; resolves when it answers. */
export async function addServers(
  lab: Lab,
  { connect, registries, progress = silent }: Pick<StartOptions, 'connect' | 'registries' | 'progress'>,
): Promise<void> {
  if (registries) {
    progress('starting the schema registries');
    await lab.startRegistries(progress);
  }
  if (connect) {
    progress('starting Kafka Connect');
    await lab.startConnect();
  }
}

/**
 * A lab that some process has started. Its servers may have been killed since; `start` brings them back.
 * @throws LabError one sentence when there is no such lab.
 */
export async function attachLab(name = DEFAULT_NAME): Promise<Lab> {
  const folder = labFolder(name);
  const state = await readState(folder);
  if (state?.phase !== 'up')
    throw new LabError(`There is no lab ${name}: start it with \`npm run lab -- up --name ${name}\`.`);
  const [source, target] = await Promise.all([
    openCluster(folder, planOf('source', folder, state)),
    openCluster(folder, planOf('target', folder, state)),
  ]);
  return assemble(
    name,
    folder,
    state,
    { source, target },
    temporalServer(folder, state.ports.temporal, state.newRunAfter),
  );
}

function tokensOf(folder: string, { ports }: LabState): Server | undefined {
  return ports.tokens === undefined ? undefined : tokenServer(tokensFolder(folder), ports.tokens);
}

function kdcOf(folder: string, { ports }: LabState): LabKdc | undefined {
  return ports.kdc === undefined ? undefined : labKdc(kdcFolder(folder), ports.kdc);
}

function listenerOf(
  name: ClusterName,
  folder: string,
  { ports, logins }: LabState,
): LoginListener | undefined {
  const way = logins?.[name];
  if (way === 'kerberos') return { way, folder: kdcFolder(folder) };
  return way && ports.tokens !== undefined
    ? { way, folder: tokensFolder(folder), port: ports.tokens }
    : undefined;
}

function aivenOf(folder: string, { ports }: LabState, { bootstrap }: LabCluster): Lab['aiven'] {
  if (ports.aiven === undefined) return undefined;
  return Object.assign(aivenServer(folder, ports.aiven, bootstrap), {
    url: aivenUrl(ports.aiven),
    folder: aivenFolder(folder),
  });
}

function planOf(name: ClusterName, folder: string, state: LabState): ClusterPlan {
  const { versions, ports, jvm, tiered } = state;
  const login = listenerOf(name, folder, state);
  return {
    name,
    version: versions[name],
    brokers: ports[name],
    ...(name === 'source' && tiered && { tiered }),
    ...(name === 'target' && ports.aiven !== undefined && { aiven: true }),
    ...(login && { login }),
    ...(jvm && { jvm }),
  };
}

async function startTemporal(folder: string, { ports, newRunAfter }: LabState): Promise<Server> {
  const server = temporalServer(folder, ports.temporal, newRunAfter);
  await server.start();
  return server;
}

async function assemble(
  name: string,
  folder: string,
  state: LabState,
  clusters: Record<ClusterName, LabCluster>,
  temporal: Server,
): Promise<Lab> {
  const { ports } = state;
  const tokens = tokensOf(folder, state);
  const kdc = kdcOf(folder, state);
  const aiven = aivenOf(folder, state, clusters.target);
  const lab: Lab = {
    name,
    folder,
    ...clusters,
    temporal: {
      address: `127.0.0.1:${ports.temporal.frontend}`,
      namespace: NAMESPACE,
      ui: `http://127.0.0.1:${ports.temporal.ui}`,
      log: temporal.log,
      isRunning: () => temporal.isRunning(),
      kill: () => temporal.kill(),
      start: () => temporal.start(),
    },
    ...(tokens && { tokens }),
    ...(kdc && { kdc }),
    ...(aiven && { aiven }),
    connect: ports.connect === undefined ? undefined : await openConnect(folder, ports.connect, clusters),
    startConnect: async () => {
      lab.connect ??= await addConnect(folder, clusters);
      await lab.connect.start();
      await writeFerryYaml(lab);
      return lab.connect;
    },
    registries: ports.registries && openRegistries(folder, ports.registries),
    startRegistries: async (progress = silent) => {
      await setUpRegistries(progress);
      lab.registries ??= await addRegistries(folder);
      await settleAll([lab.registries.source.start(), lab.registries.target.start()]);
      await writeFerryYaml(lab);
      return lab.registries;
    },
    nameRegistries: (registries) => writeFerryYaml(lab, registries),
    ferryYaml: join(folder, 'ferry.yaml'),
    down: async () => {
      await takeDown(name);
    },
  };
  return lab;
}

async function addConnect(folder: string, clusters: Record<ClusterName, LabCluster>): Promise<LabConnect> {
  const [port] = (await freePorts(1)) as [number];
  await prepareConnect(folder, port, clusters);
  await changeState(folder, (state) => ({ ...state, ports: { ...state.ports, connect: port } }));
  return openConnect(folder, port, clusters);
}

async function addRegistries(folder: string): Promise<LabRegistries> {
  const [source, target] = (await freePorts(2)) as [number, number];
  const registries = { source, target };
  await changeState(folder, (state) => ({ ...state, ports: { ...state.ports, registries } }));
  return openRegistries(folder, registries);
}

function openRegistries(folder: string, ports: Record<ClusterName, number>): LabRegistries {
  return {
    source: openRegistry(folder, 'source', ports.source),
    target: openRegistry(folder, 'target', ports.target),
  };
}

async function writeFerryYaml(lab: Lab, others: Record<string, { url: string }> = {}): Promise<void> {
  const { temporal, source, target, connect, registries, aiven, folder } = lab;
  const known = Object.entries(registries ?? {}).map(([name, { url }]) => [name, { url }] as const);
  const provision = aiven && aivenProvision(folder, aiven.url);
  const clusters = [source, provision ? { ...target, provision } : target];
  const config = ferryConfig(temporal, clusters, connect, {
    ...Object.fromEntries(known),
    ...others,
  });
  await writeFile(lab.ferryYaml, config, { mode: 0o600 });
}

async function choosePorts(
  brokers: BrokerCount,
  logins: LabLogins,
  aiven?: boolean,
): Promise<LabState['ports']> {
  const tokens = anyLogsInBy(logins, 'oauth');
  const kdc = anyLogsInBy(logins, 'kerberos');
  const others = [tokens, kdc, aiven].filter(Boolean).length;
  const free = (await freePorts(2 + (4 + Object.keys(logins).length) * brokers + others)).values();
  const next = () => free.next().value as number;
  const cluster = (name: ClusterName) =>
    Array.from({ length: brokers }, () => ({
      client: next(),
      controller: next(),
      ...(logins[name] && { login: next() }),
    }));
  return {
    source: cluster('source'),
    target: cluster('target'),
    temporal: { frontend: next(), ui: next() },
    ...(tokens && { tokens: next() }),
    ...(kdc && { kdc: next() }),
    ...(aiven && { aiven: next() }),
  };
}
