import { helm } from './helm.js';
import type { Progress } from './host/failure.js';
import { settleAll } from './host/settle.js';
import { javaVersion } from './host/toolchain.js';
import { recordClasses } from './kafka/class-archive.js';
import { kafkaJars } from './kafka/jars.js';
import { kafkaVersion } from './kafka/version.js';
import type { ClusterName } from './principals.js';
import { temporalCli } from './temporal-cli.js';
import { timeSkippingServer } from './time-skipping.js';

/** Downloads and builds what the lab needs and starts nothing that stays; quick when all is there. */
export async function setUp(progress: Progress, source = kafkaVersion.source): Promise<void> {
  await javaVersion();
  await settleAll([
    setUpKafka('source', source, progress),
    setUpKafka('target', kafkaVersion.target, progress),
    temporalCli(progress),
  ]);
}

/** Also what only tests need. */
export async function setUpForTests(progress: Progress): Promise<void> {
  await settleAll([setUp(progress), timeSkippingServer(progress), helm(progress)]);
}

export async function setUpKafka(name: ClusterName, version: string, progress: Progress): Promise<void> {
  await kafkaJars(version, progress);
  await recordClasses(name, version, progress);
}
