import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Migrations } from './migrations.js';
import { asks, blocks } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.skippingTime();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const topics = [{ name: 'orders' }, { name: 'refunds' }];

it('an approval is one person, one exact name, and counts only while it is asked for', async () => {
  const migration = await migrations.start('simplestCase', { topics });
  await migration.reach('soak', 'active');
  expect(await migration.refusal('deletionApproved', { by: 'ann', topic: 'orders' })).toBe(
    'deletionApproved is not kept: it counts only while its step asks for it (now: soak, active)',
  );
  await migration.signal('deletionApproved', { by: 'ann', topic: 'orders' });
  await migration.until(({ refused }) => refused.length === 1);
  await migrations.pass('25 hours');
  const asked = await migration.at('deletionApproved', 'waiting');
  expect(asked.parts).toEqual([{ name: 'orders' }, { name: 'refunds' }]);
  expect((await migration.status()).next.map(({ input }) => input)).toEqual([
    { by: 'you', topic: 'orders' },
    { by: 'you', topic: 'refunds' },
  ]);

  for (const input of [{ topic: 'orders' }, { by: 'ann', topic: '*' }, { by: 'ann', name: 'orders' }])
    await migration.refusal('deletionApproved', input);
  await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
  await migration.until(({ waitingFor }) => waitingFor.endsWith('for refunds.'));
  expect(migration.cluster.inputs('finalCheck')).toHaveLength(0);
  await migration.say('deletionApproved', { by: 'bo', topic: 'refunds' });
  const { evidence } = await migration.at('deletionApproved', 'done');
  expect(evidence.at(-1)).toMatchObject({
    sentence: 'Nothing was written and nobody reads. Said: orders by ann; refunds by bo.',
    data: { manifest: [{ topic: 'orders', topicId: 'id-of-orders' }, { topic: 'refunds' }] },
  });
  await migration.at('deleteSource', 'done');
});

it('a topic that is there again under another id is reported, in the evidence and in the end', async () => {
  const again = 'orders is there again under another id: some client still asks for it.';
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('watchDeleted', { state: 'gone', sentence: again, recreated: ['orders'] }),
  );
  const { evidence } = await migration.reach('deleteSource', 'done');
  expect(evidence).toMatchObject([{ data: { recreated: ['orders'] } }]);
  expect((await migration.outcome()).sentence).toContain(again);
});

it('findings at the approval block it and withdraw it: it is given anew once they are mended', async () => {
  const reads = blocks('reader:audit', 'audit has read orders on onprem a minute ago.');
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('finalCheck', { findings: [reads], sentence: '', manifest: [] }),
  );
  await migration.reach('deletionApproved', 'blocked');
  const [step] = (await migration.status()).steps.filter(({ id }) => id === 'deletionApproved');
  expect(step).toMatchObject({ parts: [{ name: 'orders' }], problem: { findings: [reads] } });
  expect(await migration.refusal('deletionApproved', { by: 'ann', topic: 'orders' })).toBe(
    'deletionApproved is not kept: it counts only while its step asks for it (now: deletionApproved, blocked)',
  );
  await migration.say('retry', { by: 'ann' });
  await migration.at('deletionApproved', 'waiting');
  expect(migration.cluster.inputs('finalCheck')).toHaveLength(1);
  await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
  await migration.at('deleteSource', 'done');
});

it('findings right before the deletion open the approval again, and nothing is deleted', async () => {
  const late = asks('records:orders', 'orders got 3 records on onprem since it was approved.');
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster
      .next('finalCheck', (input) => cluster.agreed('finalCheck', input))
      .next('finalCheck', { findings: [late], sentence: '', manifest: [] }),
  );
  await migration.reach('deletionApproved', 'waiting');
  await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
  await migration.until(() => migration.cluster.inputs('finalCheck').length === 2);
  const step = await migration.at('deletionApproved', 'waiting');
  expect(step.evidence.at(-1)?.sentence).toBe(`Open again: ${late.sentence}`);
  expect(step.parts).toEqual([{ name: 'orders' }]);
  expect(migration.cluster.inputs('deleteSource')).toEqual([]);
  await migration.reach('deleteSource', 'done');
});
