import {
  isGrpcServiceError,
  ServiceError,
  type Client,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { executionInfoFromRaw } from '@temporalio/client/lib/helpers.js';
import { Payloads } from './payloads.js';

export type RunListed = Omit<WorkflowExecutionInfo, 'raw'>;

/**
 * What Temporal lists, page by page. A memo that this program has no codec or key for is left out: one that somebody else
 * has encoded is not to hide all others.
 *
 * @throws ServiceError
 */
export async function* runsListed(
  client: Client,
  { query, pageSize }: { query: string; pageSize?: number },
): AsyncGenerator<RunListed> {
  const { namespace, loadedDataConverter } = client.options;
  const payloads = new Payloads(client);
  for (let nextPageToken: Uint8Array | undefined = new Uint8Array(); nextPageToken;) {
    const page: Awaited<ReturnType<typeof client.workflowService.listWorkflowExecutions>> =
      await client.workflowService
        .listWorkflowExecutions({
          ...{ namespace, query, nextPageToken },
          ...(pageSize !== undefined && { pageSize }),
        })
        .catch((error: Error) => {
          throw isGrpcServiceError(error)
            ? new ServiceError('Temporal did not list its workflows', { cause: error })
            : error;
        });
    for (const execution of page.executions) {
      const { memo } = execution;
      execution.memo = null;
      const { raw: _, ...info } = await executionInfoFromRaw(
        execution,
        loadedDataConverter,
        undefined,
        namespace,
      );
      const fields = await Promise.all(
        Object.entries(memo?.fields ?? {}).map(async ([name, payload]): Promise<[string, unknown]> => [
          name,
          await payloads.value(payload).catch(() => undefined),
        ]),
      );
      yield { ...info, memo: Object.fromEntries(fields) };
    }
    nextPageToken = page.nextPageToken.length > 0 ? page.nextPageToken : undefined;
  }
}
