import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import type { Progress } from '../host/failure.js';
import { cacheFolder, exists } from '../host/folders.js';
import { type Coordinates, fetchJars } from '../host/maven.js';
import { javaVersion } from '../host/toolchain.js';
import { versions } from '../versions.js';
import { metadataOf } from './version.js';

/** Broker, Kafka Connect, MirrorMaker 2 and Kafka's command line classes of one version; of 2.x the broker alone. */
export async function kafkaJars(version: string, progress: Progress): Promise<string> {
  const artifacts =
    metadataOf(version) === 'zooKeeper'
      ? ['kafka_2.13']
      : ['kafka_2.13', 'connect-runtime', 'connect-mirror', 'kafka-tools'];
  const kafka = artifacts.map((artifact) => `org.apache.kafka:${artifact}:${version}` as const);
  return fetchJars(kafkaFolder(version), `Kafka ${version}`, [...kafka, ...loggingOf(version)], progress);
}

// 3.x brings its binding along; 4.x leaves the choice to the distribution, and so did 2.x.
function loggingOf(version: string): Coordinates[] {
  if (metadataOf(version) === 'zooKeeper') return [`org.slf4j:slf4j-reload4j:${versions.slf4j}`];
  return logsWithReload4j(version) ? [] : [`org.apache.logging.log4j:log4j-slf4j-impl:${versions.log4j}`];
}

/** Where the classes of a running broker are kept ready to be mapped into memory; one per version of Java. */
export async function classArchive(version: string): Promise<string> {
  return join(kafkaFolder(version), `classes-java-${await javaVersion()}.jsa`);
}

/** Lets a JVM use that archive, if there is one. */
export async function archiveOptions(version: string): Promise<string[]> {
  const archive = await classArchive(version);
  return (await exists(archive)) ? [`-XX:SharedArchiveFile=${archive}`] : [];
}

/**
 * What a JVM is good at. `small`: up at once, with one compiler tier and one collector thread, at the cost of peak speed
 * that nobody needs on a laptop. `smallest`: the same with half the memory, for one of several brokers. `fast`: what Kafka's own start scripts give (`bin/kafka-run-class.sh`), for benchmarks:
 * without the optimizing compiler, TLS alone takes several times as long.
 */
export type JvmKind = 'small' | 'smallest' | 'fast';

export function jvmOptions(version: string, kind: JvmKind = 'small'): string[] {
  return [...jvmSizes[kind], '-XX:+ExitOnOutOfMemoryError', loggingOption(version)];
}

const quickStart = ['-Xms64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

const jvmSizes: Record<JvmKind, readonly string[]> = {
  small: [...quickStart, '-Xmx512m'],
  smallest: [...quickStart, '-Xmx256m'],
  fast: [
    '-Xms1g',
    '-Xmx1g',
    '-XX:+UseG1GC',
    '-XX:MaxGCPauseMillis=20',
    '-XX:InitiatingHeapOccupancyPercent=35',
    '-XX:+ExplicitGCInvokesConcurrent',
  ],
};

function loggingOption(version: string): string {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  return logsWithReload4j(version)
    ? `-Dlog4j.configuration=file:${file('log4j.properties')}`
    : `-Dlog4j2.configurationFile=${file('log4j2.properties')}`;
}

export function classPath(libs: string): string {
  return join(libs, '*');
}

function kafkaFolder(version: string): string {
  return cacheFolder(`kafka-${version}`);
}

function logsWithReload4j(version: string): boolean {
  return !version.startsWith('4.');
}
