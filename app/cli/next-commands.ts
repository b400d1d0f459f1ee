import { isHumanStep } from '../../src/migration/strategies.js';
import type { NextMessage } from '../../src/migration/status.js';

const shown = 12;

/** The commands that send what the migration waits for, one line each with what it would do. */
export function nextCommands(name: string, next: readonly NextMessage[]): string[] {
  const lines = next.slice(0, shown).map((message) => `  ${command(name, message)}\n      ${message.means}`);
  return next.length > shown ? [...lines, `  … and ${next.length - shown} more`] : lines;
}

function command(migration: string, { message, input }: NextMessage): string {
  const { topic, name, override } = input;
  const reason = override === undefined ? '' : ' --override "why it may go on"';
  if (message === 'deletionApproved') return `ferry approve ${migration} --delete ${quoted(topic)}`;
  if (!isHumanStep(message)) return `ferry ${message} ${migration}${reason}`;
  return `ferry confirm ${migration} ${message}${name === undefined ? '' : ` --name ${quoted(name)}`}${reason}`;
}

/** As a shell takes it. */
function quoted(text: unknown): string {
  const word = String(text);
  return /^[\w.:=@%+,/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
