import type { Command } from 'commander';
import { under } from '../../src/migration/by-name.js';
import { declaredReport, writeDeclared } from './declared-files.js';
import { badInput, exitCodes, type ExitCode } from './failure.js';
import { list } from './findings-text.js';
import { isFleet, isFolder } from './folder.js';
import { readMigration } from './migration-file.js';
import { quoted } from '../../src/migration/next-command.js';
import { planFolder } from './plan-folder.js';
import { findingsOf, plan, planText } from './planning.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

export function addPlan(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'plan',
    'Check a migration file against both clusters: what will happen, and what blocks it. Changes nothing.',
    'ferry plan migrations/simplest-case.yaml\nferry plan migrations/ --html plan.html\nferry plan fleet.yaml',
  )
    .argument(
      '<file>',
      'the migration file, or a folder of them or a fleet file, which is planned at once with totals',
    )
    .option('--html <file>', 'of a folder or a fleet: write a page about all of it for those who decide')
    .option(
      '--write [folder]',
      'write the files from which others make the topics, where ferry.yaml says so (default: its folder)',
    )
    .action((file: string, options: PlanOptions) =>
      run(surroundings, options, () => {
        if (!isFolder(file) && !isFleet(file)) {
          if (options.html !== undefined)
            throw badInput('--html is for a folder of migration files, or a fleet file.');
          return showPlan(surroundings, options, file);
        }
        if (options.write !== undefined) throw badInput('--write is for one migration file.');
        return planFolder(surroundings, options, file);
      }),
    );
}

interface PlanOptions extends CommonOptions {
  write?: string | true;
  html?: string;
}

/** Exit code 2 when something blocks, 3 when something asks. */
async function showPlan(surroundings: Surroundings, options: PlanOptions, file: string): Promise<ExitCode> {
  const { terminal } = surroundings;
  const config = configured(surroundings, options);
  const { migration } = readMigration(file, config);
  if (options.write !== undefined && !under(config.declarations, migration.target))
    throw badInput(
      `The ferry makes the topics of ${migration.target} itself, so there is no file to write: leave --write out, or say provision for it in ferry.yaml.`,
    );
  const { declared, ...report } = await plan(config, migration, terminal);
  const files = declaredReport(config, migration, declared);
  const blocks = findingsOf(report, 'blocks');
  const written =
    options.write !== undefined && files && blocks.length === 0
      ? writeDeclared({ ...files, ...(options.write !== true && { folder: options.write }) })
      : [];
  if (options.json)
    terminal.print(
      JSON.stringify({
        migration: migration.name,
        strategy: migration.strategy,
        ...report,
        ...(files && { declared: { ...files, written } }),
      }),
    );
  else {
    terminal.print(planText(migration, report));
    if (written.length > 0) terminal.print(`\n${list('Written:', written)}`);
    else if (options.write !== undefined) terminal.print('\nNothing was written: something blocks.');
    else if (files) terminal.print(`\nNext, the files: ferry plan ${quoted(file)} --write`);
  }
  if (!options.json) for (const sentence of blocks) terminal.complain(sentence);
  if (blocks.length > 0) return exitCodes.badInput;
  return findingsOf(report, 'asks').length > 0 ? exitCodes.waiting : exitCodes.done;
}
