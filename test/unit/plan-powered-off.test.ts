import { afterEach, expect, test } from '@jest/globals';
import { checkPlan } from '../../activities/plan/plan.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { parseMigration } from '../../src/migration/file.js';
import { openAiven, type OpenedAiven } from '../../src/provision/aiven/open.js';
import { answering, type Answered } from './aiven-answers.js';

const { migration } = parseMigration({
  ...{ name: 'orders', strategy: 'simplestCase', source: 'onprem', target: 'aiven' },
  topics: [{ name: 'orders' }],
});

const silent = (name: string) =>
  ({
    name,
    identity: async () => Promise.reject(new FerryError('Unreachable', `${name} did not answer.`)),
  }) as unknown as Cluster;

let aiven: Awaited<ReturnType<typeof answering>> | undefined;
afterEach(async () => aiven?.close());

/** What a plan finds when no broker of either side answers, and the API answers so about the service that is one of them. */
async function found(answer: Answered, side: 'source' | 'target' = 'target'): Promise<string[]> {
  aiven = await answering(() => answer);
  const service: OpenedAiven = openAiven(silent('aiven'), aiven.connection, { pauseMs: 1 });
  const file = side === 'target' ? migration! : { ...migration!, source: 'aiven', target: 'onprem' };
  const { findings } = await checkPlan(
    {
      clusters: (name) => (name === 'aiven' ? service.cluster : silent(name)),
      provisioners: (name) => (name === 'aiven' ? service.provisioner : undefined),
      registries: () => undefined as never,
      holds: { held: async () => [] },
      otherMigrations: async () => [],
    },
    { migration: file },
    'migration-orders',
  );
  return findings.map(({ weight, key }) => `${weight} ${key}`).toSorted();
}

const silence = ['blocks cluster:aiven', 'blocks cluster:onprem'];
const inState = (state: string): Answered => ({ status: 200, body: { service: { state } } });

test.each(['source', 'target'] as const)(
  'a plan says that the service which is its %s is powered off, when its brokers do not answer',
  async (side) =>
    expect(await found(inState('POWEROFF'), side)).toEqual([...silence, 'blocks service-off:aiven']),
);

test.each(['REBALANCING', 'REBUILDING'])('it says that the service is %s', async (state) => {
  expect(await found(inState(state))).toEqual([...silence, 'notes service-moving:aiven']);
});

test('it says nothing more of a service that runs, and that the API did not answer', async () => {
  expect(await found(inState('RUNNING'))).toEqual(silence);
  await aiven?.close();
  expect(await found({ status: 401 })).toEqual([...silence, 'blocks service-unread:aiven']);
});
