import type { Command } from 'commander';
import { named } from '../../src/migration/foreign-text.js';
import { badInput } from './failure.js';
import { fleetIn } from './fleet/fleet-file.js';
import { isFleet } from './folder.js';
import { readWritten } from './migration-file.js';
import { send, type SayOptions } from './sending.js';
import type { Temporal } from './temporal.js';
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
    .option('--alone', 'this file as it is, also where the migration has what its fleet says for all')
    .action((migration: string, file: string, options: SayOptions & { alone?: boolean }) => {
      let written: unknown;
      try {
        written = fileFor(migration, file);
      } catch (error) {
        return run(surroundings, options, () => {
          throw error;
        });
      }
      const insist = (temporal: Temporal) => insistOnTheFleet(temporal, migration);
      return send(surroundings, options, {
        ...{ to: migration, name: 'amend', input: { file: written } },
        ...(!options.alone && !isFleet(file) && { insist }),
      });
    });
}

/**
 * A migration that its fleet has started has more in its file than the person wrote: a file alone would take that from it.
 * @throws CommandFailure `BadInput`
 */
async function insistOnTheFleet(temporal: Temporal, name: string): Promise<void> {
  const { parentExecution } = await temporal.migration(name).describe();
  if (parentExecution)
    throw badInput(
      `${name} was started by ${parentExecution.workflowId ?? 'its fleet'}: name the file of the fleet (ferry amend ${name} FLEETFILE), so that what it says for all still counts, or say --alone for this file as it is.`,
    );
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
