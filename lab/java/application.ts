import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../host/failure.js';
import { cacheFolder } from '../host/folders.js';
import { fetchJars, type Coordinates } from '../host/maven.js';
import { javaCommand, javaVersion } from '../host/toolchain.js';
import { classPath } from '../kafka/jars.js';
import { versions } from '../versions.js';
import { forOldClients } from './old-client.js';

/** Applications of other people's libraries, which keep more in a commit than an offset. */
const kinds = {
  oldStreams: { program: 'StreamsApp.java', jars: `org.apache.kafka:kafka-streams:${versions.oldStreams}` },
  streams: { program: 'StreamsApp.java', jars: `org.apache.kafka:kafka-streams:${versions.streams}` },
  /** In the protocol of KIP-1071, which brokers speak from Kafka 4.2 on. */
  streamsProtocol: {
    program: 'StreamsApp.java',
    jars: `org.apache.kafka:kafka-streams:${versions.streams}`,
    jvm: ['-Dgroup.protocol=streams'],
  },
  pinned: { program: 'PinnedApp.java', jars: `org.apache.kafka:kafka-streams:${versions.streams}` },
  parallelConsumer: {
    program: 'ParallelApp.java',
    jars: `io.confluent.parallelconsumer:parallel-consumer-core:${versions.parallelConsumer}`,
  },
} as const satisfies Record<string, Kind>;

interface Kind {
  program: string;
  jars: Coordinates;
  jvm?: readonly string[];
}

export type ApplicationKind = keyof typeof kinds;

export interface ApplicationSettings {
  /** Of the application or the group. */
  id: string;
  topic: string;
  /** The value of a record that it is never done with: for the Parallel Consumer alone. */
  slow?: string;
  /** For a pinned consumer alone: how often it commits, ms. */
  commitsEveryMs?: number;
}

/** Applications of one kind in a JVM of their own. */
export interface Applications {
  /** What they have printed so far. */
  readonly lines: readonly string[];
  /** Values of the records that one says it has processed, in that order. */
  processed(id: string): string[];
  /** Lets them commit and end; resolves when they have. */
  stop(): Promise<void>;
  kill(): void;
}

/** @param properties settings of a Java client: where the cluster is and how to log in */
export async function startApplications(
  kind: ApplicationKind,
  properties: string,
  applications: readonly ApplicationSettings[],
  progress: Progress,
): Promise<Applications> {
  const { program, jars, jvm = [] }: Kind = kinds[kind];
  const [, artifact = '', version = ''] = jars.split(':');
  const libs = await fetchJars(
    cacheFolder(`${artifact}-${version}`),
    `${artifact} ${version}`,
    [jars],
    progress,
  );
  await javaVersion();
  const source = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(
    javaCommand(),
    [
      ...['-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...jvm, '-cp', classPath(libs), source],
      kind === 'oldStreams' ? await forOldClients(properties) : properties,
      ...applications.flatMap(({ id, topic, slow = '-', commitsEveryMs = 1_000 }) => [
        ...[id, topic],
        ...(kind === 'parallelConsumer' ? [slow] : kind === 'pinned' ? [String(commitsEveryMs)] : []),
      ]),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const lines: string[] = [];
  for (const output of [child.stdout, child.stderr])
    createInterface({ input: output }).on('line', (line) => lines.push(line));
  const closed = once(child, 'close');
  return {
    lines,
    processed: (id) => {
      const begin = `processed ${id} `;
      return lines.flatMap((line) => (line.startsWith(begin) ? [line.slice(begin.length)] : []));
    },
    stop: async () => {
      child.stdin.end();
      await closed;
    },
    kill: () => child.kill('SIGKILL'),
  };
}
