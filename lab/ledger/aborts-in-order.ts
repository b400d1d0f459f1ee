import { createRequire } from 'node:module';

interface Given {
  messages: unknown[];
  abortedTransactions?: { firstOffset: string }[];
}

/**
 * kafkajs takes the list of aborted transactions of a Fetch to be in the order of their first offsets, and gives its application
 * aborted messages when it is not. A broker that reads from remote storage keeps it in a set (`RemoteLogManager`, 3.9), in no
 * order, which the Java consumer puts right for itself (`CompletedFetch`). To be imported before kafkajs is.
 */
const require = createRequire(import.meta.url);
const path = require.resolve('kafkajs/src/consumer/filterAbortedMessages.js');
const filter = require(path) as (given: Given) => unknown[];
const loaded = require.cache[path];
if (!loaded) throw new Error(`${path} is not loaded as kafkajs would load it`);
loaded.exports = ({ messages, abortedTransactions = [] }: Given) =>
  filter({
    messages,
    abortedTransactions: abortedTransactions.toSorted((a, b) =>
      BigInt(a.firstOffset) < BigInt(b.firstOffset) ? -1 : 1,
    ),
  });
