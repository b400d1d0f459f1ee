import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './host/failure.js';
import type { ProcessIdentity } from './host/processes.js';
import type { LabLogins } from './login/logins.js';
import type { JvmKind } from './kafka/jars.js';
import type { BrokerPorts } from './kafka/layout.js';
import type { ClusterName } from './principals.js';
import type { TemporalPorts } from './temporal-server.js';

/** What one lab must remember between processes; the rest follows from its folder. */
export interface LabState {
  /** `starting` until everything answered: a lab whose starter died is never taken for a whole one. */
  phase: 'starting' | 'up';
  starter: ProcessIdentity;
  /** The Kafka that each cluster runs. */
  versions: Record<ClusterName, string>;
  /** The source has tiered storage. */
  tiered?: boolean;
  /** What the brokers are started as; absent: `small`. */
  jvm?: JvmKind;
  /** How the ferry logs in, where otherwise than everybody else. */
  logins?: LabLogins;
  /** After how many events Temporal suggests a new run; absent: its own. */
  newRunAfter?: number;
  /** Of each cluster: those of its brokers, in the order of their ids. */
  ports: Record<ClusterName, readonly BrokerPorts[]> & {
    temporal: TemporalPorts;
    /** Of what runs only when it was asked for. */
    connect?: number;
    registries?: Record<ClusterName, number>;
    /** Of the server that gives tokens. */
    tokens?: number;
    /** Of the KDC that gives tickets. */
    kdc?: number;
    /** Of the stand-in for Aiven's API. */
    aiven?: number;
  };
}

export async function readState(folder: string): Promise<LabState | undefined> {
  try {
    return JSON.parse(await readFile(stateFile(folder), 'utf8')) as LabState;
  } catch {
    // Not there, or cut short by a crash: either way there is no lab to attach to.
    return undefined;
  }
}

export async function writeState(folder: string, state: LabState): Promise<void> {
  const partial = `${stateFile(folder)}.partial`;
  await writeFile(partial, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  await rename(partial, stateFile(folder));
}

/** Changes what is there now: another process may have added a server meanwhile. */
export async function changeState(folder: string, change: (state: LabState) => LabState): Promise<void> {
  const state = await readState(folder);
  if (!state) throw new LabError(`The lab in ${folder} is gone.`);
  await writeState(folder, change(state));
}

function stateFile(folder: string): string {
  return join(folder, 'lab.json');
}
