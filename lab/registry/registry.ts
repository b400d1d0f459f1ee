import { join } from 'node:path';
import type { Progress } from '../host/failure.js';
import { javaVersion } from '../host/toolchain.js';
import type { ClusterName } from '../principals.js';
import { versions } from '../versions.js';
import { apicurio, fetchApicurio, registryUrl } from './apicurio.js';
import { recordRegistryClasses } from './class-archive.js';

/** A schema registry of the lab, an Apicurio: it keeps no ids in import mode and says so to nobody. */
export interface LabRegistry {
  name: ClusterName;
  version: string;
  /** Base address of what is compatible with Confluent's registry. It asks for no credentials. */
  url: string;
  log: string;
  isRunning(): boolean;
  /** SIGKILL; resolves when it is gone. Schemas stay. */
  kill(): Promise<void>;
  /** Starts it again on the same port; resolves when it answers. */
  start(): Promise<void>;
  /** An orderly end. */
  stop(): Promise<void>;
}

/** Downloads what a registry needs; quick when all is there. */
export async function setUpRegistries(progress: Progress): Promise<void> {
  await javaVersion();
  await fetchApicurio(progress);
  await recordRegistryClasses(progress);
}

/** The registry in this lab's folder, whether it runs or not. */
export function openRegistry(folder: string, name: ClusterName, port: number): LabRegistry {
  const title = `${name} registry, Apicurio ${versions.apicurio}`;
  const server = apicurio({ title, folder: join(folder, `registry-${name}`), port });
  return {
    name,
    version: versions.apicurio,
    url: registryUrl(port),
    log: server.log,
    isRunning: () => server.isRunning(),
    kill: () => server.kill(),
    start: () => server.start(),
    stop: () => server.stop(),
  };
}
