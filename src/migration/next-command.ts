import { isMisleading } from './foreign-text.js';
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

/** The same to a fleet: with the reason, which is the person's. */
export function fleetCommand(fleet: string, message: string, { wave }: { wave?: string }): string {
  const verb = message === 'waveApproved' ? 'approve' : message;
  return `ferry fleet ${verb} ${fleet}${wave === undefined ? '' : ` ${wave}`} --reason "…"`;
}

const acceptWords = (keys: unknown[]): string[] =>
  keys.includes('*') ? ['--accept-all'] : ['--accept', ...keys.map(quoted)];

/**
 * As a shell takes it, in one line that shows what it is: what acts on a terminal stands as its bytes in `$'…'`
 * (POSIX.1-2024, 2.2.4; bash, zsh and ksh), of which the shell makes the exact word again.
 */
export function quoted(text: unknown): string {
  const word = String(text);
  if (isMisleading(word)) return `$'${Array.from(word, inDollarQuotes).join('')}'`;
  return /^[\w.:=@%+,/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** In octal, which ends after three digits whatever follows. */
function inDollarQuotes(character: string): string {
  if (!isMisleading(character)) return character.replace(/['\\]/, '\\$&');
  return Array.from(
    new TextEncoder().encode(character),
    (byte) => `\\${byte.toString(8).padStart(3, '0')}`,
  ).join('');
}
