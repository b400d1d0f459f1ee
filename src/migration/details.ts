import { isHumanStep, stepKind } from './strategies.js';
import { currentStep, type MigrationState, type Step } from './state.js';
import { statusOf, type NextMessage } from './status.js';

/**
 * The text of Temporal's Current Details, in GitHub's Markdown: what is waited for, what to send next, and the table
 * of steps last, because the web UI may hide what stands below a table.
 */
export function detailsOf(state: MigrationState): string {
  const status = statusOf(state);
  const step = currentStep(state);
  const asks = step && isHumanStep(step.id) && step.status === 'waiting' ? (stepKind(step.id).ask ?? '') : '';
  return [
    `**${cell(status.waitingFor)}**`,
    asks,
    ...(step?.problem?.findings ?? []).map(({ sentence }) => `- ${sentence}`),
    status.next.length > 0 ? toSend(status.next) : '',
    ...lately(state, step),
    `### ${status.name}: ${status.strategy}, ${status.source} → ${status.target}`,
    stepTable(state.steps),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function toSend(next: NextMessage[]): string {
  const lines = next
    .slice(0, 12)
    .map(({ message, input, means }) => `- \`${message}\` with \`${JSON.stringify(input)}\`: ${means}`);
  const rest = next.length > 12 ? [`- … and ${next.length - 12} more`] : [];
  return ['Send an update or a signal (More Actions, or `ferry`):', ...lines, ...rest].join('\n');
}

/** What was seen lately at this step, and messages that were refused: a signal has no other answer. */
function lately(state: MigrationState, step: Step | undefined): string[] {
  const seen = (step?.evidence ?? []).slice(-3).map(({ at, sentence }) => `- ${clock(at)} ${sentence}`);
  const refused = state.refused
    .slice(-3)
    .map(({ at, message, why }) => `- ${clock(at)} \`${message}\` was ignored: ${why}`);
  return [
    ...(seen.length > 0 ? [['Seen lately:', ...seen].join('\n')] : []),
    ...(refused.length > 0 ? [['Not counted:', ...refused].join('\n')] : []),
  ];
}

function stepTable(steps: Step[]): string {
  const rows = steps.map(
    (step, index) =>
      `| ${index + 1} | ${step.title} | ${step.status} | ${step.endedAt ? clock(step.endedAt) : ''} | ${cell(step.says ?? '')} |`,
  );
  return ['| | Step | Status | Ended | |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** A sentence with line breaks or bars would break the row it stands in. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');

const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
