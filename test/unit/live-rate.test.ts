import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { LiveRate } from '../../activities/mirror/live-rate.js';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

type Answer = number | null | undefined;

/** What a mirror of a migration may copy, whose own limit is 5,000, with what the migration says of itself now. */
const rateWhen = (workflowId: string, rates: () => Promise<Answer>): Promise<number | undefined> =>
  new MockActivityEnvironment({ workflowExecution: { workflowId, runId: 'run' } }).run(async () => {
    const rate = new LiveRate(rates, workflowId, 5_000);
    // By then what was asked is answered.
    await new Promise((resolve) => setImmediate(resolve));
    rate.end();
    return rate.now;
  });

test('a mirror obeys what its migration says, and its own limit where that says nothing', async () => {
  expect(await rateWhen('migrate/a', async () => 1_000)).toBe(1_000);
  expect(await rateWhen('migrate/b', async () => null)).toBeUndefined();
  expect(await rateWhen('migrate/c', async () => undefined)).toBe(5_000);
});

test('the rate of an earlier migration of the name is not that of the next; it holds while Temporal is away', async () => {
  const seen: Answer[] = [];
  for (const said of [
    async () => 1_000,
    () => Promise.reject<number>(new Error('away')),
    async () => undefined,
  ]) {
    seen.push(await rateWhen('migrate/again', said));
    jest.setSystemTime(Date.now() + 3_000);
  }
  expect(seen).toEqual([1_000, 1_000, 5_000]);
});
