import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { scan } from '../../src/inventory/scan.js';
import { unknownsIn } from '../../src/inventory/unknowns.js';
import { openCluster, type ClusterConnection } from '../../src/kafka/open.js';
import { lookWhenTold } from './measured.js';

export interface Scanning {
  connection: ClusterConnection;
  /** Where the inventory goes. */
  out: string;
}

export interface Scanned {
  topics: number;
  groups: number;
  acls: number;
  /** Why something is unknown. */
  unknown: string[];
}

/** What `ferry scan` does. */
lookWhenTold(async ({ connection, out }: Scanning): Promise<{ requests: number; found: Scanned }> => {
  const cluster = openCluster('source', connection);
  const inventory = await scan(cluster, { pause: async (ms) => void (await sleep(ms)) });
  const requests = Object.values(cluster.requests()).reduce((sum, one) => sum + one, 0);
  writeFileSync(out, JSON.stringify(inventory));
  await cluster.close();
  return {
    requests,
    found: {
      topics: inventory.topics.length,
      groups: inventory.groups.value?.length ?? -1,
      acls: inventory.acls.value?.length ?? -1,
      unknown: unknownsIn({ topics: inventory.topics, groups: inventory.groups, acls: inventory.acls }),
    },
  };
});
