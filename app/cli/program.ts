import { Command, CommanderError } from 'commander';
import { addAdvise } from './advise.js';
import { addAmend } from './amend.js';
import { addApply } from './apply.js';
import { addApprove } from './approve.js';
import { addCodecServer } from './codec-server.js';
import { addConfirm } from './confirm.js';
import { addControls } from './control.js';
import { addDrain } from './drain.js';
import { exitCodes } from './failure.js';
import { addFleet } from './fleet/fleet.js';
import { addHolds } from './holds.js';
import { addList } from './list.js';
import { addOffsets } from './offsets.js';
import { addPlan } from './plan.js';
import { addReport } from './report.js';
import { addScan } from './scan.js';
import { addSchemas } from './schemas.js';
import { addSetup } from './setup.js';
import { addStart } from './start.js';
import { addStatus } from './status.js';
import { addThrottle } from './throttle.js';
import { addTopic } from './topic.js';
import type { Surroundings } from './verb.js';
import { addVerify } from './verify.js';
import { addWorker } from './worker.js';

/** The `ferry` command with all its verbs. */
export function createProgram(surroundings: Surroundings): Command {
  const { terminal } = surroundings;
  const program = new Command('ferry')
    .description(
      'Moves Kafka topics from one cluster to another while their applications keep their promises.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  ferry plan orders.yaml && ferry start orders.yaml && ferry status orders --watch\n\nExit codes: 0 done, 1 failed, 2 bad input, 3 waiting on a person, 4 not proved.',
    )
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      // A refusal of the command line has to be JSON as well where JSON is asked for; `ferry` writes it.
      writeErr: () => undefined,
    });
  for (const add of [
    addScan,
    addAdvise,
    addPlan,
    addStart,
    addApply,
    addStatus,
    addConfirm,
    addApprove,
    addControls,
    addAmend,
    addThrottle,
    addFleet,
    addList,
    addHolds,
    addDrain,
    addOffsets,
    addVerify,
    addReport,
    addSchemas,
    addTopic,
    addSetup,
    addWorker,
    addCodecServer,
  ])
    add(program, surroundings);
  return program;
}

/** Runs one command line, without the two words that start it. */
export async function ferry(words: readonly string[], surroundings: Surroundings): Promise<void> {
  const { terminal, end } = surroundings;
  const program = createProgram(surroundings);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return end(exitCodes.done);
    const message =
      error.code === 'commander.help' ? 'Say what to do: ferry --help lists the verbs.' : sentenceOf(error);
    if (words.includes('--json')) terminal.print(JSON.stringify({ error: { type: 'BadInput', message } }));
    else terminal.complain(message);
    end(exitCodes.badInput);
  }
}

function sentenceOf({ message }: CommanderError): string {
  const [line = '', ...hints] = message.replace(/^error: /, '').split('\n');
  const hint = hints.join(' ').trim();
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}${hint === '' ? '' : ` ${hint}`}: see ferry --help.`;
}
