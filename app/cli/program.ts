import { Command, CommanderError } from 'commander';
import { version } from '../../src/migration/version.js';
import { exitCodes } from './failure.js';
import type { Surroundings } from './verb.js';

type Add = (program: Command, surroundings: Surroundings) => void;

/**
 * What adds each verb, in the order of the help. Loaded when it is asked for: the code of all of them is most of what a
 * short command would cost.
 */
const verbs: readonly (readonly [names: readonly string[], load: () => Promise<Add>])[] = [
  [['scan'], async () => (await import('./scan.js')).addScan],
  [['advise'], async () => (await import('./advise.js')).addAdvise],
  [['plan'], async () => (await import('./plan.js')).addPlan],
  [['start'], async () => (await import('./start.js')).addStart],
  [['apply'], async () => (await import('./apply.js')).addApply],
  [['status'], async () => (await import('./status.js')).addStatus],
  [['confirm'], async () => (await import('./confirm.js')).addConfirm],
  [['approve'], async () => (await import('./approve.js')).addApprove],
  [['pause', 'resume', 'retry', 'skip', 'abort'], async () => (await import('./control.js')).addControls],
  [['amend'], async () => (await import('./amend.js')).addAmend],
  [['throttle'], async () => (await import('./throttle.js')).addThrottle],
  [['fleet'], async () => (await import('./fleet/fleet.js')).addFleet],
  [['list'], async () => (await import('./list.js')).addList],
  [['holds'], async () => (await import('./holds.js')).addHolds],
  [['drain'], async () => (await import('./drain.js')).addDrain],
  [['offsets'], async () => (await import('./offsets.js')).addOffsets],
  [['verify'], async () => (await import('./verify.js')).addVerify],
  [['report'], async () => (await import('./report.js')).addReport],
  [['schemas'], async () => (await import('./schemas.js')).addSchemas],
  [['topic'], async () => (await import('./topic.js')).addTopic],
  [['setup'], async () => (await import('./setup.js')).addSetup],
  [['worker'], async () => (await import('./worker.js')).addWorker],
  [['codec-server'], async () => (await import('./codec-server.js')).addCodecServer],
];

/** The `ferry` command with the verb that is named; with all of them when none is. */
export async function createProgram(surroundings: Surroundings, verb?: string): Promise<Command> {
  const { terminal } = surroundings;
  const program = new Command('ferry')
    .description(
      'Moves Kafka topics from one cluster to another while their applications keep their promises.',
    )
    .version(version, '--version', 'say which version this is')
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
  const named = verbs.filter(([names]) => verb !== undefined && names.includes(verb));
  for (const [, load] of named.length > 0 ? named : verbs) (await load())(program, surroundings);
  return program;
}

/** Runs one command line, without the two words that start it. */
export async function ferry(words: readonly string[], surroundings: Surroundings): Promise<void> {
  const { terminal, end } = surroundings;
  const program = await createProgram(surroundings, words[0]);
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
