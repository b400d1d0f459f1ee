import { Context } from '@temporalio/activity';
import { workflowId } from '../../src/migration/messages.js';
import type { Held, HoldActivities } from '../../src/migration/work/holds.js';
import type { Dependencies } from '../kit/dependencies.js';
import { attempting } from '../kit/attempt.js';
import { count } from '../kit/wording.js';
import { heldByOther, wanted } from './held-by-others.js';

export function holdActivities({ clusters, holds }: Dependencies): HoldActivities {
  return {
    takeHolds: ({ migration, run }) =>
      attempting(async () => {
        const held: Held[] = [];
        for (const side of ['source', 'target'] as const) {
          const cluster = migration[side];
          const { clusterId } = await clusters(cluster).identity();
          const want = wanted(migration, side, { migration: ownWorkflow(migration.name), run });
          const taken = await holds.take({ cluster, clusterId }, want);
          if (taken.length > 0) {
            for (const one of held) await holds.release(one, want);
            return {
              held: [],
              findings: taken.map((one) => heldByOther(one, cluster)),
              sentence: `Others hold ${count(taken.length, 'topic or group', 'topics and groups')} of ${cluster}.`,
            };
          }
          held.push({ cluster, clusterId });
        }
        return { held, findings: [], sentence: 'No other migration has these topics and groups.' };
      }),
    releaseHolds: ({ migration, run, held }) =>
      attempting(async () => {
        for (const one of held) await holds.release(one, { migration: ownWorkflow(migration.name), run });
        return { sentence: 'Other migrations may have the topics and groups.' };
      }),
  };
}

/** The asking workflow, whose id need not be the usual one when it was started by hand. */
function ownWorkflow(migration: string): string {
  return Context.current().info.workflowExecution?.workflowId ?? workflowId(migration);
}
