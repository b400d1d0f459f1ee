import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { MigrationFile } from '../../src/migration/file.js';
import { strategyNames } from '../../src/migration/strategies.js';
import { Migrations } from './migrations.js';
import type { TestMigration } from './test-migration.js';
import { asks, failure } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const arrived = 'orders/1 on onprem got a record at offset 131 at 12:00:03.';
const ends = { orders: ['120', '120'] };
const schemas = { source: 'old', target: 'new' };
const twoGroups: Partial<MigrationFile> = { consumers: [{ group: 'billing' }, { group: 'audit' }] };

/** How many activities of this kind the server waits for. */
async function running(migration: TestMigration, activity: string): Promise<number> {
  const { pendingActivities } = (await migration.handle.describe()).raw;
  return pendingActivities?.filter(({ activityType }) => activityType?.name === activity).length ?? 0;
}

const evidenceOf = async (migration: TestMigration, id: string): Promise<string[]> =>
  (await migration.status()).steps.find((step) => step.id === id)?.evidence.map(({ sentence }) => sentence) ??
  [];

describe('the team', () => {
  it('approves before anything is asked of a cluster: who, when and why are kept', async () => {
    const migration = await migrations.start('advancedMirroring');
    await migration.at('teamApproved', 'waiting');
    expect(await migration.refusal('teamApproved', { note: 'it was discussed' })).toBe(
      'teamApproved needs by: who approves the migration',
    );
    expect(await migration.refusal('teamApproved', { by: 'ann', note: ' ' })).toBe(
      'teamApproved needs note: why the team approves it',
    );
    expect(
      await migration.refusal('teamApproved', { by: 'ann', note: 'why', override: { reason: 'no time' } }),
    ).toBe('teamApproved takes no override: there is no check to pass, only who approves and why');
    expect(migration.cluster.names()).toEqual([]);
    const { next } = await migration.status();
    expect(next).toMatchObject([{ input: { by: 'you', note: 'why the team approves it' } }]);

    await migration.say('teamApproved', { by: 'ann', note: 'a pause costs too much' });
    const { evidence } = await migration.at('teamApproved', 'done');
    expect(evidence[0]?.sentence).toMatch(
      /^Approved by ann at \d{4}-\d\d-\d\dT[\d:.]+Z: a pause costs too much Said: team by ann\.$/,
    );
  });
});

describe('schemas', () => {
  it.each(strategyNames.filter((name) => name !== 'simpleMirroring'))(
    'are on the target before a client may come in %s, and import mode is left at once',
    async (strategy) => {
      const migration = await migrations.start(strategy, { schemas });
      await migration.reach('copySchemas', 'done');
      const names = migration.cluster.names();
      expect(names.slice(names.indexOf('copyAcls') + 1)).toEqual(
        expect.arrayContaining(['copySchemas', 'leaveImport']),
      );
      expect(names.indexOf('leaveImport')).toBe(names.indexOf('copySchemas') + 1);
    },
  );

  it('are skipped with a sentence when the file names none', async () => {
    const migration = await migrations.start('advancedMirroring');
    await migration.reach('startMirror', 'done');
    const { says } = await migration.at('copySchemas', 'skipped');
    expect(says).toBe('The migration file names no schemas.');
    expect(migration.cluster.names()).not.toContain('copySchemas');
  });

  it('leave import mode when the copy fails, and again when a retry fails', async () => {
    const down = failure('Refused', 'Registry "new" refused orders-value version 2.');
    const migration = await migrations.start('advancedMirroring', { schemas }, (cluster) =>
      cluster.next('copySchemas', down, down),
    );
    await migration.reach('copySchemas', 'blocked');
    expect((await migration.status()).waitingFor).toBe(down.message);
    await migration.say('retry');
    await migration.until(() => migration.cluster.inputs('leaveImport').length === 2);
    await migration.at('copySchemas', 'blocked');
    await migration.say('retry');
    await migration.reach('deleteSource', 'done');
  });

  it('that cannot leave import mode block, and an abort leaves it first of all', async () => {
    const away = failure('Refused', 'Registry "new" refused to leave import mode.');
    const migration = await migrations.start('advancedMirroring', { schemas }, (cluster) =>
      cluster.next('leaveImport', away),
    );
    await migration.reach('copySchemas', 'blocked');
    expect((await migration.status()).waitingFor).toBe(away.message);
    await migration.say('abort', { by: 'ann' });
    await migration.outcome();
    const names = migration.cluster.names();
    expect(names.slice(names.indexOf('copySchemas'))).toEqual([
      ...['copySchemas', 'leaveImport', 'leaveImport', 'targetWrites', 'undo'],
    ]);
  });

  it('with findings ask, and nothing goes on before a person accepts', async () => {
    const other = asks('schema-other-subject:new', 'new has a subject that old has not.');
    const migration = await migrations.start('simplestCase', { schemas }, (cluster) =>
      cluster.next('copySchemas', { findings: [other], sentence: '' }),
    );
    await migration.reach('copySchemas', 'blocked');
    expect(migration.cluster.names()).not.toContain('seedOffsets');
    await migration.say('retry', { by: 'ann', override: { reason: 'it is ours' } });
    await migration.at('copySchemas', 'done');
    expect(migration.cluster.inputs('copySchemas').at(-1)).toMatchObject({ accepted: [other.key] });
  });

  it('follow while the mirror runs; a conflict asks at the present step, and what is accepted is handed on', async () => {
    const taken = asks('schema-id-taken:7', 'id 7 is another schema on new.');
    const migration = await migrations.start('advancedMirroring', { schemas }, (cluster) =>
      cluster.next('watchSchemas', (input) => cluster.agreed('watchSchemas', input)),
    );
    await migration.reach('consumerStopped', 'waiting');
    await migrations.eventually(() => running(migration, 'watchSchemas'), 1);
    await migration.say('pause', { by: 'ann' });
    await migrations.eventually(() => running(migration, 'watchSchemas'), 0);
    migration.cluster.next('watchSchemas', { state: 'asks', findings: [taken] });
    await migration.say('resume');
    const { problem } = await migration.at('consumerStopped', 'blocked');
    expect(problem).toMatchObject({ sentence: taken.sentence, offers: ['retry', 'accept', 'abort'] });
    await migrations.eventually(() => running(migration, 'mirror'), 0);
    await migration.say('retry', { by: 'ann', override: { reason: 'nobody uses it' } });
    await migration.at('consumerStopped', 'waiting');
    await migrations.eventually(() => running(migration, 'watchSchemas'), 1);
    expect(migration.cluster.inputs('watchSchemas').at(-1)).toMatchObject({ accepted: [taken.key] });
    await migration.reach('catchUp', 'done');
    expect(await running(migration, 'watchSchemas')).toBe(0);
    // What came between its last look and the end of the source is copied too.
    expect(migration.cluster.inputs('copySchemas')).toHaveLength(2);
    expect(migration.cluster.names().filter((name) => name === 'leaveImport')).toHaveLength(5);
  });
});

