import process from 'node:process';
import { spawnSync } from 'node:child_process';

/** One fresh lab for all tests of a run; `shared.ts` attaches to it. */
export default function setup() {
  lab('up', '--fresh', '--name', 'test');
}

/** Runs the lab's command line, the way a person does. */
export function lab(...args) {
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'lab/main.ts', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`lab ${args.join(' ')} ended with exit code ${status}`);
}
