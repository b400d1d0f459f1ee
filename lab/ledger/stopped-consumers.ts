import { createRequire } from 'node:module';

interface Runner {
  running: boolean;
  fetch: (this: Runner, nodeId: number) => Promise<unknown[]>;
}

/**
 * A consumer of kafkajs that is stopped at the moment in which brokers come or go makes new fetchers after the stop, whose
 * fetches answer nothing at once, again and again: the process never gets to anything else, at full load. Here such a fetch
 * fails, which ends its fetcher.
 */
const require = createRequire(import.meta.url);
const { prototype } = require('kafkajs/src/consumer/runner.js') as { prototype: Runner };
const { fetch } = prototype;
prototype.fetch = function (nodeId) {
  return this.running ? fetch.call(this, nodeId) : Promise.reject(new Error('the consumer has stopped'));
};
