import { oneLine } from '../../src/migration/foreign-text.js';
import { firstOf } from '../../src/migration/listed.js';
import { nextCommand } from '../../src/migration/next-command.js';
import type { NextMessage } from '../../src/migration/status.js';

const shown = 12;

/** The commands that send what the migration waits for, one line each with what it would do. */
export function nextCommands(name: string, next: readonly NextMessage[]): string[] {
  const lines = next.map((message) => `  ${nextCommand(name, message)}\n      ${oneLine(message.means)}`);
  return firstOf(lines, shown, (more) => `  … and ${more} more`);
}
