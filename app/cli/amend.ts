import type { Command } from 'commander';
import { named } from '../../src/migration/foreign-text.js';
import { badInput } from './failure.js';
import { fleetIn } from './fleet/fleet-file.js';
import { isFleet } from './folder.js';
import { readWritten } from './migration-file.js';
import { send, type SayOptions } from './sending.js';
import { addVerb, run, type Surroundings } from './verb.js';

export function addAmend(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'amend',
    'Change a migration that runs: what can still change of its file is changed and told, else nothing is.',
    'ferry amend orders migrations/orders.yaml --note "audit stays behind"\nferry amend orders fleet.yaml',
  )
    .argument('<name>', 'the name of the migration')
    .argument(
      '<file>',
      'the migration file as it is to be, or the file of its fleet: what that says for all counts then',
    )
    .option('--by <who>', 'who says so (default: the user of this machine)')
    .option('--note <text>', 'kept with the change')
    .action((migration: string, file: string, options: SayOptions) => {
      let written: unknown;
      try {
        written = fileFor(migration, file);
      } catch (error) {
        return run(surroundings, options, () => {
          throw error;
        });
      }
      return send(surroundings, options, { to: migration, name: 'amend', input: { file: written } });
    });
}

/**
 * The file as the migration is to have it: of a fleet file the migration of that name, with what the fleet says for all.
 * @throws CommandFailure `BadInput` with every mistake
 */
export function fileFor(name: string, path: string): unknown {
  if (!isFleet(path)) return readWritten(path);
  const { fleet } = fleetIn(path);
  const member = fleet.byName.get(name);
  if (!member) throw badInput(`${path} has no migration ${named(name)}: name the fleet file that it is in.`);
  return member.file;
}
