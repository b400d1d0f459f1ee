import { layout, oneLine } from '../../src/migration/foreign-text.js';

/** Where a verb writes, so that a test can read it. */
export interface Terminal {
  /** Results, whole lines. */
  print(text: string): void;
  /** Mistakes, progress and notes. */
  complain(text: string): void;
  /** Whether `print` reaches a screen that can be redrawn. */
  readonly redraws: boolean;
  /** Replaces what `redraw` showed last; only where `redraws`. */
  redraw(text: string): void;
}

export function processTerminal(): Terminal {
  let drawn = false;
  return {
    print: (text) => void process.stdout.write(`${layout(text)}\n`),
    complain: (text) => void process.stderr.write(`${layout(text)}\n`),
    redraws: process.stdout.isTTY,
    redraw(text) {
      // Cursor home and erase to the end: no flicker, and nothing of a longer text stays.
      process.stdout.write(
        `${drawn ? '\u001b[H' : '\u001b[2J\u001b[H'}${layout(text).replaceAll('\n', '\u001b[K\n')}\u001b[K\n\u001b[J`,
      );
      drawn = true;
    },
  };
}

/** Rows as columns that line up, two spaces between them. */
export function columns(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => row.map(oneLine));
  const widths = lines.reduce<number[]>(
    (all, row) => row.map((cell, index) => Math.max(all[index] ?? 0, cell.length)),
    [],
  );
  return lines
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
