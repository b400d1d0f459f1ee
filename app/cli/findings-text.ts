import type { Finding } from '../../src/migration/findings.js';
import { quoted } from '../../src/migration/next-command.js';

/** A title, and what stands below it. */
export const list = (title: string, lines: readonly string[]): string =>
  [title, ...lines.map((line) => `  - ${line}`)].join('\n');

/** What asks, each with the words that accept it; empty when nothing does. @param name of what is started */
export function asksText(name: string, findings: readonly Finding[]): string[] {
  const asks = findings.filter(({ weight }) => weight === 'asks');
  if (asks.length === 0) return [];
  return [
    list(
      `Asks a person (once started: ferry retry ${name} --accept KEY --note "why it may go on"):`,
      asks.map(({ sentence, key }) => `${sentence}\n      --accept ${quoted(key)}`),
    ),
  ];
}
