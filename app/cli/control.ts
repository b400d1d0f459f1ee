import type { Command } from 'commander';
import { controls, type ControlName } from '../../src/migration/messages.js';
import { badInput } from './failure.js';
import { send, type SayOptions } from './sending.js';
import { addVerb, run, type Surroundings } from './verb.js';

interface RetryOptions extends SayOptions {
  accept?: string[];
  acceptAll?: boolean;
  override?: string;
}

type Verb = Exclude<ControlName, 'amend' | 'throttle'>;

const examples: Record<Verb, string> = {
  pause: 'ferry pause orders --note "until the freeze is over"',
  resume: 'ferry resume orders',
  retry:
    'ferry retry orders\nferry retry orders --accept group-not-in-file:audit --note "audit is switched off for good"',
  skip: 'ferry skip orders',
  abort: 'ferry abort orders --note "postponed"',
};

/** `pause`, `resume`, `retry`, `skip` and `abort`: one verb for each control that needs no file. */
export function addControls(program: Command, surroundings: Surroundings): void {
  for (const name of Object.keys(examples) as Verb[]) {
    const [description] = controls[name].split('With {');
    const verb = addVerb(program, name, (description ?? '').trim(), examples[name])
      .argument('<name>', 'the name of the migration')
      .option('--by <who>', 'who says so (default: the user of this machine)')
      .option('--note <text>', 'kept with the migration');
    if (name === 'retry')
      verb
        .option('--accept <key...>', 'accept these findings that ask, by their keys; --note says why')
        .option('--accept-all', 'accept everything that asks now; --note says why')
        .option('--override <reason>', 'accept the one finding that asks; kept with your name');
    verb.action((migration: string, options: RetryOptions) => {
      if (options.acceptAll && options.accept)
        return run(surroundings, options, () => {
          throw badInput('Say either --accept KEY or --accept-all.');
        });
      return send(surroundings, options, { to: migration, name, input: acceptedBy(options) });
    });
  }
}

function acceptedBy({ accept, acceptAll, override }: RetryOptions): Record<string, unknown> {
  const keys = acceptAll ? ['*'] : accept;
  return {
    ...(keys && { accept: keys }),
    ...(override !== undefined && { override: { reason: override } }),
  };
}
