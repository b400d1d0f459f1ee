import { expect, it } from '@jest/globals';
import { DefaultFailureConverter, defaultPayloadConverter, type PayloadCodec } from '@temporalio/common';
import { encodeErrorToFailure } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { ApplicationFailure } from '@temporalio/common';
import { runFrom } from '../../app/connections/histories.js';

const turned = (data: Uint8Array | null | undefined) => Uint8Array.from(data ?? [], (byte) => byte ^ 85);
const codec: PayloadCodec = {
  encode: async (all) => all.map((one) => ({ ...one, data: turned(one.data) })),
  decode: async (all) => all.map((one) => ({ ...one, data: turned(one.data) })),
};
const converter = {
  payloadConverter: defaultPayloadConverter,
  failureConverter: new DefaultFailureConverter({ encodeCommonAttributes: true }),
  payloadCodecs: [codec],
};

it('a run that failed under a codec says why to whoever has that', async () => {
  const failure = await encodeErrorToFailure(converter, ApplicationFailure.nonRetryable('Too large.'));
  expect(failure.message).toBe('Encoded failure');
  const events = [{ workflowExecutionFailedEventAttributes: { failure } }];
  const { run } = await runFrom('run-1', { events }, converter);
  expect(run.end).toMatchObject({ how: 'failed', sentence: 'Too large.' });
  const without = await runFrom('run-1', { events }, { ...converter, payloadCodecs: [] });
  expect(without.run.end).toMatchObject({ how: 'failed', sentence: 'Encoded failure' });
});
