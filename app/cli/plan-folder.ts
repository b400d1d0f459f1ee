import { writeFileSync } from 'node:fs';
import { tableWith, under } from '../../src/migration/by-name.js';
import { formatBytes } from '../../src/migration/bytes.js';
import { formatDuration } from '../../src/migration/duration.js';
import { oneLine } from '../../src/migration/foreign-text.js';
import { mirrorKind, waitMs, type Migration } from '../../src/migration/file.js';
import { expectedRate } from '../../src/migration/mirror-rate.js';
import { newState } from '../../src/migration/state.js';
import { isMirrored } from '../../src/migration/strategies.js';
import { planPage, type PlannedRow, type PlanTotals } from '../../src/report/plan-page.js';
import { badInput, exitCodes, type ExitCode } from './failure.js';
import { readFleetFile } from './fleet/fleet-file.js';
import { isFolder, readMany } from './folder.js';
import { findingsOf, planner } from './planning.js';
import { columns } from './terminal.js';
import { configured, type CommonOptions, type Surroundings } from './verb.js';

/**
 * Plans every migration of a folder, or of a fleet with what it says for all of them, with totals: what moves, how long it takes without what people take,
 * and who has to do what. Exit code 2 when something blocks, 3 when something asks.
 */
export async function planFolder(
  surroundings: Surroundings,
  options: CommonOptions & { html?: string },
  path: string,
): Promise<ExitCode> {
  const { terminal } = surroundings;
  const config = configured(surroundings, options);
  const files = isFolder(path)
    ? readMany(path, config)
    : readFleetFile(path, config).fleet.members.map(({ migration }) => ({ migration, file: path }));
  return planner(config, terminal, async ({ plan, bytesOf }) => {
    const rows: PlannedRow[] = [];
    for (const { migration, file } of files) {
      const { declared: _, ...report } = await plan(migration);
      rows.push({
        ...{ name: migration.name, file, strategy: migration.strategy, target: migration.target },
        ...(migration.team !== undefined && { team: migration.team }),
        topics: migration.topics.length,
        bytes: await bytesOf(migration),
        ...timesOf(migration),
        blocks: findingsOf(report, 'blocks'),
        asks: findingsOf(report, 'asks'),
        people: peopleOf(migration),
      });
    }
    const timed = rows.map(withHours);
    const totals = totalsOf(timed);
    if (options.html !== undefined)
      try {
        writeFileSync(options.html, planPage(path, timed, totals));
      } catch {
        throw badInput(`${options.html} cannot be written: see whether this user may.`);
      }
    terminal.print(options.json ? JSON.stringify({ migrations: timed, totals }) : text(timed, totals));
    if (!options.json && options.html !== undefined) terminal.print(`\nWritten: ${options.html}`);
    if (!options.json)
      for (const { name, blocks } of timed) for (const one of blocks) terminal.complain(`${name}: ${one}`);
    if (timed.some(({ blocks }) => blocks.length > 0)) return exitCodes.badInput;
    return timed.some(({ asks }) => asks.length > 0) ? exitCodes.waiting : exitCodes.done;
  });
}

function timesOf(migration: Migration): Pick<PlannedRow, 'waitsMs' | 'bytesPerSecond'> {
  return {
    waitsMs: waitMs(migration, 'quiet') + waitMs(migration, 'soak'),
    bytesPerSecond: isMirrored(migration.strategy)
      ? Math.min(expectedRate[mirrorKind(migration)], migration.copying.bytesPerSecond ?? Infinity)
      : null,
  };
}

/** Without what people take. What is not known is no number. */
function withHours(row: PlannedRow): PlannedRow {
  const { bytes, bytesPerSecond, waitsMs } = row;
  if (bytesPerSecond === null) return { ...row, hours: waitsMs / hourMs };
  return bytes === null ? row : { ...row, hours: (waitsMs + (bytes / bytesPerSecond) * 1_000) / hourMs };
}

const hourMs = 3_600_000;

/** How often people have to say something, by step. */
function peopleOf(migration: Migration): Record<string, number> {
  return Object.fromEntries(
    newState(migration, '').steps.flatMap(({ id, parts }) => (parts ? [[id, parts.length]] : [])),
  );
}

export function totalsOf(rows: readonly PlannedRow[]): PlanTotals {
  const sum = (of: (row: PlannedRow) => number | null | undefined): number | null =>
    rows.some((row) => of(row) == null) ? null : rows.reduce((all, row) => all + (of(row) ?? 0), 0);
  const people = tableWith<Record<string, number>>();
  for (const { team = 'no team', people: own } of rows)
    for (const [step, times] of Object.entries(own)) {
      const said = under(people, team) ?? {};
      people[team] = { ...said, [step]: (said[step] ?? 0) + times };
    }
  const copied = rows.filter(({ bytesPerSecond }) => bytesPerSecond !== null);
  const hours = rows.map((row) => row.hours);
  return {
    migrations: rows.length,
    topics: rows.reduce((all, { topics }) => all + topics, 0),
    bytes: sum(({ bytes }) => bytes),
    bytesToCopy: copied.some(({ bytes }) => bytes === null)
      ? null
      : copied.reduce((all, { bytes }) => all + (bytes ?? 0), 0),
    hoursOneAfterAnother: sum((row) => row.hours),
    hoursAtLeast: hours.includes(undefined) ? null : Math.max(0, ...hours.map((one) => one ?? 0)),
    blocked: rows.filter(({ blocks }) => blocks.length > 0).length,
    asking: rows.filter(({ asks }) => asks.length > 0).length,
    people,
  };
}

export const hoursText = (hours: number | null | undefined): string =>
  hours == null ? 'not known' : formatDuration(Math.max(1_000, hours * hourMs));
const bytesText = (bytes: number | null): string => (bytes === null ? 'not known' : formatBytes(bytes));

function text(rows: readonly PlannedRow[], totals: PlanTotals): string {
  const asks = rows.flatMap(({ name, asks: all }) => all.map((one) => oneLine(`- ${name}: ${one}`)));
  return [
    columns([
      ['MIGRATION', 'STRATEGY', 'TEAM', 'TOPICS', 'ON DISK', 'TAKES', ''],
      ...rows.map((row) => [
        row.name,
        row.strategy,
        row.team ?? '',
        String(row.topics),
        bytesText(row.bytes),
        hoursText(row.hours),
        row.blocks.length > 0 ? 'blocked' : row.asks.length > 0 ? 'asks' : '',
      ]),
    ]),
    `${totals.migrations} migrations of ${totals.topics} topics, ${bytesText(totals.bytes)} on disk, ${bytesText(totals.bytesToCopy)} of it to copy; ${hoursText(totals.hoursAtLeast)} at least, ${hoursText(totals.hoursOneAfterAnother)} one after another, without what people take.`,
    [
      'Who has to say what, how often:',
      ...Object.entries(totals.people).map(
        ([team, steps]) =>
          `- ${team}: ${Object.entries(steps)
            .map(([step, times]) => `${step} ${times}`)
            .join(', ')}`,
      ),
    ].join('\n'),
    ...(asks.length > 0 ? [['Asks:', ...asks].join('\n')] : []),
  ].join('\n\n');
}
