import { readFileSync } from 'node:fs';
import { readConfig } from '../../../app/config/config.js';
import { aivenFiles } from '../../../lab/aiven/layout.js';
import { startLab, type Lab } from '../../../lab/lab.js';
import type { Cluster } from '../../../src/kafka/cluster.js';
import { openCluster } from '../../../src/kafka/open.js';
import type { AivenConnection } from '../../../src/provision/aiven/connection.js';
import { openAiven, type OpenedAiven } from '../../../src/provision/aiven/open.js';
import { openGround, type Ground } from '../../integration/prepare-ground.js';

/** A lab whose target is a service at Aiven, by what stands in for its API. */
export interface AivenGround extends Ground {
  /** The service's brokers, as the ferry reaches them. */
  brokers: Cluster;
  connection: AivenConnection;
  aiven: OpenedAiven;
  /** The same, reached otherwise; its client waits for milliseconds where it would wait for seconds. */
  reached(otherwise: Partial<AivenConnection>): Ground;
  token(): string;
  readOnlyToken(): string;
}

/** @param name of the lab, that of nothing else in this process */
export async function openAivenGround(name: string): Promise<AivenGround> {
  const lab = await startLab({ name: `${name}-${process.pid}`, aiven: true });
  try {
    return groundOn(lab);
  } catch (error) {
    await lab.down();
    throw error;
  }
}

function groundOn(lab: Lab): AivenGround {
  const { value } = readConfig({ path: lab.ferryYaml, environment: {} });
  const { provision, ...brokersBy } = value?.clusters['target'] ?? { bootstrap: [] };
  if (provision?.kind !== 'aiven') throw new Error('The lab says nothing of Aiven in its ferry.yaml.');
  const brokers = openCluster('target', brokersBy);
  const open = (otherwise: Partial<AivenConnection>) =>
    openAiven(brokers, { ...provision, ...otherwise }, { pauseMs: 20 });
  const groundWith = (opened: OpenedAiven): Ground => {
    const plain = openGround(lab);
    return {
      ...plain,
      target: opened.cluster,
      clusters: (cluster) => (cluster === 'target' ? opened.cluster : plain.clusters(cluster)),
      provisioners: (cluster) => (cluster === 'target' ? opened.provisioner : undefined),
    };
  };
  const aiven = open({});
  const ground = groundWith(aiven);
  const files = aivenFiles(lab.aiven?.folder ?? '');
  return {
    ...ground,
    brokers,
    connection: provision,
    aiven,
    reached: (otherwise) => groundWith(open(otherwise)),
    token: () => readFileSync(files.token, 'utf8'),
    readOnlyToken: () => readFileSync(files.readOnlyToken, 'utf8'),
    close: async () => {
      await ground.close();
      await brokers.close();
      await lab.down();
    },
  };
}
