import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Migrations } from './migrations.js';
import { asks, blocks } from './scripted-cluster.js';
import { readable } from '../offsets.js';

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

it('the question lists the ACLs that go with the topic, and the evidence keeps those that went', async () => {
  const acls = [
    { topic: 'orders', acls: ['allow User:app read from *', 'deny User:* write from 10.0.0.1'] },
    { topic: 'refunds', acls: ['allow User:app write from *'] },
  ];
  const migration = await migrations.start(
    'simplestCase',
    { topics: [{ name: 'orders' }, { name: 'refunds' }] },
    (cluster) =>
      cluster
        .next('checkPlan', async (input) => ({ ...(await cluster.agreed('checkPlan', input)), acls }))
        .next('deleteSource', { sentence: 'Deleted both.', acls }),
  );
  await migration.reach('deletionApproved', 'waiting');
  const { waitingFor } = await migration.status();
  expect(waitingFor).toContain(
    'With it go the ACLs for these names on onprem, whoever made them, 3 in all (orders: allow User:app read from *; orders: deny User:* write from 10.0.0.1; refunds: allow User:app write from *).',
  );
  await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
  await migration.until((status) =>
    status.waitingFor.includes(
      'for that name on onprem, whoever made them, 1 in all (allow User:app write from *)',
    ),
  );
  await migration.say('deletionApproved', { by: 'ann', topic: 'refunds' });
  const { evidence } = await migration.at('deleteSource', 'done');
  expect(evidence.at(-1)).toMatchObject({ data: { acls } });
  expect(migration.cluster.inputs('deleteSource')).toMatchObject([{ acls }]);
});

