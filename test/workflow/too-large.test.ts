import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Migrations } from './migrations.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer('large');
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

it('an answer that Temporal does not take is told as what it is', async () => {
  const large = Array.from({ length: 30_000 }, (_, at) => `create topic ${at} ${'x'.repeat(70)}`);
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('checkPlan', { findings: [], will: large, topicIds: {} }),
  );
  const { problem } = await migration.at('checkPlan', 'blocked');
  expect(problem).toMatchObject({
    type: 'Refused',
    sentence: expect.stringContaining('Temporal did not take what checkPlan answered'),
  });
});

it('a step that would ask for too much says so, and the run goes on', async () => {
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('checkPlan', ({ migration: { topics } }) => ({
      ...{ findings: [], will: [] },
      topicIds: Object.fromEntries(topics.map(({ name }) => [name, 'x'.repeat(1_950_000)])),
    })),
  );
  const { problem } = await migration.at('checkPlan', 'blocked');
  expect(problem).toMatchObject({
    type: 'Refused',
    sentence: expect.stringMatching(/^What takeHolds has to be given would be 2\.\d MB, more than the 2 MB/),
  });
  expect(await migration.say('abort', { by: 'ann' })).toBeTruthy();
});
