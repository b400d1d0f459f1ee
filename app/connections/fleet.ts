import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { z } from 'zod';
import type { Dependencies } from '../../activities/kit/dependencies.js';
import { attributeTypes } from '../../src/migration/attributes.js';
import { workflowId } from '../../src/migration/messages.js';
import { listed } from './listing.js';
import { looking } from './looking.js';

/** What fleets and mirrors ask Temporal about migrations: of one execution, which is never late as a listing may be. */
export function openFleets(
  client: Client,
): Required<Pick<Dependencies, 'migrations' | 'fleetRuns' | 'rates' | 'attributes'>> {
  const executions = looking(client);
  let known: { at: number; names: string[] } | undefined;
  return {
    async migrations(name) {
      try {
        const described = await executions.getHandle(workflowId(name)).describe();
        const { state, step, since, running, startedAt, strategy, unread, fleet } = listed(described);
        return {
          ...{ name, state, step, running, startedAt, strategy },
          ...(since !== undefined && { since }),
          ...(unread && { unread }),
          ...(running && fleet !== undefined && { fleet }),
        };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      }
    },
    async fleetRuns(id) {
      return executions
        .getHandle(id)
        .describe()
        .then(
          ({ status }) => status.name === 'RUNNING',
          (error: unknown) => {
            if (error instanceof WorkflowNotFoundError) return false;
            throw error;
          },
        );
    },
    async rates(id) {
      const { memo } = await executions.getHandle(id).describe();
      return rateIn.safeParse(memo?.['migration']).data?.rate;
    },
    async attributes() {
      if (!known || Date.now() - known.at > knownForMs)
        known = { at: Date.now(), names: await registeredAttributes(client) };
      return known.names;
    },
  };
}

const rateIn = z.object({ rate: z.number().nullable().optional() });

/** Registering takes a person, and many migrations may begin at once. */
const knownForMs = 30_000;

/** Those of ferry's that this namespace has, with the type that they are to have. */
export async function registeredAttributes(client: Client): Promise<string[]> {
  const { namespace } = client.options;
  const answer = await client.connection.operatorService.listSearchAttributes({ namespace });
  const there = answer.customAttributes ?? {};
  return Object.entries(attributeTypes).flatMap(([name, type]) =>
    Number(there[name]) === indexedType[type] ? [name] : [],
  );
}

/** `temporal.api.enums.v1.IndexedValueType`. */
export const indexedType = { Keyword: 2, Datetime: 6 } as const;
