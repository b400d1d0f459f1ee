import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { workflowId } from '../../src/migration/messages.js';
import { migrationFile } from './migration-files.js';
import { Migrations } from './migrations.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const stillWrites = 'orders-web wrote to orders partition 1 at offset 131 at 12:00:03.';

describe('a claim', () => {
  it('before its turn is kept, and counts when its step begins', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.at('producerSwitched', 'waiting');
    const { steps } = await migration.status();
    expect(steps.find(({ id }) => id === 'consumerSwitched')?.status).toBe('pending');
    expect(await migration.say('consumerSwitched', { by: 'bo', note: 'stopped it early' })).toBe(
      'consumerSwitched is kept for billing: it counts when its step begins (now: producerSwitched, waiting)',
    );
    await migration.say('producerSwitched', { by: 'ann' });
    const step = await migration.at('consumerSwitched', 'done');
    expect(step.evidence.at(-1)?.sentence).toBe('billing as expected. Said: billing by bo.');
    expect(step.parts).toMatchObject([{ claim: { by: 'bo', note: 'stopped it early' }, verified: true }]);
  });

  it('that the clusters contradict is withdrawn, and the step says what was seen', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('watchQuiet', { state: 'contradicted', sentence: stillWrites }),
    );
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('producerSwitched', { by: 'ann' });
    const { waitingFor, next, steps } = await migration.until(({ waitingFor }) =>
      waitingFor.startsWith('Not so'),
    );
    expect(waitingFor).toBe(
      `Not so: ${stillWrites} Producers write to the target only: waiting for a person to say so for orders-web.`,
    );
    expect(next[0]).toEqual({
      message: 'producerSwitched',
      input: { by: 'you' },
      means: 'Producers write to the target only',
    });
    const step = steps.find(({ id }) => id === 'producerSwitched');
    expect(step).toMatchObject({ status: 'waiting', parts: [{ name: 'orders-web' }] });
    expect(step?.parts?.[0]).not.toHaveProperty('claim');
    expect(step?.evidence.at(-1)?.sentence).toBe(`Not so: ${stillWrites}`);
    expect(await migration.details()).toContain(stillWrites);

    await migration.say('producerSwitched', { by: 'ann' });
    await migration.at('producerSwitched', 'done');
    expect(migration.cluster.inputs('watchQuiet')).toHaveLength(2);
  });

  it('made twice counts once', async () => {
    const migration = await migrations.start('simplestCase');
    const quiet = migration.cluster.hold('watchQuiet');
    await migration.reach('producerSwitched', 'waiting');
    await migration.signal('producerSwitched', { by: 'ann' });
    await migration.signal('producerSwitched', { by: 'bo' });
    expect(await migration.say('producerSwitched', { by: 'cid' })).toBe(
      'producerSwitched was said already; it is being checked against the clusters',
    );
    quiet.answer({ state: 'quiet', ends: { orders: ['7'] }, sentence: 'Quiet.' });
    const step = await migration.at('producerSwitched', 'done');
    expect(step.evidence.map(({ sentence }) => sentence)).toEqual(['Quiet. Said: orders-web by ann.']);
    expect(await migration.say('producerSwitched')).toBe('producerSwitched is done already');
    expect(migration.cluster.inputs('watchQuiet')).toHaveLength(1);
    expect((await migration.status()).refused).toEqual([]);
  });

  it.each(['signal', 'say'] as const)('counts the same as %s, with and without JSON', async (way) => {
    const migration = await migrations.start('simplestCase');
    await migration.at('producerSwitched', 'waiting');
    await migration[way]('producerSwitched');
    await migration.at('consumerSwitched', 'waiting');
    await migration[way]('consumerSwitched', { by: 'bo' });
    const { evidence } = await migration.at('consumerSwitched', 'done');
    expect(evidence.at(-1)?.sentence).toContain('Said: billing by bo.');
  });

  it('sent before the first workflow task is kept too', async () => {
    const { name, cluster, taskQueue } = migrations.prepare();
    const handle = await migrations.client.workflow.signalWithStart('simplestCase', {
      taskQueue,
      workflowId: workflowId(name),
      args: [migrationFile('simplestCase', name)],
      signal: 'producerSwitched',
      signalArgs: [{ by: 'early' }],
    });
    const migration = migrations.adopt(handle, cluster);
    const { parts } = await migration.at('producerSwitched', 'done');
    expect(parts).toMatchObject([{ claim: { by: 'early' } }]);
  });
});

