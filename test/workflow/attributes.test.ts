import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { indexedType, registeredAttributes } from '../../app/connections/fleet.js';
import { listed } from '../../app/connections/listing.js';
import { attributeTypes } from '../../src/migration/attributes.js';
import { eventually } from '../eventually.js';
import { prepare, startFleet } from './fleets.js';
import { Migrations } from './migrations.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer('a');
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

it('search attributes are written where they are registered, kept true, and left alone where they are not', async () => {
  const { client } = migrations;
  expect(await registeredAttributes(client)).toEqual([]);
  const before = await migrations.start('simplestCase');
  await before.at('producerSwitched', 'waiting');
  const named = (events: Awaited<ReturnType<typeof before.events>>) =>
    events.flatMap(({ upsertWorkflowSearchAttributesEventAttributes: upserted }) =>
      Object.keys(upserted?.searchAttributes?.indexedFields ?? {}).filter((name) => name.startsWith('Ferry')),
    );
  expect(named(await before.events())).toEqual([]);

  // One has another type than it is to have, as somebody else may have made it.
  await client.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: {
      ...Object.fromEntries(Object.entries(attributeTypes).map(([name, type]) => [name, indexedType[type]])),
      FerryStrategy: 1,
    },
  });
  const expected = Object.keys(attributeTypes).filter((name) => name !== 'FerryStrategy');
  await eventually(
    async () => (await registeredAttributes(client)).sort().join(),
    (names) => names === expected.sort().join(),
  );
  // The worker asks again after a while; a new one asks at once.
  await migrations.restart();
  const one = prepare(migrations, 'simplestCase', { team: 'shop' });
  const fleet = await startFleet(migrations, [{ name: 'wave-1', of: [one] }]);
  await fleet.knows(one.name, ({ state }) => state === 'waiting');
  const found = async (query: string): Promise<string[]> => {
    const ids = [];
    for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
    return ids;
  };
  const id = one.migration().handle.workflowId;
  const query = `FerryFleet = "${fleet.handle.workflowId.slice(6)}" AND FerryWave = "wave-1" AND FerryTeam = "shop" AND FerryState = "waiting" AND FerryStep = "producerSwitched" AND FerrySource = "onprem" AND FerryTarget = "aiven" AND FerryWaitsFor = "shop" AND FerrySince < "2999-01-01T00:00:00Z" AND ExecutionStatus = "Running"`;
  await migrations.eventually(async () => (await found(query)).join(), id);
  await one.migration().say('producerSwitched', { by: 'ann' });
  await migrations.eventually(
    async () => (await found(`FerryWaitsFor = "shop" AND FerryStep = "consumerSwitched"`)).join(),
    id,
  );
  // In a freeze nobody is to do anything; what a person has paused waits for one.
  await fleet.say('freeze', { until: '2999-01-01T00:00Z' });
  await migrations.eventually(
    async () => (await found('FerryState = "paused" AND FerryWaitsFor IS NULL')).join(),
    id,
  );
  const held = async () => listed(await one.migration().handle.describe()).held;
  expect(await held()).toBe(true);
  await one.migration().say('pause', { by: 'ann' });
  await migrations.eventually(
    async () => (await found('FerryState = "paused" AND FerryWaitsFor = "shop"')).join(),
    id,
  );
  expect(await held()).toBeUndefined();
  await fleet.handle.terminate();
});

it('search attributes are asked for again where that failed, so that no run is shown as it was before', async () => {
  migrations.unanswered = 2;
  const migration = await migrations.start('simplestCase');
  await migration.at('producerSwitched', 'waiting');
  const query = `FerryStep = "producerSwitched" AND WorkflowId = "${migration.handle.workflowId}"`;
  await migrations.eventually(async () => (await migrations.client.workflow.count(query)).count, 1);
  expect(migrations.unanswered).toBe(0);
});
