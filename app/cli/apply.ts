import type { Command } from 'commander';
import { amendment } from '../../src/migration/amending.js';
import { parseMigration, type Migration } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { oneLine } from '../../src/migration/foreign-text.js';
import { factsQuery } from '../../src/migration/messages.js';
import { quoted } from '../../src/migration/next-command.js';
import { newState } from '../../src/migration/state.js';
import { listed } from '../connections/listing.js';
import { described } from './described.js';
import { exitCodes, type ExitCode } from './failure.js';
import { asksText } from './findings-text.js';
import { readFleetFile, type ReadFleet } from './fleet/fleet-file.js';
import { fleetThere, startFleet } from './fleet/temporal-fleet.js';
import { isFleet, isFolder, readMany, type FileOfMany } from './folder.js';
import { readMigration } from './migration-file.js';
import { findingsOf, planner } from './planning.js';
import { startMigration } from './start.js';
import { withTemporal, type Temporal } from './temporal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

/** What becomes of one file. */
interface Applied {
  name: string;
  file: string;
  what: 'started' | 'same' | 'differs' | 'blocked' | 'ended' | 'pending';
  /** Differences from what runs, or what blocks. */
  sentences: string[];
  /** What a person has to accept for one that was started to go on. */
  asks?: Finding[];
}

export function addApply(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'apply',
    'Start what is not there, the migrations of a file or a folder, or the fleet of a fleet file, and say what differs from what runs. Touches nothing else.',
    'ferry apply migrations/\nferry apply migrations/orders.yaml\nferry apply fleet.yaml',
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
  if (!isFolder(path) && isFleet(path)) {
    const read = readFleetFile(path, config);
    return withTemporal(config.temporal, (temporal) => applyFleet(terminal, options, temporal, path, read));
  }
  const files = isFolder(path) ? readMany(path, config) : [{ file: path, ...readMigration(path, config) }];
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
          const asks = report.findings.filter(({ weight }) => weight === 'asks');
          const blocked = blocks.length > 0;
          if (!blocked && !options.dryRun) await startMigration(temporal, one);
          applied.push({
            ...{ name, file: one.file, what: blocked ? 'blocked' : 'started', sentences: blocks },
            ...(!blocked && asks.length > 0 && { asks }),
          });
        }
        if (!options.json)
          for (const line of linesOf(applied.at(-1), options.dryRun)) terminal.print(oneLine(line));
      }
      if (options.json) terminal.print(JSON.stringify({ applied, dryRun: options.dryRun ?? false }));
      return applied.some(({ what }) => what === 'blocked')
        ? exitCodes.badInput
        : applied.some(waitsForPerson)
          ? exitCodes.waiting
          : exitCodes.done;
    }),
  );
}

/** What differs is for a person to amend, and what asks for a person to accept. */
const waitsForPerson = ({ what, asks }: Applied): boolean => what === 'differs' || asks !== undefined;

/** Of a fleet it is the fleet that is there or is not: when each of its migrations starts is for its waves to say. */
async function applyFleet(
  terminal: Surroundings['terminal'],
  options: CommonOptions & { dryRun?: boolean },
  temporal: Temporal,
  path: string,
  read: ReadFleet,
): Promise<ExitCode> {
  const { shape, members } = read.fleet;
  const applied: Applied[] = [];
  for (const { migration, file: written } of members) {
    const file = `${path}: ${migration.name}`;
    const there = await running(temporal, { migration, written, file });
    applied.push(there ?? { name: migration.name, file, what: 'pending', sentences: [] });
  }
  const there = await fleetThere(temporal, shape.name);
  if (there === 'none' && !options.dryRun) await startFleet(temporal, read);
  const what = { none: 'started', runs: 'runs', ended: 'ended' }[there];
  if (options.json)
    terminal.print(
      JSON.stringify({ fleet: { name: shape.name, what }, applied, dryRun: options.dryRun ?? false }),
    );
  else
    for (const line of [
      fleetLine(shape.name, path, there, options.dryRun),
      ...applied.flatMap((one) => linesOf(one)),
    ])
      terminal.print(oneLine(line));
  return applied.some((one) => one.what === 'differs') ? exitCodes.waiting : exitCodes.done;
}

function fleetLine(name: string, path: string, there: 'none' | 'runs' | 'ended', dryRun = false): string {
  switch (there) {
    case 'none':
      return dryRun ? `${name}: the fleet would be started` : `${name}: the fleet is started`;
    case 'runs':
      return `${name}: the fleet runs; it goes on by the file that it was started with`;
    case 'ended':
      return `${name}: the fleet has ended; ferry fleet start ${quoted(path)} begins it again`;
  }
}

/** Undefined where it is to be started: it never ran, or what ran was aborted or failed. */
async function running(
  temporal: Temporal,
  { migration, written, file }: FileOfMany,
): Promise<Applied | undefined> {
  const { name } = migration;
  const handle = temporal.migration(name);
  const last = await described(temporal, name);
  if (!last) return undefined;
  const { running: runs, state, strategy } = listed(last);
  if (!runs) return state === 'done' ? { name, file, what: 'ended', sentences: ['done'] } : undefined;
  if (strategy !== migration.strategy)
    return {
      name,
      file,
      what: 'differs',
      sentences: [`strategy: ${strategy} runs, ${migration.strategy} is written`],
    };
  const { migration: carried } = await temporal.answered(last.taskQueue, () =>
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
  const { name, what, sentences, asks = [] } = applied;
  switch (what) {
    case 'started':
      return [
        dryRun ? `${name}: would be started` : `${name}: started`,
        ...asksText(name, asks).flatMap((text) => text.split('\n')),
      ];
    case 'same':
      return [`${name}: runs, as the file says`];
    case 'ended':
      return [`${name}: is done already`];
    case 'pending':
      return [`${name}: does not run; its fleet starts it when its wave lets it`];
    case 'differs':
      return [
        `${name}: runs, and differs from the file; ferry amend ${name} FILE changes what can be changed:`,
        ...sentences.map((one) => `  ${one}`),
      ];
    case 'blocked':
      return [`${name}: not started, something blocks:`, ...sentences.map((one) => `  ${one}`)];
  }
}
