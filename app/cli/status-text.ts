import { bar } from './bar.js';
import { blocks, cut, line, wrapped, type Line, type Style } from './lines.js';
import type { Live } from './live.js';
import { nextCommands } from './next-commands.js';
import { ago } from './since.js';
import { sayTrouble, type Trouble } from './troubles.js';
import { named, oneLine } from '../../src/migration/foreign-text.js';
import { firstOf } from '../../src/migration/listed.js';
import type { Step } from '../../src/migration/state.js';
import { asked, type Status } from '../../src/migration/status.js';

const marks: Record<Step['status'], string> = {
  pending: ' ',
  active: '>',
  waiting: '?',
  blocked: '!',
  done: 'x',
  skipped: '-',
};

/** How much is shown of what can be long; `--json` has all of it. */
const shown = { findings: 20, list: 20, names: 5, sentence: 1000 };
/** What was seen longer ago is told as old: activities tell what they see far more often. */
const oldAfterMs = 60_000;
/** Narrower terminals get no times in the table, since titles say more. */
const wide = 110;

/** What a person sees of a migration beside its status. */
export interface Seen {
  live: readonly Live[];
  troubles: readonly Trouble[];
  /** Where the web UI shows it. */
  link: string | undefined;
}

/**
 * The status of a migration as a person reads it, in the order in which it matters: what is waited for and why, what to
 * do, what is under way, the steps, the rest. The same is redrawn by `--watch`.
 * @param width characters of a line; undefined: as long as it is
 */
export function statusLines(status: Status, seen: Seen, now: Date, width = Infinity): Line[] {
  const { name, strategy, source, target, state, startedAt } = status;
  const text = (sentence: string, style: Style = 'plain', indent = ''): Line[] =>
    wrapped(cut(sentence, shown.sentence), width, style, indent);
  const listed = (title: string, all: readonly string[], style: Style = 'plain'): Line[] =>
    all.length === 0
      ? []
      : [line(title, 'strong'), ...firstOf(all, shown.list).flatMap((one) => text(`- ${one}`, style, '  '))];
  return blocks([
    text(
      `${name}: ${strategy}${target === '' ? '' : `, ${source} → ${target}`}, ${state} (started ${ago(startedAt, now)})`,
      styles[state],
    ),
    [
      ...text(asked(status), 'strong'),
      ...(status.openedAgain
        ? text(`Open again since ${clock(status.openedAgain.at)}: ${status.openedAgain.why}`, 'attention')
        : []),
      ...(status.contradicted
        ? text(`Not so: ${status.contradicted.why} (seen ${clock(status.contradicted.at)})`, 'attention')
        : []),
      ...seen.troubles.flatMap((trouble) => text(sayTrouble(trouble, now), 'trouble')),
    ],
    findingsOf(status, text),
    [
      ...(status.todo === null ? [] : text(`To do: ${status.todo}`, 'attention')),
      ...(status.next.length > 0 ? [line('Next:', 'strong')] : []),
      ...nextCommands(name, status.next)
        .flatMap((one) => one.split('\n'))
        .flatMap((one) =>
          /^ {2}ferry/.test(one) ? [line(one, 'command')] : text(one.trim(), 'quiet', '      '),
        ),
    ],
    seen.live.flatMap((live) => [
      ...(live.progress ? text(bar(live.progress, now)) : []),
      ...text(`Now: ${live.says} (${seenAgo(live.at, now)})`, isOld(live.at, now) ? 'attention' : 'plain'),
    ]),
    stepRows(status.steps, width),
    listed('Not verified:', status.unverified, 'attention'),
    listed('Taken back:', status.outcome?.undone ?? []),
    listed('Left for a person to decide:', status.outcome?.left ?? [], 'attention'),
    listed(
      'Not counted:',
      status.refused.map(({ at, message, why }) => `${clock(at)} ${message}: ${why}`),
    ),
    listed(
      'Not told:',
      status.untold.map(({ at, why }) => `${clock(at)} ${why}`),
      'attention',
    ),
    seen.link === undefined ? [] : [line(`Web UI: ${seen.link}`, 'quiet')],
  ]);
}

