import type { Finding } from '../../src/migration/findings.js';
import { oneLine } from '../../src/migration/foreign-text.js';
import { quoted } from '../../src/migration/next-command.js';

/** A title, and what stands below it: sentences, each with lines of its own below where it has some. */
export const list = (title: string, all: readonly (string | readonly string[])[]): string =>
  [
    title,
    ...all.flatMap((one) =>
      [one].flat().map((text, index) => `${index === 0 ? '  - ' : '      '}${oneLine(text)}`),
    ),
  ].join('\n');

/** What asks, each with the words that accept it; empty when nothing does. @param name of what is started */
export function asksText(name: string, findings: readonly Finding[]): string[] {
  const asks = findings.filter(({ weight }) => weight === 'asks');
  if (asks.length === 0) return [];
  return [
    list(
      `Asks a person (once started: ferry retry ${name} --accept KEY --note "why it may go on"):`,
      asks.map(({ sentence, key }) => [sentence, `--accept ${quoted(key)}`]),
    ),
  ];
}
