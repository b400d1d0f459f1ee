import { oneLine } from './foreign-text.js';
import { firstOf } from './listed.js';
import { currentStep, type Shown, type Step } from './state.js';
import { asked, statusOf, type NextMessage } from './status.js';

/**
 * How much is shown of what can be long, in lines and characters. The web UI carries the whole text in the address of
 * a frame, and what stands before it may refuse a long address; `status` answers everything.
 */
const shown = { lines: 10, sentence: 500, cell: 160 };

/** The web UI makes the frame of this text a little too low, so the last line is one that may be cut off. */
const lastLine = '\u00a0';

/** A hyphen at which a narrow column does not break. */
const noBreak = '\u2011';

/**
 * The text of Temporal's Current Details, in Markdown as the web UI reads it: what is waited for and why, what to do and
 * what to send, as `ferry status` has it, and the table of steps last, because what stands below a table may be hidden.
 */
export function detailsOf(state: Shown): string {
  const status = statusOf(state);
  const { openedAgain, contradicted, todo } = status;
  const step = currentStep(state);
  return [
    `**${line(asked(status), shown.sentence)}**`,
    openedAgain
      ? line(`Open again since ${clock(openedAgain.at)} UTC: ${openedAgain.why}`, shown.sentence + shown.cell)
      : '',
    contradicted
      ? line(`Not so: ${contradicted.why} (seen ${clock(contradicted.at)} UTC)`, shown.sentence + shown.cell)
      : '',
    list(
      (step?.problem?.findings ?? []).map(
        ({ sentence, key, weight }) => `${sentence} (${weight}: \`${oneLine(key)}\`)`,
      ),
    ),
    todo === null ? '' : `**To do**: ${todo}`,
    titled('Send an update or a signal (More Actions, or `ferry`):', status.next.map(toSend)),
    ...lately(state, step),
    titled(
      'Not verified:',
      status.unverified.map((one) => line(one, shown.cell)),
    ),
    `### ${status.name}: ${status.strategy}, ${status.source} → ${status.target}`,
    stepTable(state.steps, status.waitingFor),
    lastLine,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const toSend = ({ message, input, means }: NextMessage): string =>
  `\`${message}\` with \`${JSON.stringify(input)}\`: ${means}`;

/** What was seen lately at this step, and messages that were refused: a signal has no other answer. */
function lately(state: Shown, step: Step | undefined): string[] {
  const seen = (step?.evidence ?? []).slice(-3).map(({ at, sentence }) => `${clock(at)} UTC: ${sentence}`);
  const refused = state.refused
    .slice(-3)
    .map(({ at, message, why }) => `${clock(at)} UTC: \`${message}\` was ignored: ${why}`);
  const untold = (state.untold ?? []).slice(-3).map(({ at, why }) => `${clock(at)} UTC: ${why}`);
  return [titled('Seen lately:', seen), titled('Not counted:', refused), titled('Not told:', untold)];
}

function stepTable(steps: Step[], alreadySaid: string): string {
  const rows = steps.map(({ title, status, endedAt, says, unverified }, index) => {
    const ended = endedAt ? clock(endedAt).replaceAll('-', noBreak) : '';
    const text =
      says === undefined || says === alreadySaid ? '' : line(says, shown.cell).replaceAll('|', '\\|');
    const less = unverified ? `, **${unverified === 'overridden' ? 'overridden' : 'not verified'}**` : '';
    return `| ${index + 1} | ${title} | ${status}${less} | ${ended} | ${text} |`;
  });
  return ['| | Step | Status | Ended (UTC) | |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** Empty without lines. The web UI takes a list for one only after an empty line. */
const titled = (title: string, lines: string[]): string =>
  lines.length > 0 ? `${title}\n\n${list(lines)}` : '';

function list(lines: string[]): string {
  return firstOf(lines, shown.lines)
    .map((text) => `- ${line(text, shown.sentence)}`)
    .join('\n');
}

/**
 * One line: a sentence with line breaks would break the list, the row or the bold text it stands in. A partition is
 * set as code, since the web UI makes a fraction of `orders-2026/0`.
 */
function line(text: string, most: number): string {
  const flat = text.replaceAll(/\s*\n\s*/g, ' ');
  const short = flat.length <= most ? flat : `${flat.slice(0, most - 1)}…`;
  return short.includes('`') ? short : short.replaceAll(/[\w.-]+\/\d+/g, '`$&`');
}

const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
