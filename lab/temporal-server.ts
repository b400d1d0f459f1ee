import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { Server } from './host/server.js';
import { portIsOpen } from './kafka/ready.js';
import { temporalCli } from './temporal-cli.js';
import { versions } from './versions.js';

export const NAMESPACE = 'default';

export interface TemporalPorts {
  frontend: number;
  ui: number;
}

/** Temporal's development server with its web UI; its history is in a file and survives a restart. */
export function temporalServer(
  labFolder: string,
  ports: TemporalPorts,
  /** After how many events it suggests a new run; thousands unless told. */
  newRunAfter?: number,
): Server {
  const folder = join(labFolder, 'temporal');
  return new Server({
    title: `Temporal ${versions.temporalServer}`,
    folder,
    commandLine: async () => ({
      command: await temporalCli(),
      // prettier-ignore
      args: [
        'server', 'start-dev', '--ip', '127.0.0.1', '--port', String(ports.frontend), '--ui-port', String(ports.ui),
        '--db-filename', join(folder, 'temporal.db'), '--namespace', NAMESPACE,
        // A person's environment must not decide where the lab's server listens.
        '--disable-config-file', '--disable-config-env',
        ...(newRunAfter ? ['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${newRunAfter}`] : []),
      ],
    }),
    ready: async () => {
      await portIsOpen(ports.ui);
      const connection = await Connection.connect({
        address: `127.0.0.1:${ports.frontend}`,
        connectTimeout: '1s',
      });
      await connection.workflowService
        .describeNamespace({ namespace: NAMESPACE })
        .finally(() => connection.close());
    },
  });
}
