import type { WorkflowHandle } from '@temporalio/client';
import type { FleetFile } from '../../src/fleet/file.js';
import { fleetType, type FleetMessage } from '../../src/fleet/messages.js';
import type { FleetOutcome } from '../../src/fleet/state.js';
import type { FleetRow, FleetStatus, FleetWave } from '../../src/fleet/status.js';
import { fleetId } from '../../src/migration/membership.js';
import { workflowId } from '../../src/migration/messages.js';
import type { MigrationFile } from '../../src/migration/file.js';
import type { Strategy } from '../../src/migration/strategies.js';
import { eventually } from '../eventually.js';
import { migrationFile } from './migration-files.js';
import type { Migrations } from './migrations.js';
import type { TestMigration } from './test-migration.js';
import type { ScriptedCluster } from './scripted-cluster.js';

/** A migration of a fleet, before that has started it. */
export interface Prepared {
  name: string;
  file: MigrationFile;
  cluster: ScriptedCluster;
  /** Once it runs. */
  migration: () => TestMigration;
}

export function prepare(
  migrations: Migrations,
  strategy: Strategy = 'simplestCase',
  changes: Partial<MigrationFile> = {},
): Prepared {
  const { name, cluster } = migrations.prepare();
  const file = migrationFile(strategy, name, {
    topics: [{ name: `orders-${name}` }],
    consumers: [{ group: `billing-${name}` }],
    waits: { soak: migrations.soak },
    ...changes,
  });
  const handle = migrations.client.workflow.getHandle(workflowId(name));
  let adopted: TestMigration | undefined;
  return { name, file, cluster, migration: () => (adopted ??= migrations.adopt(handle, cluster)) };
}

/** A fleet under test: what a person may do to it, and what they see. */
export class TestFleet {
  constructor(readonly handle: WorkflowHandle) {}

  status(): Promise<FleetStatus> {
    return this.handle.query<FleetStatus>('status');
  }

  async wave(name: string): Promise<FleetWave> {
    const found = (await this.status()).waves.find((one) => one.name === name);
    if (!found) throw new Error(`no wave ${name}`);
    return found;
  }

  until(holds: (status: FleetStatus) => boolean): Promise<FleetStatus> {
    return eventually(() => this.status(), holds);
  }

  /** Waits until what the fleet knows of a migration is so. */
  async knows(name: string, holds: (row: FleetRow) => boolean): Promise<FleetRow> {
    const status = await this.until((seen) => holds(rowOf(seen, name)));
    return rowOf(status, name);
  }

  async say(name: FleetMessage, input: object): Promise<{ answer: string; each: Record<string, string> }> {
    return this.handle.executeUpdate(name, { args: [{ by: 'ann', reason: 'a test', ...input }] });
  }

  async refusal(name: FleetMessage, input: object): Promise<string> {
    const answer = await this.handle.executeUpdate(name, { args: [input] }).then(
      (text) => new Error(`it was accepted: ${JSON.stringify(text)}`),
      (error: Error) => error,
    );
    if (answer.name !== 'WorkflowUpdateFailedError') throw answer;
    return (answer.cause as Error).message;
  }

  outcome(): Promise<FleetOutcome> {
    return this.handle.result() as Promise<FleetOutcome>;
  }
}

export function rowOf({ waves }: FleetStatus, name: string): FleetRow {
  const row = waves.flatMap(({ migrations }) => migrations).find((one) => one.name === name);
  if (!row) throw new Error(`${name} is in no wave`);
  return row;
}

export async function startFleet(
  migrations: Migrations,
  waves: (Omit<FleetFile['waves'][number], 'migrations'> & {
    of: readonly (Prepared | { one: Prepared; after: string[] })[];
  })[],
  rest: Partial<FleetFile> = {},
): Promise<TestFleet> {
  const name = rest.name ?? `fleet-${migrations.nextName()}-${Math.random().toString(36).slice(2, 8)}`;
  const { taskQueue } = migrations.prepare();
  const file: FleetFile = {
    ...rest,
    name,
    waves: waves.map(({ of, ...wave }) => ({
      ...wave,
      migrations: of.map((one) =>
        'one' in one ? { migration: { ...one.one.file }, after: one.after } : { migration: { ...one.file } },
      ),
    })),
  };
  const handle = await migrations.client.workflow.start(fleetType, {
    taskQueue,
    workflowId: fleetId(name),
    args: [file],
  });
  return new TestFleet(handle);
}
