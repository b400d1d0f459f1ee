import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * Path of the Chromium to drive: the one that CHROMIUM names, else the first on PATH.
 * @throws Error one sentence that says what to install.
 */
export async function chromium(): Promise<string> {
  const named = process.env['CHROMIUM'];
  if (named) {
    if (await isExecutable(named)) return named;
    throw new Error(`CHROMIUM is ${named}, which is not a program that can be run: correct it, or unset it.`);
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of names)
    for (const folder of folders) {
      const path = join(folder, name);
      if (await isExecutable(path)) return path;
    }
  throw new Error(
    `The tests of the web UI need a Chromium, and there is no ${names.join(', ')} on PATH: ` +
      'install one (Debian: apt-get install chromium), or set CHROMIUM to its path.',
  );
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** No network but the page's own, no sandbox (tests may run as root, where it cannot start), nothing asked at first run. */
export const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
