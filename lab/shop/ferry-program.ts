import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LabError } from '../host/failure.js';
import type { Lab } from '../lab.js';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const main = fileURLToPath(new URL('../../app/cli/main.ts', import.meta.url));
/** `ferry` ends with it when something still waits for a person. */
const waiting = 3;

/** Runs the real `ferry` as a person would, and answers what it printed. @throws LabError what it complained about */
export async function runFerry(lab: Lab, ...words: string[]): Promise<string> {
  const child = spawn(process.execPath, ['--import', tsx, main, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FERRY_CONFIG: lab.ferryYaml },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0 && code !== waiting) throw new LabError(`ferry ${words.join(' ')} failed: ${err.trim()}`);
  return out.trimEnd();
}