describe('a step of several', () => {
  const producers = [{ name: 'orders-web' }, { name: 'orders-batch' }];
  const consumers = [{ group: 'billing' }, { group: 'shipping' }, { group: 'audit' }];

  it('asks which one is meant, and checks producers together once all have been claimed', async () => {
    const migration = await migrations.start('simplestCase', { producers });
    await migration.at('producerSwitched', 'waiting');
    expect(await migration.refusal('producerSwitched', { by: 'ann' })).toBe(
      'producerSwitched has several left: say which by name (orders-web, orders-batch), or "name":"*" for all of them',
    );
    await migration.say('producerSwitched', { by: 'ann', name: 'orders-batch' });
    const { waitingFor, next } = await migration.status();
    expect(waitingFor).toBe(
      'Producers write to the target only: waiting for a person to say so for orders-web.',
    );
    expect(next.map(({ input }) => input)).toEqual([{ by: 'you', name: 'orders-web' }]);
    expect(migration.cluster.inputs('watchQuiet')).toHaveLength(0);
    // One is left, so its name may be left out.
    await migration.say('producerSwitched', { by: 'bo' });
    const { evidence } = await migration.at('producerSwitched', 'done');
    expect(evidence.at(-1)?.sentence).toContain('Said: orders-web by bo; orders-batch by ann.');
  });

  it('checks groups as they come, and all of them again at the end, because checks age', async () => {
    const migration = await migrations.start('simplestCase', { consumers });
    await migration.reach('consumerSwitched', 'waiting');
    await migration.say('consumerSwitched', { name: 'shipping' });
    await migration.until(({ waitingFor }) => waitingFor.endsWith('for billing, audit.'));
    await migration.say('consumerSwitched', { name: '*' });
    await migration.at('consumerSwitched', 'done');
    expect(migration.cluster.inputs('watchConsumers').map(({ groups }) => groups)).toEqual([
      ['shipping'],
      ['billing', 'audit'],
      ['billing', 'shipping', 'audit'],
    ]);
  });

  it('checks them once when all are claimed at once', async () => {
    const migration = await migrations.start('simplestCase', { consumers });
    await migration.reach('consumerSwitched', 'waiting');
    await migration.say('consumerSwitched', { name: '*' });
    await migration.at('consumerSwitched', 'done');
    expect(migration.cluster.inputs('watchConsumers')).toHaveLength(1);
  });

  it('keeps the claims of others when one is contradicted', async () => {
    const migration = await migrations.start('simplestCase', { consumers }, (cluster) =>
      cluster.next('watchConsumers', {
        state: 'contradicted',
        sentence: 'billing still has a member at onprem.',
      }),
    );
    await migration.reach('consumerSwitched', 'waiting');
    await migration.say('consumerSwitched', { name: 'billing' });
    await migration.until(({ waitingFor }) => waitingFor.startsWith('Not so: billing'));
    await migration.say('consumerSwitched', { name: 'audit' });
    const { next } = await migration.until(({ waitingFor }) => waitingFor.endsWith('for billing, shipping.'));
    expect(next.map(({ input }) => input['name'])).toEqual(['billing', 'shipping']);
  });
});

