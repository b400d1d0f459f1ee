import type { Command } from 'commander';
import { asCommandFailure, badFile, type ExitCode } from './failure.js';
import type { Terminal } from './terminal.js';
import { readConfig, type Config } from '../config/config.js';
import type { Environment } from '../config/values.js';

/** What a verb is given beside its own arguments. */
export interface Surroundings {
  terminal: Terminal;
  environment: Environment;
  /** Called once, with what the process is to end with. */
  end: (code: ExitCode) => void;
}

export interface CommonOptions {
  config?: string;
  json?: boolean;
}

/** What a verb ends with that has no answers of its own. */
export const usualExits = '0 done, 1 failed, 2 bad input, 3 waiting on a person';

/**
 * Adds a verb with what all of them have: `--json`, `--config`, and an example in its help.
 * @param exits its exit codes, as its help says them
 */
export function addVerb(
  program: Command,
  usage: string,
  description: string,
  example: string,
  exits = usualExits,
): Command {
  return program
    .command(usage)
    .description(description)
    .option('--json', 'print JSON')
    .option('--config <file>', 'the configuration (default: $FERRY_CONFIG, else ./ferry.yaml)')
    .addHelpText('after', `\nExample:\n  ${example.replaceAll('\n', '\n  ')}\n\nExit codes: ${exits}.`);
}

/** Runs a verb to its exit code; a failure is told as sentences on the error stream, or as JSON. */
export async function run(
  { terminal, end }: Surroundings,
  { json }: CommonOptions,
  verb: () => Promise<ExitCode>,
): Promise<void> {
  try {
    end(await verb());
  } catch (error) {
    const { type, sentences, exitCode } = asCommandFailure(error);
    if (json) terminal.print(JSON.stringify({ error: { type, message: sentences.join('\n') } }));
    else for (const sentence of sentences) terminal.complain(sentence);
    end(exitCode);
  }
}

/** The configuration, or every mistake in it. @throws CommandFailure `BadInput` */
export function configured(
  { environment }: Surroundings,
  { config: path }: CommonOptions,
  temporalOnly = false,
  codecServer = false,
): Config {
  const read = readConfig({ path, environment, temporalOnly, codecServer });
  if (read.mistakes) throw badFile(path ?? environment['FERRY_CONFIG'] ?? 'ferry.yaml', read.mistakes);
  return read.value;
}
