import type { Command } from 'commander';
import { controls } from '../../src/migration/messages.js';
import { parseRate } from '../../src/migration/rate.js';
import { badInput } from './failure.js';
import { send, type SayOptions } from './sending.js';
import { addVerb, run, type Surroundings } from './verb.js';

export function addThrottle(program: Command, surroundings: Surroundings): void {
  const [description] = controls.throttle.split(' With {');
  addVerb(
    program,
    'throttle',
    description ?? '',
    'ferry throttle payments 20MB/s\nferry throttle payments none --note "the night is ours"',
  )
    .argument('<name>', 'the name of the migration')
    .argument('<rate>', 'bytes a second, such as 20MB/s; none for as the file says')
    .option('--by <who>', 'who says so (default: the user of this machine)')
    .option('--note <text>', 'kept with the migration')
    .action((migration: string, rate: string, options: SayOptions) => {
      if (rate !== 'none' && parseRate(rate) === null)
        return run(surroundings, options, () => {
          throw badInput(
            `"${rate}" is no rate: say one such as 20MB/s, at least 1024 bytes a second, or none.`,
          );
        });
      return send(surroundings, options, {
        to: migration,
        name: 'throttle',
        input: { rate: rate === 'none' ? null : rate },
      });
    });
}
