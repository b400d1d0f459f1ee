import type { Command } from 'commander';
import { humanSteps } from '../../src/migration/messages.js';
import { isHumanStep } from '../../src/migration/strategies.js';
import { badInput } from './failure.js';
import { send, type SayOptions } from './sending.js';
import { addVerb, run, type Surroundings } from './verb.js';

interface ConfirmOptions extends SayOptions {
  name?: string;
  override?: string;
}

export function addConfirm(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'confirm',
    'Say that you have done a step that a person does. It closes when what is measured on the clusters agrees.',
    'ferry confirm orders producerSwitched --name orders-web --note "deployed at 9:40"',
  )
    .argument('<name>', 'the name of the migration')
    .argument('<step>', `one of ${steps.join(', ')}`)
    .option(
      '--name <part>',
      'which producer, group or topic, where the step has several; "*" for all that are left',
    )
    .option('--by <who>', 'who says so (default: the user of this machine)')
    .option('--note <text>', 'kept with the step')
    .option('--override <reason>', 'pass the check: for what cannot be measured; kept with your name')
    .action((migration: string, step: string, options: ConfirmOptions) => {
      const { name, override } = options;
      if (!isHumanStep(step) || step === 'deletionApproved')
        return run(surroundings, options, () => {
          throw badInput(
            step === 'deletionApproved'
              ? `A deletion is approved by the exact name of the topic: ferry approve ${migration} --delete TOPIC.`
              : `"${step}" is no step that a person confirms; those are ${steps.join(', ')}.`,
          );
        });
      return send(surroundings, options, {
        to: migration,
        name: step,
        input: {
          ...(name !== undefined && { name }),
          ...(override !== undefined && { override: { reason: override } }),
        },
      });
    });
}

const steps = humanSteps.filter((step) => step !== 'deletionApproved');
