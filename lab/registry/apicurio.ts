import { join } from 'node:path';
import { type Progress, silent } from '../host/failure.js';
import { cacheFolder, exists } from '../host/folders.js';
import { fetchArchive } from '../host/maven.js';
import { Server } from '../host/server.js';
import { javaCommand, javaVersion } from '../host/toolchain.js';
import { versions } from '../versions.js';

/** Where Apicurio speaks the language of Confluent's registry. */
const COMPATIBLE_PATH = '/apis/ccompat/v7';

export interface ApicurioOptions {
  title: string;
  /** Its own folder: the log, and the schemas in a file. */
  folder: string;
  port: number;
  /** Write the archive of loaded classes when it ends, instead of using it. */
  recordClasses?: string;
}

/** One registry process. What it has answered survives SIGKILL. */
export function apicurio({ title, folder, port, recordClasses }: ApicurioOptions): Server {
  const url = registryUrl(port);
  return new Server({
    title,
    folder,
    commandLine: async () => {
      const home = await fetchApicurio(silent);
      const archive = await registryArchive();
      const classes = recordClasses
        ? [`-XX:ArchiveClassesAtExit=${recordClasses}`]
        : (await exists(archive))
          ? [`-XX:SharedArchiveFile=${archive}`]
          : [];
      // prettier-ignore
      const args = [
        '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError', ...classes,
        ...properties(folder, port), '-jar', join(home, `apicurio-registry-app-${versions.apicurio}-runner.jar`),
      ];
      return { command: javaCommand(), args };
    },
    ready: async () => {
      const answer = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5_000) });
      if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    },
  });
}

export function registryUrl(port: number): string {
  return `http://127.0.0.1:${port}${COMPATIBLE_PATH}`;
}

export function fetchApicurio(progress: Progress): Promise<string> {
  return fetchArchive(
    apicurioFolder(),
    `Apicurio Registry ${versions.apicurio}`,
    `io.apicurio:apicurio-registry-app:${versions.apicurio}:tar.gz:all`,
    progress,
  );
}

/** As `classArchive` of the brokers: with it a registry answers after 3 s instead of 12. */
export async function registryArchive(): Promise<string> {
  return join(apicurioFolder(), `classes-java-${await javaVersion()}.jsa`);
}

function properties(folder: string, port: number): string[] {
  return Object.entries({
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': port,
    // A file where the default is memory. H2 keeps commits back for half a second unless told otherwise.
    'quarkus.datasource.jdbc.url': `jdbc:h2:file:${join(folder, 'schemas')};WRITE_DELAY=0`,
    // 20 by default, made one after the other at the start.
    'quarkus.datasource.jdbc.initial-size': 1,
    'quarkus.datasource.jdbc.min-size': 1,
  }).map(([key, value]) => `-D${key}=${value}`);
}

function apicurioFolder(): string {
  return cacheFolder(`apicurio-${versions.apicurio}`);
}
