import { expect, test } from '@jest/globals';
import { offsetsPartition } from '../../activities/groups/pending-commits.js';

// By `Utils.abs(group.hashCode()) % 50` of kafka-clients 3.9.1.
test.each([
  ['audit', 5],
  ['orders-web', 42],
  // Their hashes are below 0.
  ['billing', 9],
  ['shipping', 8],
  ['pending.source.8a9d97.group', 15],
  // Its hash is the one that has no absolute value.
  ['polygenelubricants', 0],
])('the commits of %s are in partition %i of 50, as brokers have it', (group, partition) => {
  expect(offsetsPartition(group, 50)).toBe(partition);
});