describe('groups', () => {
  it('move one at a time: each is translated when it has stopped, whatever the others do', async () => {
    const migration = await migrations.start('advancedMirroring', twoGroups);
    await migration.reach('consumerStopped', 'waiting');
    await migration.say('consumerStopped', { by: 'ann', name: 'billing' });
    await migration.until(({ steps }) =>
      steps.some(({ id, parts }) => id === 'consumerStopped' && parts?.[0]?.verified === true),
    );
    expect(migration.cluster.inputs('translateGroups').at(-1)).toMatchObject({ groups: ['billing'] });
    // It may start on the target at once; that is kept until the others have stopped.
    expect(await migration.say('consumerSwitched', { by: 'ann', name: 'billing' })).toContain('is kept');
    await migration.say('consumerStopped', { by: 'bo', name: 'audit' });
    await migration.at('consumerStopped', 'done');
    const [first, second, again] = migration.cluster.inputs('translateGroups');
    expect([first?.groups, second?.groups, again?.groups]).toEqual([
      ['billing'],
      ['audit'],
      ['billing', 'audit'],
    ]);
    expect(again?.translated.map(({ group }) => group)).toEqual(['billing', 'audit']);
    for (const input of migration.cluster.inputs('translateGroups')) expect(input).not.toHaveProperty('ends');
    await migration.reach('deleteSource', 'done');
  });

  it('move together, and are looked at once', async () => {
    const migration = await migrations.start('advancedMirroring', twoGroups);
    await migration.reach('consumerStopped', 'waiting');
    await migration.say('consumerStopped', { by: 'ann', name: '*' });
    await migration.at('consumerStopped', 'done');
    const { evidence } = await migration.at('consumerStopped', 'done');
    expect(evidence.map(({ sentence }) => sentence)).toEqual([
      'billing, audit translated. Said: billing by ann; audit by ann.',
    ]);
  });

  it('that still run on the source contradict the claim', async () => {
    const alive = 'billing has 2 members on onprem: app-1 on orders/0.';
    const migration = await migrations.start('advancedMirroring', {}, (cluster) =>
      cluster.next('translateGroups', { state: 'contradicted', sentence: alive }),
    );
    await migration.reach('consumerStopped', 'waiting');
    await migration.say('consumerStopped', { by: 'ann' });
    await migration.until(({ waitingFor }) => waitingFor.startsWith(`Not so: ${alive}`));
    await migration.reach('deleteSource', 'done');
  });

  it('that come back to life on the source after they moved are told before producers move, with a way on', async () => {
    const back = 'billing has 1 member on onprem: app-1 on orders/0.';
    const moved = asks('group-on-both:billing', 'billing has been alive on both.');
    const migration = await migrations.start('advancedMirroring');
    await migration.reach('consumerSwitched', 'waiting');
    const looks = migration.cluster.inputs('translateGroups').length;
    migration.cluster
      .next('translateGroups', (input) => migration.cluster.agreed('translateGroups', input))
      .next('translateGroups', { state: 'contradicted', sentence: back })
      .next('translateGroups', { state: 'asks', findings: [moved] });
    await migration.say('consumerSwitched', { by: 'ann' });
    await migration.at('producerStopped', 'blocked');
    expect(migration.cluster.inputs('translateGroups').length).toBe(looks + 2);
    expect((await migration.status()).waitingFor).toBe(back);
    await migration.say('retry');
    await migration.until(({ waitingFor }) => waitingFor === moved.sentence);
    await migration.say('retry', { by: 'ann', override: { reason: 'it folds doubles' } });
    await migration.reach('deleteSource', 'done');
  });

  it('on the target live from the mirror: a pause does not stop it any more', async () => {
    const migration = await migrations.start('advancedMirroring');
    await migration.reach('consumerStopped', 'waiting');
    await migration.say('pause', { by: 'ann' });
    await migrations.eventually(() => running(migration, 'mirror'), 0);
    await migration.say('resume');
    await migration.reach('producerStopped', 'waiting');
    await migrations.eventually(() => running(migration, 'mirror'), 1);
    const started = migration.cluster.inputs('mirror').length;
    await migration.say('pause', { by: 'ann' });
    await migration.until(({ state }) => state === 'paused');
    expect(await running(migration, 'mirror')).toBe(1);
    await migration.say('resume');
    await migration.reach('catchUp', 'done');
    expect(migration.cluster.inputs('mirror')).toHaveLength(started);
  });

  it('have no part when the file names none, which is said', async () => {
    const migration = await migrations.start('advancedMirroring', { consumers: [] });
    await migration.reach('producerStopped', 'waiting');
    expect((await evidenceOf(migration, 'consumerStopped'))[0]).toMatch(/^Not verified: /);
    expect(migration.cluster.inputs('translateGroups')).toEqual([]);
  });
});

