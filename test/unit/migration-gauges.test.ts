import { expect, it } from '@jest/globals';
import type { MetricMeter } from '@temporalio/common';
import type { Listed } from '../../app/connections/listing.js';
import { keepMigrationGauges, MigrationGauges } from '../../app/worker/migration-gauges.js';

/** The gauges by name and labels, each with what it was set to last. */
function gaugesOf() {
  const values = new Map<string, number>();
  const meter = {
    createGauge: (gauge: string) => ({
      set: (value: number, labels: Record<string, string>) =>
        void values.set([gauge, ...Object.values(labels)].join(' ').trim(), value),
    }),
  };
  return { gauges: new MigrationGauges(meter as unknown as MetricMeter), values };
}

const began = Date.parse('2026-11-29T12:00:00.000Z');
const blocked: Listed = {
  name: 'orders',
  workflowId: 'kafka-ferry/orders',
  strategy: 'simplestCase',
  state: 'blocked',
  step: 'drain',
  since: new Date(began - 60_000).toISOString(),
  startedAt: new Date(began - 3_600_000).toISOString(),
  running: true,
  ...{ source: 'onprem', target: 'aiven', topics: ['orders'], groups: [] },
};
const count = 'ferry_migrations simplestCase blocked drain';
const wait = 'ferry_oldest_wait_seconds blocked';

it('what was told holds for a minute and a half without an answer, and is not known from then on', () => {
  const { gauges, values } = gaugesOf();
  gauges.read([blocked], began);
  gauges.notRead(began + 89_999);
  expect([values.get(count), values.get(wait)]).toEqual([1, 60]);
  gauges.notRead(began + 90_000);
  expect([values.get(count), values.get(wait)]).toEqual([NaN, NaN]);
  gauges.read([], began + 120_000);
  expect([values.get(count), values.get(wait)]).toEqual([0, 0]);
});

it('what its fleet holds is counted, and waits for nobody', () => {
  const { gauges, values } = gaugesOf();
  const paused: Listed = { ...blocked, state: 'paused' };
  gauges.read([{ ...paused, held: true }], began);
  expect(values.get('ferry_migrations simplestCase paused drain')).toBe(1);
  expect(values.get('ferry_oldest_wait_seconds paused')).toBe(0);
  gauges.read([{ ...paused, held: true }, paused], began);
  expect(values.get('ferry_oldest_wait_seconds paused')).toBe(60);
});

it('how long one waits is not known where Temporal has never answered', () => {
  const { gauges, values } = gaugesOf();
  gauges.notRead(began);
  expect(values.get(wait)).toBeNaN();
  expect(values.has('ferry_migrations_read_timestamp_seconds')).toBe(false);
});

it('an answer is waited for no longer than half of the time between two questions', async () => {
  const end = new AbortController();
  const before = Date.now();
  let deadline = 0;
  await keepMigrationGauges(
    gaugesOf().gauges,
    (until) => {
      deadline = until;
      end.abort();
      return Promise.resolve([]);
    },
    end.signal,
  );
  expect(deadline).toBeGreaterThanOrEqual(before + 15_000);
  expect(deadline).toBeLessThanOrEqual(Date.now() + 15_000);
});

it.each<[string, () => Promise<readonly Listed[]>]>([
  ['an answer', () => Promise.resolve([blocked])],
  ['a refusal', () => Promise.reject(new Error('cancelled'))],
])('%s that comes after the end tells nothing', async (_, late) => {
  const { gauges, values } = gaugesOf();
  const end = new AbortController();
  const list = () => {
    end.abort();
    return late();
  };
  await keepMigrationGauges(gauges, list, end.signal);
  expect([...values.keys()]).toEqual([]);
});