const styles: Record<Status['state'], Style> = {
  running: 'strong',
  waiting: 'attention',
  blocked: 'trouble',
  paused: 'attention',
  aborting: 'attention',
  done: 'good',
  aborted: 'attention',
};

function findingsOf(
  { steps }: Status,
  text: (sentence: string, style?: Style, indent?: string) => Line[],
): Line[] {
  const findings = steps.flatMap(({ problem }) => problem?.findings ?? []);
  const more = findings.length - shown.findings;
  return [
    ...findings
      .slice(0, shown.findings)
      .flatMap(({ sentence, key, weight }) => [
        ...text(`- ${sentence}`, 'plain', '  '),
        ...text(`${weight}: ${named(key)}`, weight === 'blocks' ? 'trouble' : 'quiet', '      '),
      ]),
    ...(more > 0 ? [line(`  … and ${more} more: --json lists all of them`, 'quiet')] : []),
  ];
}

/** One line per change, for a pipe. */
export function statusLine(
  { state, waitingFor, openedAgain, steps }: Status,
  { live, troubles }: Pick<Seen, 'live' | 'troubles'>,
  now: Date,
): string {
  const step = steps.find(
    ({ status }) => status === 'active' || status === 'waiting' || status === 'blocked',
  );
  const says = live[0]?.says ?? waitingFor;
  const again = openedAgain ? ` (open again: ${openedAgain.why})` : '';
  const [trouble] = troubles;
  // How long it lasts is not part of what changes.
  const stuck = trouble ? ` (does not get on since ${clock(trouble.since)}: ${trouble.why})` : '';
  return oneLine(`${now.toISOString()} ${state}${step ? ` ${step.id}` : ''}: ${says}${again}${stuck}`);
}

/** A person has to do something before it goes on. */
export function waitsForPerson({ state, next }: Status): boolean {
  return state === 'blocked' || state === 'paused' || (state === 'waiting' && next.length > 0);
}

function stepRows(steps: readonly Step[], width: number): Line[] {
  const rows = steps.map((step, index) => ({
    step,
    title: `  [${marks[step.status]}] ${String(index + 1).padStart(2)}. ${step.title}`,
    is: wordsOf(step),
    ended: step.endedAt && width >= wide ? clock(step.endedAt) : '',
  }));
  const most = (of: (row: (typeof rows)[number]) => string) => Math.max(...rows.map((row) => of(row).length));
  const time = most(({ ended }) => ended);
  const is = Math.min(
    most((row) => row.is),
    Math.max(20, Math.floor((width - time) / 2)),
  );
  const title = Math.max(
    20,
    Math.min(
      most((row) => row.title),
      width - is - time - 4,
    ),
  );
  return rows.map((row) =>
    line(
      [cut(row.title, title).padEnd(title), cut(row.is, is).padEnd(is), row.ended].join('  ').trimEnd(),
      rowStyle(row.step),
    ),
  );
}

function rowStyle({ status, unverified }: Step): Style {
  if (status === 'blocked') return 'trouble';
  if (status === 'waiting' || unverified) return 'attention';
  if (status === 'active') return 'strong';
  return status === 'done' ? 'good' : 'quiet';
}

/** `done, overridden`, `waiting (open again) (said: billing)`. */
function wordsOf({ status, parts = [], unverified, openedAgain }: Step): string {
  const open = status !== 'done' && status !== 'skipped';
  const overridden = parts.filter(({ claim }) => open && claim?.override).map(({ name }) => name);
  const said = parts
    .filter(({ claim, verified }) => open && claim && !claim.override && !verified)
    .map(({ name }) => name);
  return [
    status,
    unverified ? `, ${unverified === 'overridden' ? 'overridden' : 'not verified'}` : '',
    openedAgain ? ' (open again)' : '',
    said.length > 0 ? ` (said: ${firstOf(said.map(named), shown.names).join(', ')})` : '',
    overridden.length > 0 ? ` (overridden: ${firstOf(overridden.map(named), shown.names).join(', ')})` : '',
  ].join('');
}

const isOld = (at: string, now: Date): boolean => now.getTime() - Date.parse(at) > oldAfterMs;

const seenAgo = (at: string, now: Date): string =>
  isOld(at, now) ? `old: seen ${ago(at, now)}, and nothing since` : ago(at, now);

const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
