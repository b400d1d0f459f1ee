import { expect, test } from '@jest/globals';
import { fetchCalls } from '../../src/kafka/fetch.js';
import { groupCalls } from '../../src/kafka/groups.js';
import type { Brokers } from '../../src/kafka/link/brokers.js';
import { Restraint } from '../../src/kafka/link/restraint.js';
import type { Coordinators } from '../../src/kafka/link/coordinators.js';
import type { Leaders } from '../../src/kafka/link/leaders.js';
import { offsetCalls } from '../../src/kafka/offsets.js';
import { headerAt } from '../../src/kafka/records/batch.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { describeGroupsV5, type ClassicGroup } from '../../src/kafka/wire/describe-groups-v5.js';
import type { FetchResponse } from '../../src/kafka/wire/fetch-v12.js';
import type { ListedOffset } from '../../src/kafka/wire/list-offsets-v6.js';

/** One broker that leads and coordinates everything, and what it answers: no real one damages its answers. */
function broker(answer: unknown): { brokers: Brokers; leaders: Leaders; coordinators: Coordinators } {
  const locate = async (keys: readonly (string | { topic: string; partition: number })[]) =>
    new Map(
      keys.map((key) => [typeof key === 'string' ? key : `${key.topic}/${key.partition}`, { value: 1 }]),
    );
  const brokers: Partial<Brokers> = {
    cluster: 'main',
    restraint: new Restraint(),
    ask: async () => answer as never,
    speaks: async (api) => api.key === describeGroupsV5.key,
  };
  return {
    brokers: brokers as Brokers,
    leaders: { locate } as unknown as Leaders,
    coordinators: { locate } as unknown as Coordinators,
  };
}

const whole = encodeBatch([{ timestamp: 5n, key: null, value: Buffer.from('v'), headers: [] }], {
  baseOffset: 1200n,
});
const damaged = Buffer.from(whole);
damaged.writeInt32BE(-12, headerAt.length);

const row = (partition: number, records: Buffer, highWatermark = 1201n) => ({
  topic: 'orders',
  partition,
  code: 0,
  logStart: 0n,
  highWatermark,
  lastStable: highWatermark,
  aborted: [],
  records,
});

test('a damaged batch fails its own partition, by name, and no other one', async () => {
  const answer: FetchResponse = {
    throttleMs: 0,
    code: 0,
    partitions: [row(3, damaged), row(4, whole), row(5, whole, 2n ** 60n), row(99, whole)],
  };
  const { brokers, leaders } = broker(answer);
  const positions = [3, 4, 5].map((partition) => ({ topic: 'orders', partition, offset: 1200n }));
  const options = { isolation: 'committed', maxBytes: 1_000, maxWaitMs: 0 } as const;
  const rows = await fetchCalls(brokers, leaders).fetch(positions, options);
  expect([...rows.keys()]).toEqual(['orders/3', 'orders/4', 'orders/5']);
  expect(rows.get('orders/3')?.error).toMatchObject({
    type: 'Unexpected',
    message: expect.stringContaining(
      'The batch at offset 1200 of orders/3 on cluster "main" is damaged (its length says -12)',
    ) as unknown,
  });
  expect(rows.get('orders/4')?.value?.batches).toEqual(whole);
  expect(rows.get('orders/5')?.error?.message).toContain(
    'orders/5 on cluster "main" is said to have the offset 1152921504606846976',
  );
});

test('only a whole batch at or beyond `until` proves that nothing else lies below it', async () => {
  const beyond = encodeBatch([{ timestamp: 5n, key: null, value: null, headers: [] }], { baseOffset: 1300n });
  const told = async (records: Buffer, until?: bigint) => {
    const { brokers, leaders } = broker({ throttleMs: 0, code: 0, partitions: [row(3, records, 1400n)] });
    const at = { topic: 'orders', partition: 3, offset: 1200n, ...(until !== undefined && { until }) };
    const options = { isolation: 'committed', maxBytes: 1_000, maxWaitMs: 0 } as const;
    const fetched = (await fetchCalls(brokers, leaders).fetch([at], options)).get('orders/3')?.value;
    return [fetched?.batches.length, fetched?.untilReached];
  };
  const both = Buffer.concat([whole, beyond]);
  expect(await told(both)).toEqual([both.length, undefined]);
  expect(await told(both, 1301n)).toEqual([both.length, undefined]);
  expect(await told(both, 1300n)).toEqual([whole.length, true]);
  expect(await told(beyond, 1250n)).toEqual([0, true]);
  // A compressed set of an old format states its last offset first, so of a part of it nothing is known.
  expect(await told(both.subarray(0, -1), 1250n)).toEqual([whole.length, undefined]);
});

test.each([2n ** 53n - 1n, -2n])('an end of a log at %d is refused by name', async (offset) => {
  const answer: ListedOffset[] = [{ topic: 'orders', partition: 3, code: 0, timestamp: -1n, offset }];
  const { brokers, leaders } = broker(answer);
  const rows = await offsetCalls(brokers, leaders).watermarks([{ topic: 'orders', partition: 3 }]);
  expect(rows.get('orders/3')?.error?.message).toContain(`is said to have the offset ${offset}`);
});

test('a member that writes other bytes than a consumer fails its own group, by name, and no other one', async () => {
  const group = (name: string, metadata: Buffer): ClassicGroup => ({
    code: 0,
    group: name,
    state: 'Stable',
    protocolType: 'consumer',
    members: [{ memberId: 'm', clientId: 'c', host: '/h', metadata, assignment: Buffer.alloc(0) }],
  });
  const subscribed = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, 1, 0, 6]), Buffer.from('orders')]);
  const { brokers, coordinators } = broker([
    group('sound', subscribed),
    group('strange', Buffer.from([0, 1, 0x7f, 0xff, 0xff, 0xff, 1])),
  ]);
  const rows = await groupCalls(brokers, coordinators).describeGroups(['sound', 'strange']);
  expect(rows.get('sound')?.value?.members).toMatchObject([{ subscribed: ['orders'] }]);
  expect(rows.get('strange')?.error).toMatchObject({
    type: 'Unsupported',
    message: expect.stringContaining('A member of group "strange" on cluster "main"') as unknown,
  });
});
