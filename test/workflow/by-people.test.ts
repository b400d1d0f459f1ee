import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Migrations } from './migrations.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.skippingTime();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

it('a target that takes topics from people alone has them asked, whatever the file says', async () => {
  const topics = [{ name: 'orders', newName: 'shop.orders' }];
  const migration = await migrations.start('simplestCase', { topics }, (cluster) => {
    cluster.next('checkPlan', async (input) => ({
      ...(await cluster.agreed('checkPlan', input)),
      byPeople: true,
    }));
  });
  await migration.at('topicCreated', 'waiting');
  const { next, steps } = await migration.status();
  expect(next.map(({ message }) => message)).toContain('topicCreated');
  expect(steps.map(({ id }) => id).slice(0, 3)).toEqual(['checkPlan', 'topicCreated', 'createTopics']);
  expect(migration.cluster.inputs('createTopics')).toEqual([]);
  await migration.say('topicCreated', { by: 'ann' });
  await migration.at('createTopics', 'done');
  // Nobody asks the ferry to make it afterwards, so that an abort takes nothing back.
  expect(
    migration.cluster.inputs('createTopics')[0]?.migration.topics.map(({ createdBy }) => createdBy),
  ).toEqual(['people']);
  await migration.reach('deleteSource', 'done');
});
