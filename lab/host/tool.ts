import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { LabError, type Progress } from './failure.js';
import { COMMAND_NOT_FOUND, spawnRemembered } from './remembered.js';

const REPORT_EVERY_MS = 5_000;

/**
 * Runs a tool to its end and answers what it printed (both streams).
 *
 * @param label what is being done, for progress and for the error: `downloading Kafka 3.9.1`.
 * @param missing the sentence for a tool that is not installed.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: {
    label: string;
    missing: string;
    progress: Progress;
    cwd?: string;
    env?: NodeJS.ProcessEnv;
    /** Written down in this folder, so that a tool that outlives this process can be found. */
    rememberedIn?: string;
  },
): Promise<string> {
  const began = Date.now();
  const ticker = setInterval(
    () => options.progress(`${options.label} (${Math.round((Date.now() - began) / 1000)} s so far)`),
    REPORT_EVERY_MS,
  );
  const { cwd, env = process.env, rememberedIn } = options;
  try {
    const child = rememberedIn
      ? (await spawnRemembered(rememberedIn, command, args, { output: 'pipe', cwd, env })).child
      : spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    const keep = (chunk: Buffer) => {
      printed += chunk.toString();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code === 0) return printed;
    if (rememberedIn && code === COMMAND_NOT_FOUND) throw new LabError(options.missing);
    throw new LabError(`${options.label} failed (${command}, exit ${code}): ${lastLines(printed)}`);
  } catch (error) {
    if (error instanceof LabError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new LabError(code === 'ENOENT' ? options.missing : `${command}: ${message}`);
  } finally {
    clearInterval(ticker);
  }
}

export function lastLines(text: string, count = 5): string {
  return text.trim().split('\n').slice(-count).join('\n');
}
