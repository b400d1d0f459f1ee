import { headline } from '../../../src/fleet/details.js';
import type { FleetRow, FleetWave } from '../../../src/fleet/status.js';
import { under } from '../../../src/migration/by-name.js';
import { oneLine } from '../../../src/migration/foreign-text.js';
import { fleetCommand } from '../../../src/migration/next-command.js';
import { formatRate } from '../../../src/migration/rate.js';
import { blocks, cut, line, wrapped, type Line, type Style } from '../lines.js';
import { ago, lasting } from '../since.js';
import { columns } from '../terminal.js';
import type { Copying, FleetLook } from './look.js';

const cells = 20;
const shown = { waiting: 12, rows: 60 };

/** A fleet as a person reads it: what it waits for first, then its waves, then what is under way. */
export function fleetLines(look: FleetLook, link: string | undefined, now: Date, width = Infinity): Line[] {
  const { status, bytesPerSecond, expected } = look;
  const text = (sentence: string, style: Style = 'plain', indent = ''): Line[] =>
    wrapped(cut(sentence, 1_000), width, style, indent);
  return blocks([
    [
      ...text(`${status.name}: fleet, started ${ago(status.startedAt, now)}`, 'strong'),
      ...text(
        status.outcome?.sentence ?? headline(status),
        status.state === 'frozen' ? 'attention' : 'plain',
      ),
      ...(Object.keys(look.copying).length > 0
        ? text(
            `Mirrors copy ${formatRate(bytesPerSecond)} now${expected === null ? '' : `; what copies a history keeps up about ${expected.slice(0, 16)}Z`}.`,
          )
        : []),
    ],
    waitingLines(look, now, text),
    status.next.length === 0
      ? []
      : [
          line('Next:', 'strong'),
          ...status.next.map(({ message, input }) =>
            line(`  ${fleetCommand(status.name, message, input)}`, 'command'),
          ),
        ],
    status.waves.map((wave) => line(cut(oneLine(waveLine(wave)), width), waveStyle(wave))),
    rowLines(look, now, width),
    status.refused.map(({ at, message, why }) =>
      line(cut(oneLine(`Not counted: ${clock(at)} ${message}: ${why}`), width)),
    ),
    (status.untold ?? []).map(({ at, why }) =>
      line(cut(oneLine(`Not told: ${clock(at)} ${why}`), width), 'attention'),
    ),
    link === undefined ? [] : [line(`Web UI: ${link}`, 'quiet')],
  ]);
}

function waitingLines(
  { status: { waiting } }: FleetLook,
  now: Date,
  text: (sentence: string, style?: Style, indent?: string) => Line[],
): Line[] {
  if (waiting.length === 0) return [];
  const more = waiting.length - shown.waiting;
  return [
    line('Waits for people:', 'strong'),
    ...waiting
      .slice(0, shown.waiting)
      .flatMap(({ name, team, state, step, since, says }) =>
        text(
          `${name}${team === undefined ? '' : ` (${team})`}: ${step}, ${state} ${lasting(since, now)}. ${says}`,
          state === 'blocked' ? 'trouble' : 'attention',
          '  ',
        ),
      ),
    ...(more > 0 ? [line(`  … and ${more} more: --json lists all of them`, 'quiet')] : []),
  ];
}

/** For example `wave-1  [##########----------]  52 %  3 of 12 ended, runs`. */
function waveLine({ name, state, why, ended, of, stepsDone, steps }: FleetWave): string {
  return `${name.padEnd(16)} ${bar(stepsDone, steps)}  ${ended} of ${of} ended, ${why ?? state}`;
}

export function bar(done: number, of: number): string {
  const share = of > 0 ? Math.min(1, done / of) : 1;
  const full = Math.floor(cells * share);
  return `[${'#'.repeat(full)}${'-'.repeat(cells - full)}] ${String(Math.floor(100 * share)).padStart(3)} %`;
}

const waveStyle = ({ state }: FleetWave): Style =>
  state === 'ended' ? 'good' : state === 'runs' ? 'strong' : state === 'waits' ? 'plain' : 'attention';

function rowLines({ status, copying }: FleetLook, now: Date, width: number): Line[] {
  const rows = status.waves.flatMap(({ name: wave, migrations }) =>
    migrations.filter(isTold).map((row) => ({ wave, row })),
  );
  if (rows.length === 0) return [];
  const more = rows.length - shown.rows;
  const table = columns([
    ['MIGRATION', 'WAVE', 'STATE', 'STEP', '', 'SINCE', 'COPIES', ''],
    ...rows
      .slice(0, shown.rows)
      .map(({ wave, row }) => [
        row.name,
        wave,
        row.state,
        row.step ?? '',
        bar(row.done, row.of),
        row.since === undefined ? '' : lasting(row.since, now),
        copiesText(row, under(copying, row.name)),
        row.state === 'waiting' || row.state === 'blocked' ? '' : (row.says ?? ''),
      ]),
  ]).split('\n');
  return [
    ...table.map((one, at) =>
      line(cut(one, width), at === 0 ? 'quiet' : rowStyle(rows[at - 1]?.row.state ?? '')),
    ),
    ...(more > 0 ? [line(`… and ${more} more: --json lists all of them`, 'quiet')] : []),
  ];
}

/** What has not begun is told by its wave, and what is done by its bar. */
const isTold = ({ state, says }: FleetRow): boolean =>
  (!['pending', 'left'].includes(state) || says !== undefined) && state !== 'done';

function copiesText({ copying, rate }: FleetRow, live: Copying | undefined): string {
  if (copying === undefined || copying === 'ahead') return '';
  const pace = live === undefined ? copying : formatRate(live.bytesPerSecond);
  const limit = rate === undefined ? '' : ` of ${formatRate(rate)}`;
  return `${pace}${limit}${live?.endsAt !== undefined && copying === 'history' ? `, until ${live.endsAt.slice(11, 16)}Z` : ''}`;
}

function rowStyle(state: string): Style {
  if (['blocked', 'failed', 'terminated', 'timed out'].includes(state)) return 'trouble';
  return state === 'waiting' || state === 'paused' ? 'attention' : 'plain';
}

const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
