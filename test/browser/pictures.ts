import { AnsiUp } from 'ansi_up';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../lab/lab.js';
import { runProgram } from '../hands/program.js';
import type { WebUi } from './web-ui.js';

/** Where pictures for the documentation go; without it none is made. */
const folder = process.env['FERRY_PICTURES'];

/** What the page shows now. */
export async function picturePage(ui: WebUi, name: string): Promise<void> {
  if (folder !== undefined) await ui.picture(file(folder, name));
}

/** What a terminal of so many columns shows after `ferry …`. */
export async function pictureTerminal(
  ui: WebUi,
  lab: Lab,
  name: string,
  { columns, words }: { columns: number; words: readonly string[] },
): Promise<void> {
  if (folder === undefined) return;
  const command = [process.execPath, '--import', 'tsx', 'app/cli/main.ts', ...words].join(' ');
  // `script` gives it a terminal, without which there are no colours and no width.
  const { stdout } = await runProgram(
    'script',
    ['-qec', `stty cols ${columns} rows 60; ${command}`, '/dev/null'],
    { FERRY_CONFIG: lab.ferryYaml, TERM: 'xterm-256color' },
  );
  await ui.pictureOf(
    terminal(`$ ferry ${words.join(' ')}\n${stdout.replaceAll('\r', '')}`, columns),
    file(folder, name),
  );
}

function file(into: string, name: string): string {
  mkdirSync(into, { recursive: true });
  return join(into, `${name}.png`);
}

const terminal = (text: string, columns: number): string =>
  `<pre style="display: inline-block; width: ${columns}ch; margin: 0; padding: 1.5ch; font: 13px/1.4 monospace; color: #ddd; background: #1c1c1c; white-space: pre-wrap">${new AnsiUp().ansi_to_html(text)}</pre>`;