it('a group that reads what does not move is told with the question', async () => {
  const sentence = 'billing also reads invoices on onprem.';
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('checkPlan', async (input) => ({
      ...(await cluster.agreed('checkPlan', input)),
      elsewhere: [{ group: 'billing', sentence }],
    })),
  );
  await migration.reach('consumerSwitched', 'waiting');
  expect((await migration.status()).waitingFor).toContain(sentence);
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

const came = 'After its end was frozen, records came to onprem: orders/0 offsets 120 to 128 (9 records).';

it.each([
  ['simplestCase', 'producerSwitched', 'watchDrain'],
  ['doubleProducer', 'oldProducerCodeRemoved', 'watchTwins'],
  ['doubleConsumers', 'producerSwitched', 'watchDrain'],
] as const)(
  'a record that comes while the source of %s soaks opens %s again at once, and says why until it closes',
  async (strategy, producers, proof) => {
    const migration = await migrations.start(strategy, {}, (cluster) =>
      cluster
        .next('watchSoak', { state: 'watching', sentence: '', carry: null })
        .next('watchSoak', { state: 'grew', sentence: came }),
    );
    await migration.reach('soak', 'active');
    // One slice of the soak is over, and not the soak.
    await migrations.pass('1 hour');
    await migration.at(producers, 'waiting');
    const { openedAgain, steps } = await migration.status();
    expect(openedAgain).toMatchObject({ step: producers, why: came });
    expect(steps.find(({ id }) => id === producers)).toMatchObject({ openedAgain: { why: came } });
    expect(steps.find(({ id }) => id === 'soak')).toMatchObject({ status: 'pending' });
    expect(await migration.details()).toContain('Open again since');
    const proofs = migration.cluster.inputs(proof).length;

    await migration.reach(producers, 'done');
    const closed = (await migration.status()).steps.find(({ id }) => id === producers);
    expect(closed).not.toHaveProperty('openedAgain');
    expect(closed?.evidence.map(({ sentence }) => sentence)).toContain(`Open again: ${came}`);
    await migration.reach('deleteSource', 'done');
    expect(migration.cluster.inputs(proof)).toHaveLength(proofs + 1);
  },
);

it('records that came to a mirrored source while it soaks are accepted by their number, and the soak goes on', async () => {
  const nine = asks('late-record:orders+9', came);
  const migration = await migrations.start('simpleMirroring', {}, (cluster) =>
    cluster
      .next('watchSoak', { state: 'asks', findings: [nine] })
      .next('watchSoak', { state: 'asks', findings: [asks('late-record:orders+10', came)] }),
  );
  await migration.reach('soak', 'blocked');
  await migration.say('retry', { by: 'ann', override: { reason: 'a test message' } });
  const again = await migration.until(({ steps }) =>
    steps.some(({ problem }) => problem?.findings.some(({ key }) => key === 'late-record:orders+10')),
  );
  expect(again.accepted.map(({ key }) => key)).toEqual([nine.key]);
  expect(migration.cluster.names()).not.toContain('finalCheck');
});

it('what producers wrote to the source alone holds up the step until a person accepts its number', async () => {
  const nine = asks(
    'on-source-alone:orders+9@240',
    'orders/0 offsets 111 to 119 (9 records) are on onprem alone.',
  );
  const alone = [{ topic: 'orders', partition: 0, from: '111', to: '120', records: 9 }];
  const seen = {
    state: 'compared' as const,
    ...{ alone, findings: [nine], sentence: '9 have no twin.' },
    next: { source: { orders: ['120', '120'] }, target: { orders: ['300', '300'] } },
  };
  const migration = await migrations.start('doubleProducer', {}, (cluster) =>
    cluster.next('watchTwins', seen, seen, seen),
  );
  await migration.reach('oldProducerCodeRemoved', 'blocked');
  await migration.say('retry');
  await migration.until(() => migration.cluster.inputs('watchTwins').length === 2);
  await migration.at('oldProducerCodeRemoved', 'blocked');
  await migration.say('retry', { by: 'ann', override: { reason: 'a test message' } });
  await migration.reach('deleteSource', 'done');
  // Every look begins where the marks are, until one is accepted; the deletion knows what was.
  expect(migration.cluster.inputs('watchTwins').map(({ from }) => readable(from))).toEqual(
    Array.from({ length: 3 }, () => ({ orders: ['100', '100'] })),
  );
  expect(migration.cluster.inputs('finalCheck').at(-1)).toMatchObject({ doubled: { alone } });
});

it('a comparison with which nothing comes to an end is passed by an override, and all of it is asked about later', async () => {
  const migration = await migrations.start('doubleProducer');
  await migration.reach('oldProducerCodeRemoved', 'waiting');
  const comparing = migration.cluster.hold('watchTwins');
  migration.cluster.hold('watchTwins');
  await migration.say('oldProducerCodeRemoved', { by: 'ann' });
  await migration.until(() => migration.cluster.inputs('watchTwins').length === 1);
  const over = { state: 'watching' as const, sentence: 'in pass 2 of 9', carry: { pass: 1 } };
  comparing.answer(over);
  await migration.until(() => migration.cluster.inputs('watchTwins').length === 2);
  migration.cluster.next('watchTwins', over);
  await migration.say('oldProducerCodeRemoved', { by: 'ann', override: { reason: 'it takes a week' } });
  await migration.until(() => migration.cluster.inputs('watchTwins').length === 3);
  await migration.pass('10 minutes');
  const { evidence, unverified } = await migration.at('oldProducerCodeRemoved', 'done');
  expect(unverified).toBe('overridden');
  expect(evidence.at(-1)?.sentence).toContain(
    'What came to onprem after the marks could not be compared with aiven in 10m: all of it counts as being on onprem alone, and is asked about before the deletion.',
  );
  const inputs = migration.cluster.inputs('watchTwins');
  expect(inputs.map(({ carry, accepted }) => ({ carry, accepted }))).toEqual([
    { carry: undefined, accepted: [] },
    { carry: { pass: 1 }, accepted: [] },
    { carry: undefined, accepted: ['not-compared'] },
  ]);
  await migration.reach('deleteSource', 'done');
  const [checked] = migration.cluster.inputs('finalCheck');
  expect(checked).toMatchObject({ marks: { orders: ['100', '100'] } });
  expect(checked).not.toHaveProperty('doubled');
});

it('how the target was when twins were found is handed to the deletion', async () => {
  const copies = { logStarts: { orders: ['0', '0'] }, topicIds: { orders: 'twin' } };
  const migration = await migrations.start('doubleProducer', {}, (cluster) =>
    cluster.next('watchTwins', (input) => ({
      ...{ state: 'compared', alone: [], findings: [], sentence: 'All have twins.', copies },
      next: { source: input.to, target: { orders: ['200', '200'] } },
    })),
  );
  await migration.reach('deleteSource', 'done');
  expect(migration.cluster.inputs('finalCheck').at(-1)?.doubled?.twins).toEqual({
    ...copies,
    from: {},
  });
});

it('parity with records that the target has lost asks, and is not made again for whoever accepts them', async () => {
  const lost = asks('not-compared:orders+3000@3000', 'orders/0 offsets 0 to 2999 are on onprem alone.');
  const migration = await migrations.start('simpleMirroring', {}, (cluster) =>
    cluster.next('watchParity', {
      ...{ state: 'equal', sentence: '2,000 records are equal.' },
      report: { records: '2000', bytes: '20000', unverifiable: [], differences: [] },
      findings: [lost],
      copies: { logStarts: { orders: ['3001', '0'] }, topicIds: { orders: 'copy' } },
    }),
  );
  await migration.reach('parity', 'blocked');
  await migration.say('retry', { by: 'ann', override: { reason: 'nobody needs them' } });
  await migration.reach('deleteSource', 'done');
  expect(migration.cluster.inputs('watchParity')).toHaveLength(1);
  expect(migration.cluster.inputs('finalCheck').at(-1)).toMatchObject({
    copies: { logStarts: { orders: ['3001', '0'] }, topicIds: { orders: 'copy' } },
    accepted: [lost.key],
  });
});

it.each(['at once', 'when a second reading differs'])(
  'parity that has asked and is skipped %s hands no copies to the deletion',
  async (when) => {
    const report = { records: '2000', bytes: '20000', unverifiable: [], differences: [] };
    const migration = await migrations.start('simpleMirroring', {}, (cluster) =>
      cluster.next(
        'watchParity',
        {
          ...{ state: 'not-proved', sentence: '2,000 records are equal.', report },
          findings: [
            asks('not-compared:orders+3000@3000', 'orders/0 offsets 0 to 2999 are on onprem alone.'),
          ],
          copies: { logStarts: { orders: ['3001', '0'] }, topicIds: { orders: 'copy' } },
        },
        { state: 'differs', sentence: 'orders/0 differs.', report },
      ),
    );
    await migration.reach('parity', 'blocked');
    if (when !== 'at once') {
      await migration.say('retry', { by: 'ann' });
      await migration.until(({ waitingFor }) => waitingFor === 'orders/0 differs.');
      await migration.at('parity', 'blocked');
    }
    await migration.say('skip', { by: 'ann' });
    await migration.reach('deleteSource', 'done');
    for (const checked of migration.cluster.inputs('finalCheck'))
      expect(checked).not.toHaveProperty('copies');
    const facts = await migration.handle.query<object>('facts');
    expect(facts).not.toHaveProperty('compared');
  },
);

it('records that came between the last check and the deletion are not deleted', async () => {
  const late = asks('late-record:orders+9', came);
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('deleteSource', { sentence: 'Nothing was deleted.', findings: [late], begun: false }),
  );
  await migration.reach('deletionApproved', 'waiting');
  await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
  const { openedAgain } = await migration.until((status) => status.openedAgain !== null);
  expect(openedAgain).toMatchObject({ step: 'producerSwitched', why: came });
  await migration.reach('deleteSource', 'done');
  expect(migration.cluster.inputs('watchDrain')).toHaveLength(2);
  expect(migration.cluster.inputs('deleteSource')).toHaveLength(2);
});
