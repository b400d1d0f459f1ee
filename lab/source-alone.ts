import { mkdir } from 'node:fs/promises';
import { type Progress, silent } from './host/failure.js';
import { labFolder } from './host/folders.js';
import { freePorts } from './host/ports.js';
import { javaVersion } from './host/toolchain.js';
import { type LabCluster, startCluster } from './kafka/cluster.js';
import { sourceVersion } from './kafka/version.js';
import { setUpKafka } from './setup.js';
import { takeDown } from './take-down.js';

export interface SourceAlone {
  cluster: LabCluster;
  /** Ends its processes and removes its files. */
  down(): Promise<void>;
}

/**
 * A new source cluster and nothing else, for what is to be tried on another version beside a lab that is up. What was
 * there under that name is taken down first; `npm run lab -- down --name NAME` works on it too.
 * @throws LabError one sentence; nothing is left running.
 */
export async function startSourceAlone(options: {
  name: string;
  /** As `startLab` takes it. */
  source: string;
  progress?: Progress;
}): Promise<SourceAlone> {
  const { name, progress = silent } = options;
  const version = sourceVersion(options.source);
  const folder = labFolder(name);
  await takeDown(name);
  await javaVersion();
  await setUpKafka('source', version, progress);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const down = async () => {
    await takeDown(name);
  };
  try {
    const [client, controller] = (await freePorts(2)) as [number, number];
    const cluster = await startCluster(folder, {
      name: 'source',
      version,
      brokers: [{ client, controller }],
    });
    return { cluster, down };
  } catch (error) {
    await down();
    throw error;
  }
}
