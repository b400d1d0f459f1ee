import type { Style } from './lines.js';
import { layout, oneLine } from '../../src/migration/foreign-text.js';

/** Where a verb writes, so that a test can read it. */
export interface Terminal {
  /** Results, whole lines. @param styles of each line, for who sees colours */
  print(text: string, styles?: readonly Style[]): void;
  /** A mistake, how far it is, or a note: one line. */
  complain(text: string): void;
  /** Whether `print` reaches a screen that can be redrawn. */
  readonly redraws: boolean;
  /** Replaces what `redraw` showed last; only where `redraws`. */
  redraw(text: string, styles?: readonly Style[]): void;
  /** Characters of a line; undefined where lines have no end, as in a pipe. */
  readonly width?: number | undefined;
}

/** @param environment `NO_COLOR`, as https://no-color.org has it, and `TERM=dumb` mean that there are none. */
export function processTerminal(environment: NodeJS.ProcessEnv = process.env): Terminal {
  const { isTTY } = process.stdout;
  const coloured = isTTY && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  let drawn = false;
  const painted = (text: string, styles: readonly Style[] = []): string =>
    coloured ? paint(text, styles) : layout(text);
  return {
    print: (text, styles) => void process.stdout.write(`${painted(text, styles)}\n`),
    complain: (text) => void process.stderr.write(`${oneLine(text)}\n`),
    redraws: isTTY,
    redraw(text, styles) {
      // Cursor home and erase to the end: no flicker, and nothing of a longer text stays.
      process.stdout.write(
        `${drawn ? '\u001b[H' : '\u001b[2J\u001b[H'}${painted(text, styles).replaceAll('\n', '\u001b[K\n')}\u001b[K\n\u001b[J`,
      );
      drawn = true;
    },
    get width() {
      return isTTY ? process.stdout.columns : undefined;
    },
  };
}

/** SGR parameters (ECMA-48 8.3.117). */
const sgr: Record<Style, string> = {
  plain: '',
  strong: '1',
  attention: '1;33',
  trouble: '1;31',
  good: '32',
  command: '36',
  quiet: '2',
};

/** Escaped first: nothing in the text itself can colour anything. */
export function paint(text: string, styles: readonly Style[]): string {
  return layout(text)
    .split('\n')
    .map((one, index) => {
      const code = sgr[styles[index] ?? 'plain'];
      return code === '' || one === '' ? one : `\u001b[${code}m${one}\u001b[0m`;
    })
    .join('\n');
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
