import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { outOfColumns } from '../../src/migration/columns.js';
import { eventually } from '../eventually.js';
import { Migrations } from './migrations.js';
import type { TestMigration } from './test-migration.js';
import { failure, type ScriptedCluster } from './scripted-cluster.js';

const toldOf = (migration: TestMigration): string[] =>
  migration.cluster
    .inputs('tell')
    .flatMap(({ tellings }) =>
      tellings.map(({ event, step, reminder }) =>
        [event, step ?? '', ...(reminder > 0 ? [reminder] : [])].join(' '),
      ),
    );
const untilTold = (migration: TestMigration, ...wanted: string[]) =>
  eventually(
    async () => toldOf(migration),
    (told) => wanted.every((one) => told.includes(one)),
  );

describe('where time can be skipped', () => {
  let migrations: Migrations;
  beforeAll(async () => {
    migrations = await Migrations.skippingTime();
  });
  afterEach(() => migrations.clear());
  afterAll(() => migrations.close());

  it('people are told once of each step that waits for them, of the deletion, and of the end', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.reach('deletionApproved', 'waiting');
    await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
    expect(await migration.outcome()).toMatchObject({ result: 'done' });
    expect(toldOf(migration)).toEqual([
      'waits-for-you producerSwitched',
      'waits-for-you consumerSwitched',
      'deletion-asks deletionApproved',
      'done ',
    ]);
    const [first] = migration.cluster.inputs('tell')[0]?.tellings ?? [];
    expect(first).toMatchObject({
      title: 'Producers write to the target only',
      next: { message: 'producerSwitched', input: { by: 'you' } },
    });
  });

  it('a contradiction is told each time, and a wait that goes on after it is not told anew', async () => {
    const unlike = { state: 'contradicted' as const, sentence: 'orders/0 got 3 records.' };
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('watchQuiet', unlike).next('watchQuiet', unlike),
    );
    for (const times of [1, 2]) {
      await migration.reach('producerSwitched', 'waiting');
      await migration.say('producerSwitched', { by: 'ann' });
      await eventually(
        async () => toldOf(migration).filter((one) => one.startsWith('contradicted')).length,
        (many) => many === times,
      );
    }
    await migration.reach('consumerSwitched', 'waiting');
    expect(toldOf(migration).filter((one) => one === 'waits-for-you producerSwitched')).toHaveLength(1);
  });

  it('a problem is told once, however often it is tried again', async () => {
    const down = () => failure('Unauthorized', 'User:ferry may not alter ACLs.');
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('copyAcls', down(), down(), down(), failure('Conflict', 'Another problem.')),
    );
    for (const calls of [1, 2, 3]) {
      await migration.until(
        ({ state }) => state === 'blocked' && migration.cluster.inputs('copyAcls').length === calls,
      );
      await migration.say('retry', { by: 'ann' });
    }
    await untilTold(migration, 'blocked copyAcls');
    await eventually(
      async () => toldOf(migration).length,
      (many) => many === 2,
    );
    expect(toldOf(migration)).toEqual(['blocked copyAcls', 'blocked copyAcls']);
    const sentences = migration.cluster
      .inputs('tell')
      .flatMap(({ tellings }) => tellings.map((one) => one.sentence));
    expect(sentences).toEqual(['User:ferry may not alter ACLs.', 'Another problem.']);
  });

  it('a step that is open again is told, and is asked for anew', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('watchDrain', { state: 'grew', sentence: 'orders/0 got 2 records at 12:00.' }),
    );
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('producerSwitched', { by: 'ann' });
    await untilTold(migration, 'opened-again producerSwitched');
    await migration.at('producerSwitched', 'waiting');
    await eventually(
      async () => toldOf(migration).filter((one) => one === 'waits-for-you producerSwitched').length,
      (many) => many === 2,
    );
  });

  it('whoever forgets is reminded as often as the file says, with few events', async () => {
    // Not at the moment of the daily look: the server that skips time takes no cancellation of a timer that fires then, and
    // its task never ends.
    const migration = await migrations.start('simplestCase', {
      notify: { teams: ['payments'], remind: '13h' },
    });
    await migration.reach('producerSwitched', 'waiting');
    await untilTold(migration, 'waits-for-you producerSwitched');
    const before = (await migration.events()).length;
    for (let reminder = 1; reminder <= 4; reminder++) {
      await migrations.pass('13 hours');
      await untilTold(migration, `waits-for-you producerSwitched ${reminder}`);
    }
    const events = (await migration.events()).length - before;
    expect(events / 52).toBeLessThan(3);
    expect(toldOf(migration)).toHaveLength(5);
    await migration.say('producerSwitched', { by: 'ann' });
    await migration.reach('consumerSwitched', 'waiting');
    await migrations.pass('6 hours');
    expect(toldOf(migration).filter((one) => one.startsWith('waits-for-you producerSwitched'))).toHaveLength(
      5,
    );
  });

  it('who cannot be told holds nothing up, and is shown', async () => {
    // As after its last try: the server that skips time does not skip the pauses between tries.
    const never = () => {
      throw failure('Unreachable', 'board was not told: it answered 500.');
    };
    const migration = await migrations.start('simplestCase', {}, (cluster) => {
      for (let times = 0; times < 200; times++) cluster.next('tell', never).next('keepAccount', never);
    });
    await migration.reach('deletionApproved', 'waiting');
    await migration.until(({ untold }) =>
      untold.some(({ why }) => why === 'board was not told: it answered 500.'),
    );
    expect(await migration.details()).toContain('board was not told: it answered 500.');
    await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
    const outcome = await migration.outcome();
    expect(outcome).toMatchObject({
      result: 'done',
      report: 'Not written: board was not told: it answered 500.',
    });
    expect((await migration.status()).untold.length).toBeLessThanOrEqual(5);
  });
});