describe('an override', () => {
  it('needs by and a reason, and passes a check that cannot succeed', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.reach('consumerSwitched', 'waiting');
    expect(await migration.refusal('consumerSwitched', { override: { reason: 'a nightly job' } })).toBe(
      'an override needs by: who takes the responsibility',
    );
    expect(await migration.refusal('consumerSwitched', { by: 'ann', override: {} })).toBe(
      'override needs a reason',
    );
    expect(await migration.refusal('consumerSwitched', { by: 'ann', override: true })).toBe(
      'override is an object with a reason: {"override":{"reason":"…"}}',
    );
    await migration.say('consumerSwitched', { by: 'ann', override: { reason: 'a nightly job' } });
    const { evidence } = await migration.at('consumerSwitched', 'done');
    expect(evidence.at(-1)?.sentence).toBe(
      'Not verified: the check was overridden. Said: billing by ann (overridden: a nightly job).',
    );
    expect(migration.cluster.inputs('watchConsumers')).toHaveLength(0);
  });

  it('said while the check runs counts at once, and nothing of it is verified', async () => {
    const migration = await migrations.start('simplestCase');
    const quiet = migration.cluster.hold('watchQuiet');
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('producerSwitched', { by: 'ann' });
    const { next } = await migration.until(({ waitingFor }) => waitingFor.endsWith('checking the clusters.'));
    await migration.until(() => migration.cluster.inputs('watchQuiet').length === 1);
    expect(next.map(({ input }) => input)).toEqual([
      { by: 'you', override: { reason: 'why it cannot be measured' } },
    ]);
    expect(
      await migration.say('producerSwitched', { by: 'bo', override: { reason: 'one that nobody finds' } }),
    ).toBe('producerSwitched is overridden for orders-web: it is not measured, and reported as not verified');
    const step = await migration.at('producerSwitched', 'done');
    await migrations.eventually(async () => quiet.cancelled, true);
    expect(migration.cluster.inputs('watchQuiet').at(-1)).toMatchObject({ accepted: ['not-quiet'] });
    expect(step).toMatchObject({
      unverified: 'overridden',
      parts: [{ verified: false, claim: { by: 'bo' } }],
    });
    expect(step.evidence.at(-1)).toMatchObject({ unverified: 'overridden' });
    expect((await migration.status()).unverified).toEqual([
      'Producers write to the target only: overridden for orders-web by bo (one that nobody finds).',
    ]);
    await migration.reach('deleteSource', 'done');
    const { sentence, unverified } = await migration.outcome();
    expect(sentence).toContain('Not verified: Producers write to the target only.');
    expect(unverified).toHaveLength(1);
  });

  it('of one of several leaves the others to their check', async () => {
    const consumers = [{ group: 'billing' }, { group: 'shipping' }];
    const migration = await migrations.start('simplestCase', { consumers });
    await migration.reach('consumerSwitched', 'waiting');
    const checked = migration.cluster.hold('watchConsumers');
    await migration.say('consumerSwitched', { by: 'ann', name: '*' });
    await migration.until(() => migration.cluster.inputs('watchConsumers').length === 1);
    await migration.say('consumerSwitched', { by: 'ann', name: 'billing', override: { reason: 'monthly' } });
    await migrations.eventually(async () => checked.cancelled, true);
    const { parts, unverified } = await migration.at('consumerSwitched', 'done');
    expect(parts?.map(({ verified }) => verified)).toEqual([false, true]);
    expect(unverified).toBe('overridden');
    expect(migration.cluster.inputs('watchConsumers').map(({ groups }) => groups)).toEqual([
      ['billing', 'shipping'],
      ['shipping'],
    ]);
  });

  it('of one of several that are measured together does not begin their check anew', async () => {
    const producers = [{ name: 'orders-web' }, { name: 'orders-batch' }];
    const migration = await migrations.start('simplestCase', { producers });
    await migration.reach('producerSwitched', 'waiting');
    const quiet = migration.cluster.hold('watchQuiet');
    await migration.say('producerSwitched', { by: 'ann', name: '*' });
    await migration.say('producerSwitched', {
      ...{ by: 'ann', name: 'orders-batch' },
      override: { reason: 'is gone' },
    });
    quiet.answer({ state: 'quiet', ends: { orders: ['7'] }, sentence: 'Quiet.' });
    const { parts } = await migration.at('producerSwitched', 'done');
    expect(parts?.map(({ verified }) => verified)).toEqual([true, false]);
    expect(migration.cluster.inputs('watchQuiet')).toHaveLength(1);
  });

  it('of the quiet source freezes nothing: later records are then no contradiction', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('producerSwitched', { by: 'ann', override: { reason: 'one that nobody finds' } });
    const { evidence } = await migration.at('producerSwitched', 'done');
    expect(evidence.at(-1)?.sentence).toContain('Not verified');
    await migration.reach('consumerSwitched', 'done');
    const { cluster } = migration;
    expect(cluster.inputs('watchQuiet')).toMatchObject([{ accepted: ['not-quiet'] }]);
    expect(cluster.inputs('watchDrain')).toMatchObject([{ frozen: false }]);
    expect(cluster.inputs('watchConsumers')).toMatchObject([{ frozen: false }]);
  });

  it('of the doubling is handed to its check, and kept in the evidence', async () => {
    const migration = await migrations.start('doubleProducer');
    await migration.reach('producerWritesBoth', 'waiting');
    await migration.say('producerWritesBoth', { by: 'ann', override: { reason: 'writes once a month' } });
    const { evidence } = await migration.at('producerWritesBoth', 'done');
    expect(evidence.at(-1)?.sentence).toContain('orders-web by ann (overridden: writes once a month)');
    expect(migration.cluster.inputs('watchDoubling')).toMatchObject([{ accepted: ['not-doubling'] }]);
  });
});

