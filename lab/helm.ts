import { join } from 'node:path';
import { type Progress, silent } from './host/failure.js';
import { cacheFolder, exists, makeOnce } from './host/folders.js';
import { runTool } from './host/tool.js';
import { versions } from './versions.js';

/** Path of a `helm`, built from source with Go (minutes, once): a build of our own is of the version that it says. */
export async function helm(progress: Progress = silent): Promise<string> {
  const folder = cacheFolder(`helm-${versions.helm}`);
  const label = `Helm ${versions.helm}: building from source`;
  if (!(await exists(folder))) progress(label);
  await makeOnce(folder, async (empty) => {
    await runTool('go', ['install', `helm.sh/helm/v3/cmd/helm@v${versions.helm}`], {
      label,
      missing: 'No Go to build Helm with: install it (Debian: apt-get install golang).',
      progress,
      env: { ...process.env, GOBIN: empty },
    });
  });
  return join(folder, 'helm');
}
