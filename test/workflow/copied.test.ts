import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Migrations } from './migrations.js';
import { asks } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const ends = { orders: ['120', '120'] };
const mirrored = { orders: ['110', '110'] };

describe('parity', () => {
  const differs = {
    state: 'differs' as const,
    sentence: 'orders/0 differs at offset 12 of onprem.',
    report: {
      records: '12',
      bytes: '120',
      unverifiable: [],
      differences: [{ topic: 'orders', partition: 0, source: '12', target: '12', what: 'another value' }],
    },
  };

  it('that differs blocks with what was seen, and is compared again', async () => {
    const migration = await migrations.start('simpleMirroring', {}, (cluster) =>
      cluster.next('watchParity', differs),
    );
    const { problem, evidence } = await migration.reach('parity', 'blocked');
    expect(problem?.sentence).toBe(differs.sentence);
    expect(evidence.at(-1)).toMatchObject({ sentence: differs.sentence, data: differs.report });
    await migration.say('retry');
    await migration.reach('deleteSource', 'done');
  });

  it('may be skipped, and is then said to be unverified', async () => {
    const migration = await migrations.start('simpleMirroring', {}, (cluster) =>
      cluster.next('watchParity', differs),
    );
    await migration.reach('parity', 'blocked');
    await migration.say('skip', { by: 'ann', note: 'known' });
    const { says } = await migration.at('parity', 'skipped');
    expect(says).toBe(
      'Skipped by ann: known; the copy is reported as unverified, and the deletion asks about all of it.',
    );
    await migration.reach('deleteSource', 'done');
  });
});

describe('translated offsets', () => {
  it('are handed to the next look, and taken back by an abort', async () => {
    const migration = await migrations.start('simpleMirroring');
    await migration.reach('consumerSwitched', 'waiting');
    const [first, again] = migration.cluster.inputs('translateGroups');
    expect(first).toMatchObject({ groups: ['billing'], ends, translated: [] });
    expect(again).toMatchObject({ groups: ['billing'], translated: [{ group: 'billing' }] });
    await migration.say('abort', { by: 'ann' });
    const { undone } = await migration.outcome();
    expect(undone).toEqual(['offsets of billing', 'topic orders', 'The mirror is removed.']);
    expect(migration.cluster.inputs('undo')).toMatchObject([{ mirrored }]);
  });

  it('of a group that still runs on the source contradict the claim that it was switched', async () => {
    const still = 'billing has 2 members on onprem and 40 records to read there.';
    const migration = await migrations.start('simpleMirroring');
    await migration.reach('consumerSwitched', 'waiting');
    migration.cluster.next('translateGroups', { state: 'contradicted', sentence: still });
    await migration.say('consumerSwitched', { by: 'ann' });
    await migration.until(({ waitingFor }) => waitingFor.startsWith(`Not so: ${still}`));
    expect(migration.cluster.inputs('watchConsumers')).toEqual([]);
    await migration.reach('deleteSource', 'done');
  });

  it('of a group that moved on the source while it runs on the target ask', async () => {
    const back = asks('moved-after-translation:billing', 'billing went on on onprem and runs on aiven.');
    const migration = await migrations.start('simpleMirroring');
    await migration.reach('consumerSwitched', 'waiting');
    migration.cluster.next('translateGroups', { state: 'asks', findings: [back] });
    await migration.say('consumerSwitched', { by: 'ann' });
    await migration.at('consumerSwitched', 'blocked');
    await migration.say('retry', { by: 'ann', override: { reason: 'known' } });
    await migration.reach('deleteSource', 'done');
  });

  it('are none when the file names no group, which is said', async () => {
    const migration = await migrations.start('simpleMirroring', { consumers: [] });
    await migration.reach('consumerSwitched', 'waiting');
    const { says } = await migration.at('translateOffsets', 'done');
    expect(says).toBe('Not verified: the migration file names no consumer group to translate offsets for.');
    expect(migration.cluster.inputs('translateGroups')).toEqual([]);
  });
});
