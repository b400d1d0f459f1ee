import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { WorkflowClient, type Client } from '@temporalio/client';
import { Payloads } from './payloads.js';

/**
 * For whoever lists and describes executions that somebody else may have begun: a field of a memo that this program has no
 * codec or key for is there and undefined, where the client itself would throw and hide all others with it.
 */
export function looking({ connection, options }: Pick<Client, 'connection' | 'options'>): WorkflowClient {
  const { namespace, identity } = options;
  return new WorkflowClient({
    ...{ connection, namespace },
    ...(identity !== undefined && { identity }),
    dataConverter: { payloadCodecs: [new ReadableAlone(new Payloads({ options }))] },
  });
}

class ReadableAlone implements PayloadCodec {
  constructor(private readonly payloads: Payloads) {}

  async encode(): Promise<Payload[]> {
    throw new TypeError('Who looks sends nothing.');
  }

  decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(
      payloads.map(async (payload) => defaultPayloadConverter.toPayload(await this.payloads.value(payload))),
    );
  }
}
