import type { Command } from 'commander';
import { exitCodes, type ExitCode } from './failure.js';
import { readMigration } from './migration-file.js';
import { findingsOf, plan, planText } from './planning.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

export function addPlan(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'plan',
    'Check a migration file against both clusters: what will happen, and what blocks it. Changes nothing.',
    'ferry plan migrations/simplest-case.yaml',
  )
    .argument('<file>', 'the migration file')
    .action((file: string, options: CommonOptions) =>
      run(surroundings, options, () => showPlan(surroundings, options, file)),
    );
}

/** Exit code 2 when something blocks, 3 when something asks. */
async function showPlan(surroundings: Surroundings, options: CommonOptions, file: string): Promise<ExitCode> {
  const { terminal } = surroundings;
  const config = configured(surroundings, options);
  const { migration } = readMigration(file, config);
  const report = await plan(config, migration, terminal);
  if (options.json)
    terminal.print(JSON.stringify({ migration: migration.name, strategy: migration.strategy, ...report }));
  else terminal.print(planText(migration, report));
  const blocks = findingsOf(report, 'blocks');
  if (!options.json) for (const sentence of blocks) terminal.complain(sentence);
  if (blocks.length > 0) return exitCodes.badInput;
  return findingsOf(report, 'asks').length > 0 ? exitCodes.waiting : exitCodes.done;
}
