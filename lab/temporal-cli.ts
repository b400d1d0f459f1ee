import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError, type Progress, silent } from './host/failure.js';
import { cacheFolder, exists, makeOnce } from './host/folders.js';
import { onPath } from './host/on-path.js';
import { runTool } from './host/tool.js';
import { versions } from './versions.js';

const missingGo =
  'No Temporal command line and no Go to build it with: install either the Temporal CLI ' +
  `${versions.temporalCli} or newer, or Go (Debian: apt-get install golang), or set TEMPORAL_CLI to its path.`;

/**
 * Path of a `temporal` whose development server is as new as the lab's: the one that TEMPORAL_CLI names, the one on
 * PATH, one that was built or downloaded before, else it is built from source with Go (minutes, once).
 */
export async function temporalCli(progress: Progress = silent): Promise<string> {
  const named = process.env['TEMPORAL_CLI'];
  if (named) {
    if (!(await isNewEnough(named)))
      throw new LabError(
        `TEMPORAL_CLI is ${named}, which is no Temporal CLI with server ${versions.temporalServer} or newer.`,
        2,
      );
    return named;
  }
  const built = join(cacheFolder(`temporal-cli-${versions.temporalCli}`), 'temporal');
  // Our own build is what it says it is; running it to ask would cost every start a second.
  // Whole, because the SDK's test environment looks for a file and not for a command.
  const installed = await onPath('temporal');
  if (await exists(built)) return installed && (await isNewEnough(installed)) ? installed : built;
  for (const candidate of [...(installed ? [installed] : []), ...(await downloadedBySdk())])
    if (await isNewEnough(candidate)) return candidate;
  await build(progress);
  return built;
}

async function build(progress: Progress): Promise<void> {
  const label = `Temporal CLI ${versions.temporalCli}: building from source`;
  await makeOnce(cacheFolder(`temporal-cli-${versions.temporalCli}`), async (empty) => {
    progress(label);
    await runTool('go', ['install', `github.com/temporalio/cli/cmd/temporal@v${versions.temporalCli}`], {
      label,
      missing: missingGo,
      progress,
      env: { ...process.env, GOBIN: empty },
    });
  });
}

// The SDK's test environment keeps its downloads in the folder for temporary files.
async function downloadedBySdk(): Promise<string[]> {
  const files = await readdir(tmpdir()).catch(() => []);
  return files
    .filter((file) => /^temporal-sdk-typescript-[\d.]+$/.test(file))
    .map((file) => join(tmpdir(), file));
}

async function isNewEnough(command: string): Promise<boolean> {
  // The server's version counts: a CLI that Go built does not know its own.
  const printed = await runTool(command, ['--version'], {
    label: `asking ${command} for its version`,
    missing: missingGo,
    progress: silent,
  }).catch(() => '');
  const server = /Server (\d+)\.(\d+)/.exec(printed);
  if (!server) return false;
  const wanted = versions.temporalServer.split('.').map(Number) as [number, number];
  const [major, minor] = [Number(server[1]), Number(server[2])];
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
}