describe('nonsense', () => {
  it('in a signal is ignored, and shown', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.at('producerSwitched', 'waiting');
    await migration.signal('producerSwitched', { by: 7, shout: true });
    await migration.signal('producerSwitched', 'yes');
    await migration.signal('producerSwitched', { name: 'nobody' });
    await migration.signal('producerSwiched', { by: 'ann' });
    await migration.signal('producerWritesBoth');
    const { refused, state } = await migration.until(({ refused }) => refused.length === 5);
    expect(state).toBe('waiting');
    expect(refused.map(({ message, why }) => `${message}: ${why}`)).toEqual([
      'producerSwitched: by is a text: who says so; shout is not a key of producerSwitched',
      'producerSwitched: producerSwitched takes one JSON object, for example {"by":"ann"}',
      'producerSwitched: nobody is not part of producerSwitched; name is one of orders-web',
      'producerSwiched: no such message; the names are producerSwitched, consumerSwitched, deletionApproved, pause, resume, retry, amend, throttle, skip, abort',
      'producerWritesBoth: simplestCase has no step producerWritesBoth here; its human steps are producerSwitched, consumerSwitched, deletionApproved',
    ]);
    expect(await migration.details()).toContain('`producerSwiched` was ignored: no such message');
    expect(migration.cluster.inputs('watchQuiet')).toHaveLength(0);

    await migration.signal('producerSwitched', { name: 'the sixth' });
    const later = await migration.until(({ refused }) => refused.at(-1)!.why.startsWith('"the sixth"'));
    expect(later.refused).toHaveLength(5);
  });

  it('in an update is refused with a sentence, and leaves no event', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.at('producerSwitched', 'waiting');
    const before = (await migration.events()).length;
    expect(await migration.refusal('producerSwitched', { by: '' })).toBe('by is empty: who says so?');
    expect(await migration.refusal('producerSwitched', [1, 2])).toBe(
      'producerSwitched takes one JSON object, for example {"by":"ann"}',
    );
    expect(await migration.refusal('producerSwitched', { confirm: true })).toBe(
      'confirm is not a key of producerSwitched',
    );
    const events = (await migration.events()).slice(before);
    expect(events.filter(({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) => accepted)).toEqual(
      [],
    );
    expect((await migration.status()).refused).toEqual([]);
  });

  it('in the name of an update is told with the names there are', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.at('producerSwitched', 'waiting');
    expect(await migration.refusal('producerSwiched', { by: 'ann' })).toBe(
      'producerSwiched: no such message; the names are producerSwitched, consumerSwitched, deletionApproved, pause, resume, retry, amend, throttle, skip, abort',
    );
    expect(await migration.refusal('producerWritesBoth')).toContain(
      'simplestCase has no step producerWritesBoth',
    );
    expect((await migration.status()).state).toBe('waiting');
  });
});
