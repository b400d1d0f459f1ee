import type { Command } from 'commander';
import { listMigrations, type Listed } from '../connections/listing.js';
import { exitCodes } from './failure.js';
import { withTemporal } from './temporal.js';
import { columns } from './terminal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

export function addList(program: Command, surroundings: Surroundings): void {
  addVerb(program, 'list', 'Every migration that Temporal knows, newest first.', 'ferry list --running')
    .option('--running', 'only those that run')
    .action((options: CommonOptions & { running?: boolean }) =>
      run(surroundings, options, () =>
        withTemporal(configured(surroundings, options, true).temporal, async ({ client }) => {
          const migrations = await listMigrations(client, { running: options.running ?? false });
          surroundings.terminal.print(options.json ? JSON.stringify({ migrations }) : listText(migrations));
          return exitCodes.done;
        }),
      ),
    );
}

function listText(migrations: readonly Listed[]): string {
  if (migrations.length === 0) return 'No migrations. Start one with ferry start FILE.';
  return columns([
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
}
