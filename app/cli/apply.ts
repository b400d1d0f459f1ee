import { WorkflowNotFoundError } from '@temporalio/client';
import type { Command } from 'commander';
import { amendment } from '../../src/migration/amending.js';
import { parseMigration, type Migration } from '../../src/migration/file.js';
import { oneLine } from '../../src/migration/foreign-text.js';
import { factsQuery } from '../../src/migration/messages.js';
import { newState } from '../../src/migration/state.js';
import { listed } from '../connections/listing.js';
import { readYaml } from '../config/yaml-file.js';
import { exitCodes, type ExitCode } from './failure.js';
import { isFolder, readMany, type FileOfMany } from './folder.js';
import { readMigration } from './migration-file.js';
import { findingsOf, planner } from './planning.js';
import { startMigration } from './start.js';
import { withTemporal, type Temporal } from './temporal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

/** What becomes of one file. */
interface Applied {
  name: string;
  file: string;
  what: 'started' | 'same' | 'differs' | 'blocked' | 'ended';
  /** Differences from what runs, or what blocks. */
  sentences: string[];
}

export function addApply(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'apply',
    'Start the migrations of a file, a folder or a fleet file that are not there, and say what differs from what runs. Touches nothing else.',
    'ferry apply migrations/\nferry apply migrations/orders.yaml',
  )
    .argument('<path>', 'a migration file, a folder of them, or a fleet file')
    .option('--dry-run', 'only say what would be started')
    .action((path: string, options: CommonOptions & { dryRun?: boolean }) =>
      run(surroundings, options, () => apply(surroundings, options, path)),
    );
}

async function apply(
  surroundings: Surroundings,
  options: CommonOptions & { dryRun?: boolean },
  path: string,
): Promise<ExitCode> {
  const { terminal } = surroundings;
  const config = configured(surroundings, options);
  const files =
    isFolder(path) || isFleet(path)
      ? readMany(path, config)
      : [{ file: path, ...readMigration(path, config) }];
  return withTemporal(config.temporal, (temporal) =>
    planner(config, terminal, async ({ plan }) => {
      const applied: Applied[] = [];
      for (const one of files) {
        const { name } = one.migration;
        const there = await running(temporal, one);
        if (there) applied.push(there);
        else {
          const { declared: _, ...report } = await plan(one.migration);
          const blocks = findingsOf(report, 'blocks');
          if (blocks.length === 0 && !options.dryRun) await startMigration(temporal, one);
          applied.push({
            ...{ name, file: one.file, what: blocks.length > 0 ? 'blocked' : 'started', sentences: blocks },
          });
        }
        if (!options.json)
          for (const line of linesOf(applied.at(-1), options.dryRun)) terminal.print(oneLine(line));
      }
      if (options.json) terminal.print(JSON.stringify({ applied, dryRun: options.dryRun ?? false }));
      return applied.some(({ what }) => what === 'blocked')
        ? exitCodes.badInput
        : applied.some(({ what }) => what === 'differs')
          ? exitCodes.waiting
          : exitCodes.done;
    }),
  );
}

function isFleet(path: string): boolean {
  const { value } = readYaml(path);
  return typeof value === 'object' && value !== null && 'waves' in value;
}

/** Undefined where it is to be started: it never ran, or what ran was aborted or failed. */
async function running(
  temporal: Temporal,
  { migration, written, file }: FileOfMany,
): Promise<Applied | undefined> {
  const { name } = migration;
  const handle = temporal.migration(name);
  const described = await handle.describe().catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  });
  if (!described) return undefined;
  const { running: runs, state, strategy } = listed(described);
  if (!runs) return state === 'done' ? { name, file, what: 'ended', sentences: ['done'] } : undefined;
  if (strategy !== migration.strategy)
    return {
      name,
      file,
      what: 'differs',
      sentences: [`strategy: ${strategy} runs, ${migration.strategy} is written`],
    };
  const { migration: carried } = await temporal.answered(described.taskQueue, () =>
    handle.query<{ migration: Migration }>(factsQuery),
  );
  const changes = differencesOf(carried, written);
  return { name, file, what: changes.length > 0 ? 'differs' : 'same', sentences: changes };
}

/** One line for each difference between what runs and what is written. */
function differencesOf(carried: Migration, written: unknown): string[] {
  const { migration } = parseMigration(carried);
  const state = newState(migration ?? carried, '');
  const { changes, refusal } = amendment(state, written);
  return changes ?? [refusal.replace(/^nothing was changed: /, '')];
}

function linesOf(applied: Applied | undefined, dryRun = false): string[] {
  if (!applied) return [];
  const { name, what, sentences } = applied;
  switch (what) {
    case 'started':
      return [dryRun ? `${name}: would be started` : `${name}: started`];
    case 'same':
      return [`${name}: runs, as the file says`];
    case 'ended':
      return [`${name}: is done already`];
    case 'differs':
      return [
        `${name}: runs, and differs from the file; ferry amend ${name} FILE changes what can be changed:`,
        ...sentences.map((one) => `  ${one}`),
      ];
    case 'blocked':
      return [`${name}: not started, something blocks:`, ...sentences.map((one) => `  ${one}`)];
  }
}
