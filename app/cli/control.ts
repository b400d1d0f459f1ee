import type { Command } from 'commander';
import { controls, type ControlName } from '../../src/migration/messages.js';
import { send, type SayOptions } from './sending.js';
import { addVerb, type Surroundings } from './verb.js';

const examples: Record<ControlName, string> = {
  pause: 'ferry pause orders --note "until the freeze is over"',
  resume: 'ferry resume orders',
  retry: 'ferry retry orders\nferry retry orders --override "audit is switched off for good"',
  skip: 'ferry skip orders',
  abort: 'ferry abort orders --note "postponed"',
};

/** `pause`, `resume`, `retry`, `skip` and `abort`: one verb for each control of a migration. */
export function addControls(program: Command, surroundings: Surroundings): void {
  for (const name of Object.keys(controls) as ControlName[]) {
    const [description] = controls[name].split('With {');
    const verb = addVerb(program, name, (description ?? '').trim(), examples[name])
      .argument('<name>', 'the name of the migration')
      .option('--by <who>', 'who says so (default: the user of this machine)')
      .option('--note <text>', 'kept with the migration');
    if (name === 'retry')
      verb.option('--override <reason>', 'go on although a check asks; kept with your name');
    verb.action((migration: string, options: SayOptions & { override?: string }) =>
      send(surroundings, options, {
        to: migration,
        name,
        input: options.override === undefined ? {} : { override: { reason: options.override } },
      }),
    );
  }
}
