import { nextCommand } from '../../src/migration/next-command.js';
import type { NextMessage } from '../../src/migration/status.js';

const shown = 12;

/** The commands that send what the migration waits for, one line each with what it would do. */
export function nextCommands(name: string, next: readonly NextMessage[]): string[] {
  const lines = next
    .slice(0, shown)
    .map((message) => `  ${nextCommand(name, message)}\n      ${message.means}`);
  return next.length > shown ? [...lines, `  … and ${next.length - shown} more`] : lines;
}
