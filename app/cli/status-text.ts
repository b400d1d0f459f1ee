import type { Live } from './live.js';
import type { Status } from '../../src/migration/status.js';
import type { Step } from '../../src/migration/state.js';
import { formatDuration } from '../../src/migration/duration.js';
import { nextCommands } from './next-commands.js';
import { columns } from './terminal.js';

const marks: Record<Step['status'], string> = {
  pending: ' ',
  active: '>',
  waiting: '?',
  blocked: '!',
  done: 'x',
  skipped: '-',
};

/** The status of a migration as a person reads it; the same text is redrawn by `--watch`. */
export function statusText(
  status: Status,
  live: readonly Live[],
  link: string | undefined,
  now: Date,
): string {
  const { name, strategy, source, target, state, waitingFor, openedAgain, steps, startedAt } = status;
  const findings = steps.flatMap(({ problem }) => problem?.findings ?? []);
  return [
    `${name}: ${strategy}, ${source} → ${target}, ${state} (started ${ago(startedAt, now)})`,
    waitingFor,
    ...(openedAgain ? [`Open again since ${clock(openedAgain.at)}: ${openedAgain.why}`] : []),
    ...(findings.length > 0 ? [findings.map(({ sentence }) => `  - ${sentence}`).join('\n')] : []),
    ...(live.length > 0 ? [live.map(({ says, at }) => `Now: ${says} (${ago(at, now)})`).join('\n')] : []),
    columns(steps.map((step, index) => stepRow(step, index + 1))),
    ...outcomeLines(status),
    ...(status.next.length > 0 ? [['Next:', ...nextCommands(name, status.next)].join('\n')] : []),
    ...(status.refused.length > 0
      ? [
          [
            'Not counted:',
            ...status.refused.map(({ at, message, why }) => `  ${clock(at)} ${message}: ${why}`),
          ].join('\n'),
        ]
      : []),
    ...(link === undefined ? [] : [`Web UI: ${link}`]),
  ].join('\n\n');
}

/** One line per change, for a pipe. */
export function statusLine(
  { state, waitingFor, openedAgain, steps }: Status,
  live: readonly Live[],
  now: Date,
): string {
  const step = steps.find(
    ({ status }) => status === 'active' || status === 'waiting' || status === 'blocked',
  );
  const says = live[0]?.says ?? waitingFor;
  const again = openedAgain ? ` (open again: ${openedAgain.why})` : '';
  return `${now.toISOString()} ${state}${step ? ` ${step.id}` : ''}: ${says}${again}`;
}

/** A person has to do something before it goes on. */
export function waitsForPerson({ state, next }: Status): boolean {
  return state === 'blocked' || state === 'paused' || (state === 'waiting' && next.length > 0);
}

function stepRow(step: Step, number: number): string[] {
  const parts = (step.parts ?? [])
    .filter(({ claim, verified }) => claim && !verified)
    .map(({ name }) => name);
  const said = parts.length > 0 && step.status !== 'done' ? ` (said: ${parts.join(', ')})` : '';
  return [
    `  [${marks[step.status]}]`,
    `${number}.`,
    step.title,
    `${step.status}${said}${step.openedAgain ? ' (open again)' : ''}`,
    step.endedAt ? clock(step.endedAt) : '',
  ];
}

function outcomeLines({ outcome }: Status): string[] {
  const { undone = [], left = [] } = outcome ?? {};
  return [
    ...(undone.length > 0 ? [['Taken back:', ...undone.map((one) => `  - ${one}`)].join('\n')] : []),
    ...(left.length > 0
      ? [['Left for a person to decide:', ...left.map((one) => `  - ${one}`)].join('\n')]
      : []),
  ];
}

function ago(iso: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(iso)) / 1000));
  return seconds === 0 ? 'just now' : `${formatDuration(seconds * 1000)} ago`;
}

const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