describe('the order of producers', () => {
  it('is kept: the old have stopped and the mirror is empty and stopped before the new are asked for', async () => {
    const migration = await migrations.start('advancedMirroring', { schemas });
    await migration.reach('producerSwitched', 'waiting');
    const names = migration.cluster.names();
    const since = names.slice(names.indexOf('watchQuiet')).filter((name) => name !== 'watchSchemas');
    expect(since).toEqual([
      ...['watchQuiet', 'watchMirror', 'leaveImport', 'stopMirror'],
      ...['copySchemas', 'leaveImport', 'watchMirror', 'translateGroups'],
    ]);
    expect(migration.cluster.inputs('watchMirror').slice(1)).toMatchObject([
      { to: ends, frozen: true },
      { to: ends, frozen: true },
    ]);
    expect(await running(migration, 'mirror')).toBe(0);
  });

  it('with the engine cannot be given up: it is the only writer', async () => {
    const migration = await migrations.start('advancedMirroring', { mirror: 'engine' });
    await migration.reach('producerStopped', 'waiting');
    expect(
      await migration.refusal('producerStopped', { by: 'ann', override: { reason: 'no pause at all' } }),
    ).toMatch(/^producerStopped takes no override here: the ferry's engine has to be the only writer/);
    await migration.reach('deleteSource', 'done');
    expect(migration.cluster.names()).not.toContain('stopMirror');
  });

  it('may be given up with MirrorMaker, which is said plainly; the tail is drained after the new ones have come', async () => {
    const migration = await migrations.start('advancedMirroring');
    await migration.reach('producerStopped', 'waiting');
    await migration.say('producerStopped', { by: 'ann', override: { reason: 'no pause at all' } });
    await migration.reach('producerSwitched', 'waiting');
    expect((await evidenceOf(migration, 'producerStopped'))[0]).toContain(
      'Not waited for, as ann decided (no pause at all): until the old producers have stopped and the mirror is empty, records of one key may swap on aiven in orders.',
    );
    expect((await evidenceOf(migration, 'catchUp'))[0]).toContain('The mirror goes on');
    expect(await running(migration, 'mirror')).toBe(1);
    expect(migration.cluster.names()).not.toContain('stopMirror');
    expect(migration.cluster.inputs('watchMirror').at(-1)).toMatchObject({ to: ends, frozen: false });

    const still = 'Records still come to orders/0.';
    migration.cluster.next('watchQuiet', { state: 'contradicted', sentence: still });
    await migration.say('producerSwitched', { by: 'ann' });
    await migration.until(({ waitingFor }) => waitingFor.startsWith(`Not so: ${still}`));
    expect(await running(migration, 'mirror')).toBe(1);

    await migration.say('producerSwitched', { by: 'ann' });
    // What was not compared is asked about, by its number.
    const { problem } = await migration.at('parity', 'blocked');
    expect(problem?.findings).toMatchObject([{ weight: 'asks', key: 'not-compared:orders+240' }]);
    await migration.say('retry', { by: 'ann', override: { reason: 'the lag was 0' } });
    await migration.reach('removeMirror', 'done');
    const names = migration.cluster.names();
    expect(names.slice(names.lastIndexOf('watchQuiet'))).toEqual(
      expect.arrayContaining(['watchQuiet', 'watchMirror', 'stopMirror', 'watchProducers', 'removeMirror']),
    );
    expect(migration.cluster.inputs('watchQuiet').at(-1)?.accepted).toEqual([]);
    expect(migration.cluster.inputs('watchMirror').at(-1)).toMatchObject({ frozen: true });
    expect(migration.cluster.inputs('watchParity')).toEqual([]);
    expect((await evidenceOf(migration, 'parity'))[0]).toBe(
      'Not verified: ann decided that producers do not wait for the mirror (no pause at all), so on aiven their records lie among the copied ones.',
    );
    await migration.reach('deleteSource', 'done');
  });

  it('with a late record before anybody writes to the target opens the step again, and the mirror goes on', async () => {
    const migration = await migrations.start('advancedMirroring', {}, (cluster) =>
      cluster.next('watchProducers', { state: 'grew', sentence: arrived }),
    );
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('producerSwitched', { by: 'ann' });
    await migration.until(({ steps }) =>
      steps.some(({ id, evidence }) => id === 'producerStopped' && evidence.length === 2),
    );
    await migration.at('producerStopped', 'waiting');
    await migrations.eventually(() => running(migration, 'mirror'), 1);
    await migration.reach('deleteSource', 'done');
    expect(migration.cluster.inputs('watchQuiet')).toHaveLength(2);
    expect(migration.cluster.inputs('watchParity')).toHaveLength(1);
    // Consumers have moved already, and are not asked for again.
    expect(migration.cluster.inputs('watchConsumers')).toHaveLength(1);
  });
});

describe('an abort', () => {
  it('stops MirrorMaker before it looks at the target, and says what groups that have moved have to heed', async () => {
    const migration = await migrations.start('advancedMirroring', { schemas });
    await migration.reach('producerStopped', 'waiting');
    await migration.say('abort', { by: 'ann' });
    const { left } = await migration.outcome();
    expect(left).toEqual([
      'The schemas that were copied to new stay there: nothing tells whether an application uses one by now. Delete by hand what nobody needs.',
      'Where billing went on on aiven, set the offsets on onprem to what has been processed before it starts there again, or that is processed twice.',
    ]);
    const names = migration.cluster.names();
    expect(names.slice(names.indexOf('stopMirror'))).toEqual([
      ...['stopMirror', 'targetWrites', 'undo', 'removeMirror'],
    ]);
    // After the copy, and after the schemas have followed.
    expect(names.filter((name) => name === 'leaveImport')).toHaveLength(2);
  });

  it('takes up to where MirrorMaker had copied for its own only when parity has found that equal', async () => {
    const report = { records: '220', bytes: '2200', unverifiable: [], differences: [] };
    const copies = { logStarts: { orders: ['0', '0'] }, topicIds: { orders: 'copy' } };
    const startAfter = async (seen: 'not compared' | 'equal' | 'differs' | 'not-proved') => {
      const migration = await migrations.start(
        'simpleMirroring',
        { mirror: 'mirrormaker', connect: 'mirrors' },
        (cluster) =>
          seen === 'not compared'
            ? cluster.next('watchParity', failure('Refused', 'The log cannot be read.'))
            : cluster.next('watchParity', { state: seen, sentence: 'Compared.', report, copies }),
      );
      if (seen === 'not compared' || seen === 'differs') await migration.reach('parity', 'blocked');
      else await migration.reach('consumerSwitched', 'waiting');
      await migration.say('abort', { by: 'ann' });
      await migration.outcome();
      return migration.cluster.inputs('targetWrites').map(({ start }) => start);
    };
    const mirrored = { orders: ['110', '110'] };
    expect(await startAfter('equal')).toEqual([mirrored]);
    expect(await startAfter('differs')).toEqual([{}]);
    expect(await startAfter('not-proved')).toEqual([{}]);
    expect(await startAfter('not compared')).toEqual([{}]);
  });
});
