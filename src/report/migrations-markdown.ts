import type { Account } from '../account/account.js';
import { layout, named, oneLine } from '../migration/foreign-text.js';
import type { Block, Section } from './account/document.js';
import { onlyOf, overviewOf, type Missing } from './account/fleet.js';
import { sectionsOf } from './account/sections.js';
import { numbersOf } from './account/sections/numbers.js';
import { writtenFrom } from './account/words.js';

/** The same as the page, in Markdown as GitHub reads it: for a ticket or a repository. */
export function migrationsMarkdown(
  accounts: readonly Account[],
  title = 'These migrations',
  missing: readonly Missing[] = [],
): string {
  const only = onlyOf(accounts, missing);
  const all = only
    ? [`# ${plain(`What happened in ${named(only.name)}`)}`, writtenFrom(accounts), ...migration(only, '##')]
    : [
        `# ${plain(`What happened in ${named(title)}`)}`,
        writtenFrom(accounts),
        ...overviewOf(accounts, missing).flatMap(blockText),
        ...accounts.flatMap((account) => [`## ${plain(named(account.name))}`, ...migration(account, '###')]),
      ];
  return `${all.join('\n\n')}\n`;
}

function migration(account: Account, heading: string): string[] {
  return [
    numbersOf(account)
      .map(([name, value]) => `- ${plain(name)}: ${plain(value)}`)
      .join('\n'),
    ...sectionsOf(account).flatMap((section: Section) => [
      `${heading} ${plain(section.title)}`,
      ...section.blocks.flatMap(blockText),
    ]),
  ];
}

function blockText(block: Block): string[] {
  switch (block.kind) {
    case 'text':
      return [block.weight === 'strong' ? `**${plain(block.text)}**` : plain(block.text)];
    case 'list':
      return [block.items.map((item) => `- ${plain(item)}`).join('\n')];
    case 'table':
      return [
        [
          row(block.head.map(plain)),
          row(block.head.map((_, at) => (block.numbers?.includes(at) ? '---:' : '---'))),
          ...block.rows.map((cells) => row(cells.map(plain))),
        ].join('\n'),
      ];
    case 'code':
      return [fenced(block.text)];
    // Times of phases stand with each step.
    case 'chart':
      return [];
    case 'folded':
      return [`**${plain(block.title)}**`, ...block.blocks.flatMap(blockText)];
  }
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** Longer than any fence inside. What turns the direction of writing is written as JSON writes it: the same file. */
function fenced(code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}json\n${layout(code)}\n${fence}`;
}

/**
 * Text that stays text: whatever Markdown takes for a sign is escaped, and so is what GitHub makes a link or a mention of
 * without one.
 */
export function plain(text: string): string {
  return oneLine(text)
    .trim()
    .replaceAll(/[\\`*_{}[\]<>|#~!&$@^]/g, '\\$&')
    .replaceAll('://', '\\://')
    .replaceAll(/\bwww\./gi, (www) => `${www.slice(0, 3)}\\.`)
    .replaceAll(/^([-+]|\d+[.)])(?=\s)/g, (sign) => `${sign.slice(0, -1)}\\${sign.slice(-1)}`);
}
