import { expect, test } from '@jest/globals';
import { groupCalls } from '../../src/kafka/groups.js';
import type { Brokers } from '../../src/kafka/link/brokers.js';
import type { Coordinators } from '../../src/kafka/link/coordinators.js';
import { consumerGroupDescribeV0 } from '../../src/kafka/wire/consumer-group-describe-v0.js';
import { describeGroupsV5 } from '../../src/kafka/wire/describe-groups-v5.js';
import { listGroupsV5 } from '../../src/kafka/wire/list-groups-v5.js';

const [notFound, loading, refused] = [69, 14, 31];

/** A broker on which the group is of one protocol at each request, and of the type given in every listing that it can give. */
function broker(type: string, now: () => 'classic' | 'consumer' | 'other', listingCode = () => 0) {
  const asked: unknown[] = [];
  const ask = async (_broker: number, api: unknown) => {
    asked.push(api);
    const is = now();
    if (api === consumerGroupDescribeV0)
      return [
        is === 'consumer'
          ? { code: 0, group: 'g', state: 'Stable', members: [] }
          : { code: notFound, group: 'g', state: '', members: [] },
      ];
    if (api === describeGroupsV5)
      return [
        is === 'classic'
          ? { code: 0, group: 'g', state: 'Empty', protocolType: '', members: [] }
          : { code: 0, group: 'g', state: 'Dead', protocolType: '', members: [] },
      ];
    if (api === listGroupsV5) {
      const code = listingCode();
      const groups = [{ group: 'g', type, state: 'Stable', protocolType: 'consumer' }];
      return { code, groups: code === 0 ? groups : [] };
    }
    throw new Error('not a request of this test');
  };
  const brokers = { cluster: 'there', speaks: async () => true, ids: async () => [1], ask };
  const coordinators = {
    locate: async (keys: readonly string[]) => new Map(keys.map((key) => [key, { value: 1 }])),
  };
  const calls = groupCalls(brokers as unknown as Brokers, coordinators as unknown as Coordinators);
  return { asked, described: async () => (await calls.describeGroups(['g'])).get('g') };
}

test('a group whose first member of the other protocol comes between two requests is asked about again', async () => {
  const answers = ['classic', 'consumer', 'consumer'] as const;
  let at = 0;
  const there = broker('Consumer', () => answers[at++] ?? 'consumer');
  expect((await there.described())?.value).toMatchObject({ protocol: 'consumer', state: 'stable' });
  expect(there.asked).toEqual([
    consumerGroupDescribeV0,
    describeGroupsV5,
    listGroupsV5,
    consumerGroupDescribeV0,
  ]);
});

test('a group of a protocol whose members cannot be read is refused', async () => {
  expect((await broker('Share', () => 'other').described())?.error?.type).toBe('Unsupported');
});

test('a group that the coordinator can neither describe nor list yet is asked about again', async () => {
  const codes = [loading, loading, 0];
  const share = broker(
    'Share',
    () => 'other',
    () => codes.shift() ?? 0,
  );
  expect((await share.described())?.error?.type).toBe('Unsupported');

  const answers = ['other', 'other', 'consumer'] as const;
  let at = 0;
  const consumer = broker(
    'Consumer',
    () => answers[at++] ?? 'consumer',
    () => loading,
  );
  expect((await consumer.described())?.value).toMatchObject({ protocol: 'consumer', state: 'stable' });
});

test('a group is not called dead because nothing may be listed', async () => {
  const hidden = broker(
    'Share',
    () => 'other',
    () => refused,
  );
  expect((await hidden.described())?.error?.type).toBe('Unauthorized');
});

test('a state by a name that all objects have is unknown', async () => {
  const brokers = {
    ...{ cluster: 'there', speaks: async () => true, ids: async () => [1] },
    ask: async () => ({
      code: 0,
      groups: [{ group: 'g', type: 'constructor', state: 'constructor', protocolType: '' }],
    }),
  };
  const calls = groupCalls(brokers as unknown as Brokers, {} as Coordinators);
  expect(await calls.groups()).toMatchObject([{ group: 'g', protocol: 'unknown', state: 'unknown' }]);
});