describe('on a real server', () => {
  let migrations: Migrations;
  beforeAll(async () => {
    migrations = await Migrations.onRealServer('m', [
      '--dynamic-config-value',
      'limit.historyCount.suggestContinueAsNew=150',
    ]);
  });
  afterEach(() => migrations.clear());
  afterAll(() => migrations.close());

  it('the end gives all that it knows to whoever writes the report', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('keepAccount', { written: ['a.html'], sentence: 'The report is a.html.' }),
    );
    await migration.reach('deletionApproved', 'waiting');
    await migration.say('abort', { by: 'ann' });
    const outcome = await migration.outcome();
    expect(outcome).toMatchObject({ result: 'aborted', report: 'The report is a.html.' });
    const [kept] = migration.cluster.inputs('keepAccount');
    expect(kept?.state && outOfColumns(kept.state)).toMatchObject({
      outcome: { result: 'aborted' },
      abort: { by: 'ann' },
    });
    expect(toldOf(migration).at(-1)).toBe('done ');
  });

  it('what was told in one run is not told again in the next', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.reach('producerSwitched', 'waiting');
    await untilTold(migration, 'waits-for-you producerSwitched');
    const runId = async () => (await migration.handle.describe()).runId;
    const first = await runId();
    for (let said = 0; said < 200 && (await runId()) === first; said++) {
      await migration.say('pause', { by: 'ann' });
      await migration.say('resume', { by: 'ann' });
    }
    await eventually(runId, (now) => now !== first);
    await migration.at('producerSwitched', 'waiting');
    await migration.say('producerSwitched', { by: 'ann' });
    await migration.reach('consumerSwitched', 'waiting');
    await untilTold(migration, 'waits-for-you consumerSwitched');
    expect(toldOf(migration)).toEqual(['waits-for-you producerSwitched', 'waits-for-you consumerSwitched']);
  });

  const hanging = (cluster: ScriptedCluster) => cluster.hold('tell');

  it('what hangs keeps nobody waiting: steps go on, and what comes after is told meanwhile', async () => {
    const held: ReturnType<typeof hanging>[] = [];
    const migration = await migrations.start('simplestCase', {}, (cluster) => held.push(hanging(cluster)));
    await migration.reach('consumerSwitched', 'waiting');
    await untilTold(migration, 'waits-for-you consumerSwitched');
    // The other has been answered, or will be in a moment.
    await eventually(
      () => migration.pending(),
      (pending) => pending === 1,
    );
    for (const one of held) one.answer({ told: [], failed: [], sentence: '' });
    expect(toldOf(migration)).toEqual(['waits-for-you producerSwitched', 'waits-for-you consumerSwitched']);
  });

  it('a new run waits for what is being told, so that nobody hears it twice; the mirror copies on meanwhile', async () => {
    const held: ReturnType<typeof hanging>[] = [];
    const migration = await migrations.start('simpleMirroring', {}, (cluster) => held.push(hanging(cluster)));
    await migration.reach('producerStopped', 'waiting');
    await untilTold(migration, 'waits-for-you producerStopped');
    const first = (await migration.handle.describe()).runId;
    const waits = async () =>
      (await migration.events()).some((event) => {
        const [patch] = event.markerRecordedEventAttributes?.details?.['patch-data']?.payloads ?? [];
        return Buffer.from(patch?.data ?? [])
          .toString()
          .includes('told-before-new-run');
      });
    // Unlike a pause, this leaves the mirror to itself.
    for (let said = 0; said < 400 && !(await waits()); said++)
      await migration.say('throttle', { by: 'ann', rate: `${20 + (said % 2)}MB/s` });
    const { runId, raw } = await migration.handle.describe();
    expect(runId).toBe(first);
    const activities = raw.pendingActivities?.map(({ activityType }) => activityType?.name) ?? [];
    expect(activities).toEqual(expect.arrayContaining(['mirror', 'tell']));
    for (const one of held) one.answer({ told: [], failed: [], sentence: '' });
    await eventually(
      async () => (await migration.handle.describe()).runId,
      (now) => now !== first,
    );
    await migration.at('producerStopped', 'waiting');
    await migration.say('producerStopped', { by: 'ann' });
    await migration.reach('consumerSwitched', 'waiting');
    await untilTold(migration, 'waits-for-you consumerSwitched');
    expect(toldOf(migration)).toEqual(['waits-for-you producerStopped', 'waits-for-you consumerSwitched']);
  });

  it('the end is told however many hang', async () => {
    const held: ReturnType<typeof hanging>[] = [];
    const migration = await migrations.start('simplestCase', {}, (cluster) => {
      cluster.next('copyAcls', failure('Unauthorized', 'User:ferry may not alter ACLs.'));
      for (let times = 0; times < 4; times++) held.push(hanging(cluster));
    });
    await migration.until(({ state }) => state === 'blocked');
    await untilTold(migration, 'blocked copyAcls');
    await migration.say('retry', { by: 'ann' });
    for (const step of ['producerSwitched', 'consumerSwitched', 'deletionApproved'] as const) {
      await migration.reach(step, 'waiting');
      const event = step === 'deletionApproved' ? 'deletion-asks' : 'waits-for-you';
      await untilTold(migration, `${event} ${step}`);
    }
    await migration.say('abort', { by: 'ann' });
    await untilTold(migration, 'done ');
    for (const one of held) one.answer({ told: [], failed: [], sentence: '' });
    expect(await migration.outcome()).toMatchObject({ result: 'aborted' });
  });
});
