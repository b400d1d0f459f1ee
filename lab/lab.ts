import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ferryConfig } from './ferry-config.js';
import { LabError, type Progress, silent } from './host/failure.js';
import { labFolder } from './host/folders.js';
import { freePorts } from './host/ports.js';
import type { Server } from './host/server.js';
import { settleAll } from './host/settle.js';
import type { JvmKind } from './kafka/jars.js';
import { grantFerry, type LabCluster, openCluster, prepareCluster } from './kafka/cluster.js';
import { type LabState, readState, writeState } from './state.js';
import { setUp } from './setup.js';
import { takeDown, thisProcess } from './take-down.js';
import { NAMESPACE, temporalServer } from './temporal-server.js';

export type { LabClient } from './kafka/clients.js';
export type { LabCluster } from './kafka/cluster.js';
export type { Grants } from './acls.js';
export { LabError } from './host/failure.js';

export const DEFAULT_NAME = 'default';

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

/** Real servers on this machine: a source cluster, a target cluster, Temporal. */
export interface Lab {
  name: string;
  /** Everything of the lab is in here. */
  folder: string;
  source: LabCluster;
  target: LabCluster;
  temporal: LabTemporal;
  /** Path of a worker configuration for this lab, as the principal `ferry`. */
  ferryYaml: string;
  /** Ends every process and removes every file. */
  down(): Promise<void>;
}

export interface StartOptions {
  name?: string;
  progress?: Progress;
  /** What the brokers are started as: `small` unless told. Only whoever starts the lab knows: a later one restarts them small. */
  jvm?: JvmKind;
}

/**
 * Starts a new, empty lab and resolves when all of it answers. What an earlier lab of that name has left, alive or
 * dead, is taken down first. Downloads and builds what is missing.
 * @throws LabError one sentence; nothing is left running.
 */
export async function startLab({
  name = DEFAULT_NAME,
  progress = silent,
  jvm,
}: StartOptions = {}): Promise<Lab> {
  const folder = labFolder(name);
  if (await takeDown(name)) progress(`removed what was left of the lab ${name}`);
  await setUp(progress);
  progress(`starting the lab ${name}: source and target Kafka, Temporal`);
  const state: LabState = { phase: 'starting', starter: thisProcess(), ports: await choosePorts() };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeState(folder, state);
  try {
    const [source, target, temporal] = await settleAll([
      startCluster(folder, 'source', state, jvm),
      startCluster(folder, 'target', state, jvm),
      startTemporal(folder, state),
    ]);
    const lab = assemble(name, folder, state, source, target, temporal);
    await writeFile(lab.ferryYaml, ferryConfig(lab.temporal, [source, target]), { mode: 0o600 });
    await writeState(folder, { ...state, phase: 'up' });
    return lab;
  } catch (error) {
    await takeDown(name);
    throw error;
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
  const { ports } = state;
  const [source, target] = await Promise.all([
    openCluster(folder, 'source', ports.source),
    openCluster(folder, 'target', ports.target),
  ]);
  return assemble(name, folder, state, source, target, temporalServer(folder, ports.temporal));
}

async function startCluster(
  folder: string,
  name: 'source' | 'target',
  { ports }: LabState,
  jvm: JvmKind | undefined,
): Promise<LabCluster> {
  await prepareCluster(folder, name, ports[name]);
  const cluster = await openCluster(folder, name, ports[name], undefined, jvm);
  await cluster.start();
  await grantFerry(cluster);
  return cluster;
}

async function startTemporal(folder: string, { ports }: LabState): Promise<Server> {
  const server = temporalServer(folder, ports.temporal);
  await server.start();
  return server;
}

function assemble(
  name: string,
  folder: string,
  { ports }: LabState,
  source: LabCluster,
  target: LabCluster,
  temporal: Server,
): Lab {
  return {
    name,
    folder,
    source,
    target,
    temporal: {
      address: `127.0.0.1:${ports.temporal.frontend}`,
      namespace: NAMESPACE,
      ui: `http://127.0.0.1:${ports.temporal.ui}`,
      log: temporal.log,
      isRunning: () => temporal.isRunning(),
      kill: () => temporal.kill(),
      start: () => temporal.start(),
    },
    ferryYaml: join(folder, 'ferry.yaml'),
    down: async () => {
      await takeDown(name);
    },
  };
}

async function choosePorts(): Promise<LabState['ports']> {
  const [a, b, c, d, frontend, ui] = (await freePorts(6)) as [number, number, number, number, number, number];
  return {
    source: { client: a, controller: b },
    target: { client: c, controller: d },
    temporal: { frontend, ui },
  };
}
