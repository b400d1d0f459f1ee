import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, silent } from '../host/failure.js';
import { Server } from '../host/server.js';
import { javaCommand } from '../host/toolchain.js';
import type { ClusterName } from '../principals.js';
import { archiveOptions, classPath, jvmOptions, kafkaJars } from './jars.js';
import type { ClusterPaths } from './layout.js';
import { scramCredential } from './scram.js';
import { FIRST_BROKER, propertiesFile, type Settings } from './settings.js';
import { ZooKeeperSession } from './zookeeper-session.js';

const POLL_MS = 50;
/** Of a server that is still starting. */
const READY_WITHIN_MS = 2_000;
const ANSWER_WITHIN_MS = 30_000;
/** Several times the session of a broker. */
const FORGOTTEN_WITHIN_MS = 30_000;

export interface ZooKeeperOptions {
  name: ClusterName;
  /** Of the Kafka whose jars hold it. */
  version: string;
  paths: ClusterPaths;
  port: number;
  /** By user. */
  passwords: Readonly<Record<string, string>>;
}

/** The broker as one with the ZooKeeper it needs: starting it starts both, and killing it leaves ZooKeeper alone. */
export function withZooKeeper(
  broker: Server,
  options: ZooKeeperOptions,
): Pick<Server, 'isRunning' | 'start' | 'stop' | 'kill'> {
  const zooKeeper = zooKeeperServer(options);
  return {
    isRunning: () => broker.isRunning() && zooKeeper.isRunning(),
    start: async () => {
      await zooKeeper.start();
      await ZooKeeperSession.with(options.port, ANSWER_WITHIN_MS, async (session) => {
        await addUsers(session, options.passwords);
        if (!broker.isRunning()) await brokerIsForgotten(session);
      });
      await broker.start();
    },
    stop: async () => {
      await broker.stop();
      await zooKeeper.stop();
    },
    kill: () => broker.kill(),
  };
}

/** Only this machine reaches it. */
function zooKeeperServer({ name, version, paths, port }: ZooKeeperOptions): Server {
  const settings = join(paths.zooKeeper, 'zookeeper.properties');
  return new Server({
    title: `ZooKeeper of the ${name}`,
    folder: paths.zooKeeper,
    commandLine: async () => {
      await mkdir(paths.zooKeeper, { recursive: true, mode: 0o700 });
      await writeFile(settings, propertiesFile(zooKeeperSettings(paths, port)), { mode: 0o600 });
      const libs = await kafkaJars(version, silent);
      // prettier-ignore
      const args = [
        ...jvmOptions(version), ...(await archiveOptions(version)), '-Dzookeeper.jmx.log4j.disable=true',
        // What it has written outlives the process anyway; waiting for the disk is for machines that lose power.
        '-Dzookeeper.forceSync=no', '-cp', classPath(libs), 'org.apache.zookeeper.server.quorum.QuorumPeerMain', settings,
      ];
      return { command: javaCommand(), args };
    },
    ready: () =>
      ZooKeeperSession.with(port, READY_WITHIN_MS, async (session) => {
        if (!(await session.exists('/'))) throw new Error('it has no root');
      }),
  });
}

/** SCRAM users, so that they, the broker itself among them, can log in from the first second. */
async function addUsers(session: ZooKeeperSession, passwords: ZooKeeperOptions['passwords']): Promise<void> {
  for (const parent of ['/config', '/config/users']) await session.create(parent, '');
  for (const [user, password] of Object.entries(passwords)) {
    const config = { 'SCRAM-SHA-512': await scramCredential(password) };
    await session.create(`/config/users/${user}`, JSON.stringify({ version: 1, config }));
  }
}

/**
 * Resolves when the broker that ran before is forgotten: the node it registered by goes with its session, some seconds
 * after a kill, and until then a broker that starts finds its own id taken and ends.
 */
async function brokerIsForgotten(session: ZooKeeperSession): Promise<void> {
  const deadline = Date.now() + FORGOTTEN_WITHIN_MS;
  while (await session.exists(`/brokers/ids/${FIRST_BROKER}`)) {
    if (Date.now() > deadline)
      throw new LabError(`ZooKeeper still knows the broker that ended ${FORGOTTEN_WITHIN_MS / 1000} s ago.`);
    await sleep(POLL_MS);
  }
}

function zooKeeperSettings(paths: ClusterPaths, port: number): Settings {
  return {
    dataDir: join(paths.zooKeeper, 'data'),
    clientPortAddress: '127.0.0.1',
    clientPort: port,
    // Sessions last from 2 to 20 ticks.
    tickTime: 1_000,
    maxClientCnxns: 0,
    'admin.enableServer': false,
  };
}
