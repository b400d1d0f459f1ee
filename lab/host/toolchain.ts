import { join } from 'node:path';
import { LabError, silent } from './failure.js';
import { runTool } from './tool.js';

const OLDEST_JAVA = 17;

const missingJava =
  `No Java found: install a Java runtime ${OLDEST_JAVA} or newer (Debian: apt-get install openjdk-17-jdk-headless) ` +
  'or set JAVA_HOME.';

export const missingMaven =
  'No Maven found: install it (Debian: apt-get install maven) so that the lab can fetch its servers.';

/** The `java` that everything in the lab runs on: that of JAVA_HOME, else the one on PATH. */
export function javaCommand(): string {
  const home = process.env['JAVA_HOME'];
  return home ? join(home, 'bin', 'java') : 'java';
}

let found: Promise<string> | undefined;

/**
 * The full version of that Java, for example `17.0.15`.
 * @throws LabError when there is none or it is too old for Kafka 4.
 */
export function javaVersion(): Promise<string> {
  found ??= readJavaVersion();
  return found;
}

async function readJavaVersion(): Promise<string> {
  const printed = await runTool(javaCommand(), ['-version'], {
    label: 'asking Java for its version',
    missing: missingJava,
    progress: silent,
  });
  const version = /version "([^"]+)"/.exec(printed)?.[1];
  if (!version) throw new LabError(missingJava);
  if (Number.parseInt(version, 10) < OLDEST_JAVA)
    throw new LabError(`Java ${version} is too old for Kafka 4: install Java ${OLDEST_JAVA} or newer.`);
  return version;
}
