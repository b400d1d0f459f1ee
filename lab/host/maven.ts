import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from './failure.js';
import { makeOnce } from './folders.js';
import { missingMaven } from './toolchain.js';
import { runTool } from './tool.js';

/** `group:artifact:version` */
export type Coordinates = `${string}:${string}:${string}`;

/**
 * Fetches artifacts with everything they need at run time into `<folder>/libs` and answers that path.
 * `java -cp '<libs>/*' Main` runs them.
 */
export async function fetchJars(
  folder: string,
  label: string,
  artifacts: readonly Coordinates[],
  progress: Progress,
): Promise<string> {
  await makeOnce(folder, async (empty) => {
    progress(`${label}: downloading`);
    await writeFile(join(empty, 'pom.xml'), pom(artifacts));
    await runTool(
      'mvn',
      [
        '--batch-mode',
        '--quiet',
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        '-DoutputDirectory=libs',
      ],
      { label: `${label}: downloading`, missing: missingMaven, progress, cwd: empty },
    );
  });
  return join(folder, 'libs');
}

/** `group:artifact:version:type:classifier` */
export type ArchiveCoordinates = `${string}:${string}:${string}:${string}:${string}`;

/** Fetches an archive, unpacks it into `folder` and answers that path. */
export async function fetchArchive(
  folder: string,
  label: string,
  archive: ArchiveCoordinates,
  progress: Progress,
): Promise<string> {
  return makeOnce(folder, async (empty) => {
    progress(`${label}: downloading`);
    await runTool(
      'mvn',
      ['--batch-mode', '--quiet', 'dependency:unpack', `-Dartifact=${archive}`, `-DoutputDirectory=${empty}`],
      { label: `${label}: downloading`, missing: missingMaven, progress, cwd: empty },
    );
  });
}

/** Fetches one jar and nothing that it needs into `folder`, and answers that path. */
export async function fetchJar(
  folder: string,
  label: string,
  jar: ArchiveCoordinates,
  progress: Progress,
): Promise<string> {
  return makeOnce(folder, async (empty) => {
    progress(`${label}: downloading`);
    await runTool(
      'mvn',
      ['--batch-mode', '--quiet', 'dependency:copy', `-Dartifact=${jar}`, `-DoutputDirectory=${empty}`],
      { label: `${label}: downloading`, missing: missingMaven, progress, cwd: empty },
    );
  });
}

function pom(artifacts: readonly Coordinates[]): string {
  const dependencies = artifacts.map((coordinates) => {
    const [group, artifact, version] = coordinates.split(':');
    return `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kafka-ferry</groupId><artifactId>lab</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`;
}
