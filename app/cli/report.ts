import { writeFileSync } from 'node:fs';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Account } from '../../src/account/account.js';
import { accountOf } from '../../src/account/account-of.js';
import { isRegistryCopy, workflowId } from '../../src/migration/messages.js';
import { isFerryError } from '../../src/migration/errors.js';
import type { Missing } from '../../src/report/account/fleet.js';
import type { ReportKind } from '../../src/report/account/report-kinds.js';
import { historiesOf } from '../connections/histories.js';
import { begunInFleet } from './fleet/begun.js';
import { badInput, CommandFailure, exitCodes, type ExitCode } from './failure.js';
import { withTemporal, type Temporal } from './temporal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

interface ReportOptions extends CommonOptions {
  html?: boolean;
  md?: boolean;
  out?: string;
  run?: string;
  title?: string;
  fleet?: string;
}

export function addReport(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'report',
    'What happened in a migration, from its history alone: as a page, Markdown or JSON that outlives it. Several names make one report.',
    'ferry report orders --html --out orders.html\nferry report orders refunds --title "first wave" --out first-wave.html',
  )
    .argument('[name...]', 'the names of migrations that run or have ended')
    .option('--html', 'one page that needs nothing else')
    .option('--md', 'Markdown (the default)')
    .option('--out <file>', 'where to write it; a name that ends in .html, .md or .json says how')
    .option('--run <id>', 'an earlier migration of the same name: the id of its last run in Temporal')
    .option('--fleet <name>', 'all migrations of a fleet that have begun')
    .option('--title <title>', 'what several migrations are called together')
    .action((names: string[], options: ReportOptions) =>
      run(surroundings, options, () => report(surroundings, options, names)),
    );
}

async function report(
  surroundings: Surroundings,
  options: ReportOptions,
  names: readonly string[],
): Promise<ExitCode> {
  const kind = kindOf(options);
  if (options.run !== undefined && names.length !== 1)
    throw badInput('--run is of one migration: name that alone.');
  if ((names.length === 0) === (options.fleet === undefined))
    throw badInput('Say of what: the names of migrations, or --fleet NAME.');
  const copy = names.find(isRegistryCopy);
  if (copy !== undefined)
    throw badInput(
      `${copy} copies a registry: a report is of migrations. ferry status ${copy} has all of it.`,
    );
  if (options.run !== undefined && !z.uuid().safeParse(options.run).success)
    throw badInput('--run takes the id of a run in Temporal, such as 01a22773-f85c-7282-ad2a-068e3bdd7d1c.');
  const { accounts, missing } = await withTemporal(
    configured(surroundings, options, true).temporal,
    async (temporal) =>
      options.fleet === undefined
        ? { accounts: await accountsNamed(temporal, names, options.run), missing: [] }
        : accountsInFleet(temporal, options.fleet),
  );
  // What draws is loaded for this alone: no other verb needs it.
  const { writtenAs } = await import('../../src/report/account/written.js');
  const written = writtenAs(kind, accounts, options.title ?? options.fleet, missing);
  if (options.out === undefined) surroundings.terminal.print(written.trimEnd());
  else {
    writeReport(options.out, written);
    const gone = [
      ...missing.map(({ why }) => why),
      ...accounts.flatMap((account) => account.gone.map((sentence) => `${account.name}: ${sentence}`)),
    ];
    surroundings.terminal.print(
      options.json
        ? JSON.stringify({ written: options.out, gone })
        : [`The report is ${options.out}.`, ...gone].join('\n'),
    );
  }
  return exitCodes.done;
}

/** Of those that Temporal has no longer the report says so: one that ended long ago takes no other with it. */
async function accountsInFleet(
  temporal: Temporal,
  fleet: string,
): Promise<{ accounts: Account[]; missing: Missing[] }> {
  const accounts: Account[] = [];
  const missing: Missing[] = [];
  for (const name of await begunInFleet(temporal, fleet))
    try {
      accounts.push(await accountNamed(temporal, name));
    } catch (error) {
      if (!isOfThisOne(error)) throw error;
      missing.push({ name, why: error.message });
    }
  if (accounts.length === 0) throw badInput(...missing.map(({ why }) => why));
  return { accounts, missing };
}

/** Not there, or nothing that this ferry can read. */
const isOfThisOne = (error: unknown): error is Error =>
  (error instanceof CommandFailure && error.type === 'BadInput') ||
  (isFerryError(error) && error.type === 'Unsupported');

/** One after the other, since a history may be large. */
async function accountsNamed(
  temporal: Temporal,
  names: readonly string[],
  runId?: string,
): Promise<Account[]> {
  const accounts: Account[] = [];
  for (const name of names) accounts.push(await accountNamed(temporal, name, runId));
  return accounts;
}

async function accountNamed(temporal: Temporal, name: string, runId?: string): Promise<Account> {
  try {
    const histories = await historiesOf(temporal.client, workflowId(name), runId);
    return accountOf(histories, new Date().toISOString());
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? notKept(name, runId) : error;
  }
}

const notKept = (name: string, runId: string | undefined) =>
  badInput(
    `Temporal has no ${runId === undefined ? '' : `run ${runId} of a `}migration "${name}": ferry list shows those there are. One that ended longer ago than the namespace keeps is where reports in ferry.yaml had it written.`,
  );

function kindOf({ html, md, json, out }: ReportOptions): ReportKind {
  if (html && md) throw badInput('A report is written in one way: --html or --md.');
  const ending = /\.(html|md|json)$/.exec(out ?? '')?.[1] as ReportKind | undefined;
  const asked = html ? 'html' : md ? 'md' : undefined;
  if (asked && ending && asked !== ending)
    throw badInput(`--${asked} and ${out} say different things: name a file that ends in .${asked}.`);
  return asked ?? ending ?? (json ? 'json' : 'md');
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch {
    throw badInput(`${path} cannot be written: name a file in a folder that is there.`);
  }
}
