import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Command } from 'commander';
import { listMigrations, type Listed } from '../connections/listing.js';
import { oneLine } from '../../src/migration/foreign-text.js';
import { looking } from '../connections/looking.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import { exitCodes } from './failure.js';
import { seenNow } from './following.js';
import { withTemporal } from './temporal.js';
import { columns } from './terminal.js';
import { sayTrouble, type Trouble } from './troubles.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

export function addList(program: Command, surroundings: Surroundings): void {
  addVerb(program, 'list', 'Every migration that Temporal knows, newest first.', 'ferry list --running')
    .option('--running', 'only those that run')
    .action((options: CommonOptions & { running?: boolean }) =>
      run(surroundings, options, () =>
        withTemporal(configured(surroundings, options, true).temporal, async ({ client }) => {
          const migrations = await listMigrations(client, { running: options.running ?? false });
          const now = new Date();
          const told = await inParallel(migrations, async (one) => ({
            ...one,
            troubles: one.running ? await troublesOf(client, one, now) : [],
          }));
          surroundings.terminal.print(
            options.json ? JSON.stringify({ migrations: told }) : listText(told, now),
          );
          return exitCodes.done;
        }),
      ),
    );
}

/** Asked of each that runs, since no listing knows it. One that has ended meanwhile has none. */
async function troublesOf(client: Client, { workflowId }: Listed, now: Date): Promise<Trouble[]> {
  try {
    return (await seenNow(client, await looking(client).getHandle(workflowId).describe(), now)).troubles;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

export function listText(migrations: readonly (Listed & { troubles: Trouble[] })[], now: Date): string {
  if (migrations.length === 0) return 'No migrations. Start one with ferry start FILE.';
  const table = columns([
    ['NAME', 'STRATEGY', 'STATE', 'STEP', 'SINCE', 'CLUSTERS'],
    ...migrations.map(({ name, strategy, state, step, startedAt, source, target }) => [
      name,
      strategy,
      state,
      step ?? '',
      `${startedAt.slice(0, 10)} ${startedAt.slice(11, 19)}`,
      source && `${source} → ${target}`,
    ]),
  ]);
  const stuck = migrations.flatMap(({ name, troubles }) =>
    troubles.map((trouble) => oneLine(`${name}: ${sayTrouble(trouble, now)}`)),
  );
  return [table, ...(stuck.length > 0 ? [stuck.join('\n')] : [])].join('\n\n');
}
