import { firstOf } from '../../src/migration/listed.js';
import { isHumanStep } from '../../src/migration/strategies.js';
import type { NextMessage } from '../../src/migration/status.js';

const shown = 12;

/** The commands that send what the migration waits for, one line each with what it would do. */
export function nextCommands(name: string, next: readonly NextMessage[]): string[] {
  const lines = next.map((message) => `  ${command(name, message)}\n      ${message.means}`);
  return firstOf(lines, shown, (more) => `  … and ${more} more`);
}

function command(migration: string, { message, input }: NextMessage): string {
  const { topic, name, override, accept, note } = input;
  const words = [
    ...(name === undefined ? [] : ['--name', quoted(name)]),
    ...(Array.isArray(accept) ? acceptWords(accept) : []),
    ...(override === undefined ? [] : ['--override', `"${(override as { reason: string }).reason}"`]),
    ...(note === undefined ? [] : ['--note', `"${note as string}"`]),
  ];
  if (message === 'deletionApproved') return `ferry approve ${migration} --delete ${quoted(topic)}`;
  const verb = isHumanStep(message)
    ? `ferry confirm ${migration} ${message}`
    : `ferry ${message} ${migration}`;
  return [verb, ...words].join(' ');
}

const acceptWords = (keys: unknown[]): string[] =>
  keys.includes('*') ? ['--accept-all'] : ['--accept', ...keys.map(quoted)];

/** As a shell takes it. */
export function quoted(text: unknown): string {
  const word = String(text);
  return /^[\w.:=@%+,/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
