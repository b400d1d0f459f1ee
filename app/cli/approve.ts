import type { Command } from 'commander';
import { send, type SayOptions } from './sending.js';
import { addVerb, type Surroundings } from './verb.js';

export function addApprove(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'approve',
    'Approve the deletion of one source topic by its exact name, while the migration asks for it.',
    'ferry approve orders --delete orders',
  )
    .argument('<name>', 'the name of the migration')
    .requiredOption('--delete <topic>', 'the exact name of the topic on the source')
    .option('--by <who>', 'who approves (default: the user of this machine)')
    .option('--note <text>', 'kept with the approval')
    .action((migration: string, options: SayOptions & { delete: string }) =>
      send(surroundings, options, {
        to: migration,
        name: 'deletionApproved',
        input: { topic: options.delete },
      }),
    );
}
