import type { Command } from 'commander';
import { readYaml } from '../config/yaml-file.js';
import { badFile } from './failure.js';
import { send, type SayOptions } from './sending.js';
import { addVerb, run, type Surroundings } from './verb.js';

export function addAmend(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'amend',
    'Change a migration that runs: what can still change of its file is changed and told, else nothing is.',
    'ferry amend orders migrations/orders.yaml --note "audit stays behind"',
  )
    .argument('<name>', 'the name of the migration')
    .argument('<file>', 'the migration file as it is to be')
    .option('--by <who>', 'who says so (default: the user of this machine)')
    .option('--note <text>', 'kept with the change')
    .action((migration: string, file: string, options: SayOptions) => {
      const read = readYaml(file);
      if (read.mistakes)
        return run(surroundings, options, () => {
          throw badFile(file, read.mistakes);
        });
      return send(surroundings, options, { to: migration, name: 'amend', input: { file: read.value } });
    });
}
