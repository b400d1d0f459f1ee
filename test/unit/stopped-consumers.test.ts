import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import '../../lab/ledger/stopped-consumers.js';

const require = createRequire(import.meta.url);

interface Manager {
  start(): Promise<void>;
}
type Fetch = (nodeId: number) => Promise<unknown[]>;
const createFetchManager = require('kafkajs/src/consumer/fetchManager.js') as (options: object) => Manager;
const { prototype } = require('kafkajs/src/consumer/runner.js') as { prototype: { fetch: Fetch } };

test('fetchers that kafkajs makes after a stop end, and leave the process to others', async () => {
  const quiet = { debug: () => undefined, info: () => undefined, namespace: () => quiet };
  const stopped = { running: false, logger: quiet, consumerGroup: {}, instrumentationEmitter: {} };
  const manager = createFetchManager({
    logger: quiet,
    getNodeIds: () => [1, 2],
    fetch: (nodeId: number) => prototype.fetch.call(stopped, nodeId),
    handler: () => Promise.resolve(),
  });
  await expect(manager.start()).rejects.toThrow('the consumer has stopped');
});
