import { oneLine } from '../migration/foreign-text.js';
import { workflowId } from '../migration/messages.js';
import { budgetText, type FleetRow, type FleetStatus } from './status.js';

/** How much is shown: the web UI carries the whole text in an address; `status` answers everything. */
const most = { waiting: 8, rows: 25, cell: 90 };

/** The text of Temporal's Current Details: what a person is to do first, tables after it, as `ferry fleet status` has it. */
export function fleetDetails(status: FleetStatus, namespace: string): string {
  const link = (name: string): string =>
    `[${name}](/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId(name))})`;
  const open = status.waves.flatMap(({ migrations }) => migrations).filter(isUnderWay);
  return [
    `**${oneLine(status.outcome?.sentence ?? headline(status))}**`,
    list(
      'Waits for people:',
      status.waiting.map(
        ({ name, team, step, since, says }) =>
          `${link(name)}${team === undefined ? '' : ` (${team})`}: ${step} since ${clock(since)} UTC. ${cut(says)}`,
      ),
      most.waiting,
    ),
    list(
      'Send an update or a signal (More Actions, or `ferry fleet`):',
      status.next.map(
        ({ message, input, means }) => `\`${message}\` with \`${JSON.stringify(input)}\`: ${means}`,
      ),
      most.waiting,
    ),
    list(
      'Not told:',
      (status.untold ?? []).map(({ at, why }) => `${clock(at)} UTC: ${cut(why)}`),
      most.waiting,
    ),
    table(
      ['Wave', 'State', 'Ended', ''],
      status.waves.map(({ name, state, ended, of, why }) => [
        name,
        state,
        `${ended} of ${of}`,
        cut(why ?? ''),
      ]),
    ),
    open.length === 0
      ? ''
      : table(
          ['Migration', 'State', 'Step', 'Since (UTC)', ''],
          open
            .slice(0, most.rows)
            .map(({ name, state, step, since = '', says = '', done, of }) => [
              link(name),
              state,
              `${step ?? ''} (${done} of ${of})`,
              clock(since),
              cut(says),
            ]),
        ),
    open.length > most.rows
      ? `… and ${open.length - most.rows} more: \`ferry fleet status ${status.name}\``
      : '',
    '\u00a0',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const ends = ['pending', 'done', 'aborted'];
/** One that was left for a reason of its own is somebody's to look at. */
const isUnderWay = ({ state, says }: FleetRow): boolean =>
  !ends.includes(state) && (state !== 'left' || says !== undefined);

export function headline({ state, frozen, counts, budget }: FleetStatus): string {
  const counted = Object.entries(counts)
    .map(([word, count]) => `${count} ${word}`)
    .join(', ');
  const how =
    state === 'frozen'
      ? `Frozen until ${frozen?.until}${frozen?.reason === undefined ? '' : ` (${frozen.reason})`}`
      : state === 'aborting'
        ? 'Aborted: what runs is waited for'
        : 'Runs';
  return `${how}: ${counted}; ${budgetText(budget)}.`;
}

const cut = (text: string): string => {
  const flat = oneLine(text).replaceAll('|', '\\|');
  return flat.length <= most.cell ? flat : `${flat.slice(0, most.cell - 1)}…`;
};

const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;

function list(title: string, lines: readonly string[], shown: number): string {
  if (lines.length === 0) return '';
  const more = lines.length - shown;
  return `${title}\n\n${[...lines.slice(0, shown), ...(more > 0 ? [`… and ${more} more`] : [])]
    .map((line) => `- ${line}`)
    .join('\n')}`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
