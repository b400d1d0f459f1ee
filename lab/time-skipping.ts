import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Progress, silent } from './host/failure.js';
import { cacheFolder, exists } from './host/folders.js';
import { fetchJars } from './host/maven.js';
import { javaCommand, javaVersion } from './host/toolchain.js';
import { versions } from './versions.js';

/**
 * Path of an executable that runs Temporal's time-skipping test server, for
 * `TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`.
 */
export async function timeSkippingServer(progress: Progress = silent): Promise<string> {
  await javaVersion();
  const version = versions.temporalTestServer;
  const folder = cacheFolder(`temporal-test-server-${version}`);
  const libs = await fetchJars(
    folder,
    `Temporal's test server ${version}`,
    [`io.temporal:temporal-test-server:${version}`],
    progress,
  );
  const wrapper = join(folder, 'temporal-test-server');
  const script = `#!/bin/sh
exec '${javaCommand()}' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '${libs}/*' io.temporal.testserver.TestServer "$@"
`;
  if (!(await exists(wrapper))) await writeFile(wrapper, script, { mode: 0o755 });
  return wrapper;
}
