import { isHumanStep } from './strategies.js';
import type { NextMessage } from './status.js';

/** The command that sends a message, as a shell takes it. */
export function nextCommand(migration: string, { message, input }: NextMessage): string {
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
