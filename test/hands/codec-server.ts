import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Lab } from '../../lab/lab.js';

/** `ferry codec-server` in a process of its own. */
export async function codecServer(lab: Lab): Promise<{ url: string; stop: () => Promise<void> }> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'app/cli/main.ts', 'codec-server', '--json', '--config', lab.ferryYaml],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const gone = once(child, 'exit');
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const { listening } = (printed.endsWith('\n') ? JSON.parse(printed) : {}) as { listening?: string };
      if (listening) resolve(listening);
    });
    void gone.then(() => reject(new Error(`ferry codec-server ended: ${printed}`)));
  });
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = (await gone) as [number | null];
      if (code !== 0) throw new Error(`ferry codec-server ended with ${code}: ${printed}`);
    },
  };
}
