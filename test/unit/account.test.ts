import { describe, expect, it } from '@jest/globals';
import { accountOf } from '../../src/account/account-of.js';
import { newState } from '../../src/migration/state.js';
import { parseMigration } from '../../src/migration/file.js';
import { offsetTable } from '../../src/migration/offsets.js';
import { pack } from '../../src/migration/packed.js';
import { packAcls } from '../../src/migration/packed-acls.js';
import { packTranslated } from '../../src/migration/translated.js';
import { writtenAs } from '../../src/report/account/written.js';
import { done, readAt, recordedAccount, recordedRun, runOf, shown, time } from './accounts.js';

const file = {
  name: 'orders',
  strategy: 'simpleMirroring',
  source: 'onprem',
  target: 'aiven',
  topics: [{ name: '__proto__' }, { name: 'orders', newName: 'orders-v2' }],
  producers: [{ name: 'web' }],
  consumers: [{ group: 'billing' }, { group: 'audit', topics: ['orders'], newGroup: 'audit-2' }],
} as const;
const { migration } = parseMigration(structuredClone(file));
if (!migration) throw new Error('not a migration file');
const account = (...runs: Parameters<typeof runOf>[]) =>
  accountOf({ workflowId: 'migrate/orders', runs: runs.map((run) => runOf(...run)) }, readAt);

describe('from histories that were recorded of a real Temporal server', () => {
  it('says who said what in which step, what was answered, and what did not count', async () => {
    const { said, steps, findings, state } = await recordedAccount('simpleMirroring-mended');
    expect(state).toBe('done');
    expect(said[0]).toMatchObject({
      ...{ message: 'retry', via: 'update', by: 'ann', override: 'audit stays', step: 'checkPlan' },
      reply: 'accepted by ann; tries checkPlan again',
    });
    expect(said.filter(({ refused }) => refused !== null)).toEqual([
      expect.objectContaining({
        message: 'producerSwiched',
        via: 'signal',
        refused: 'there is no such message',
      }),
    ]);
    expect(findings).toEqual([
      expect.objectContaining({
        ...{ key: 'group-not-in-file:audit', weight: 'asks', step: 'checkPlan' },
        accepted: expect.objectContaining({ by: 'ann', reason: 'audit stays' }) as object,
      }),
    ]);
    expect(steps.find(({ id }) => id === 'copyAcls')).toMatchObject({
      ...{ status: 'skipped', says: 'User:ferry may not alter ACLs.' },
    });
    expect(steps.find(({ id }) => id === 'producerStopped')).toMatchObject({
      status: 'done',
      parts: [{ name: 'orders-web', by: 'you', verified: true, override: null }],
      measured: [{ sentence: 'It is not so.' }, { sentence: 'Quiet for 150s.' }],
    });
  });

  it.each(['simplestCase', 'doubleProducer', 'doubleConsumers', 'simpleMirroring', 'advancedMirroring'])(
    'of %s has every step closed that was read to its end, in order, and what is gone',
    async (strategy) => {
      const { steps, phases, deletion, runs, gone } = await recordedAccount(`${strategy}-straight`);
      expect(steps.filter(({ status }) => status !== 'done' && status !== 'skipped')).toEqual([]);
      const times = steps.flatMap(({ startedAt, endedAt }) =>
        startedAt && endedAt ? [startedAt, endedAt] : [],
      );
      expect(times).toEqual(times.toSorted());
      expect(phases.length).toBeGreaterThan(5);
      expect(phases.every(({ from, to }) => from < to)).toBe(true);
      expect(deletion?.topics.map(({ topic, highWatermarks }) => [topic, highWatermarks])).toEqual([
        ['orders', ['120', '120']],
        ['refunds', ['120', '120']],
      ]);
      expect(deletion?.at).not.toBeNull();
      expect(runs).toHaveLength(1);
      expect(gone).toEqual([]);
    },
  );

  it('says that runs are gone, and what went along from them', async () => {
    const { gone, steps, startedAt, runs, deletion, findings } =
      await recordedAccount('simpleMirroring-continued');
    expect(gone).toEqual([expect.stringContaining('are gone from Temporal')]);
    expect(startedAt < (runs[0]?.startedAt ?? '')).toBe(true);
    // A step that was closed in a run that is gone has what it kept.
    const early = steps.find(({ id }) => id === 'createTopics');
    expect(early).toMatchObject({ status: 'done', measured: [{ sentence: 'Topics created.' }] });
    expect((early?.endedAt ?? '') < (runs[0]?.startedAt ?? '')).toBe(true);
    expect(deletion?.topics).toHaveLength(1);
    expect(findings.every(({ accepted }) => accepted === null)).toBe(true);
  });

  it('of an aborted one has what was taken back, and no step that is still open', async () => {
    const { state, outcome, steps, endedAt } = await recordedAccount('simpleMirroring-stopped');
    expect(state).toBe('aborted');
    expect(outcome?.undone).toContain('topic orders');
    expect(endedAt).toBe(outcome?.at);
    expect(steps.at(-1)).toMatchObject({ id: 'undo', status: 'done' });
    expect(steps.filter(({ status }) => ['active', 'waiting', 'blocked'].includes(status))).toEqual([]);
  });
});

describe('from what happened', () => {
  const rows = (topic: string, ...offsets: bigint[]) =>
    offsets.map((offset, partition) => ({ topic, partition, offset }));

  it('has offsets before and after by group and partition, whatever a topic is called', () => {
    const translated = packTranslated(
      migration,
      ['billing', 'audit'].map((group) => ({
        group,
        partitions: (group === 'billing' ? ['__proto__', 'orders'] : ['orders']).map((topic) => ({
          ...{ topic, partition: 0, source: group === 'billing' ? '7' : null, target: '5' },
          certainty: 'exact' as const,
        })),
      })),
    );
    const ends = offsetTable<'source'>([...rows('__proto__', 9n), ...rows('orders', 10n, 11n)]);
    const mirrored = offsetTable<'target'>([...rows('__proto__', 8n), ...rows('orders-v2', 6n)]);
    const told = account([
      file,
      [
        shown('producerStopped'),
        ...done('watchQuiet', { migration }, { state: 'quiet', ends, sentence: 'Quiet.' }),
        shown('catchUp'),
        ...done('watchMirror', { migration, to: ends }, { state: 'caught-up', mirrored, sentence: 'There.' }),
        shown('translateOffsets'),
        ...done(
          'translateGroups',
          { migration },
          { state: 'translated', translated, sentence: 'Translated.' },
        ),
      ],
    ]);
    expect(told.ends).toEqual([
      { topic: '__proto__', partition: 0, source: '9', target: '8' },
      { topic: 'orders', partition: 0, source: '10', target: '6' },
      { topic: 'orders', partition: 1, source: '11', target: null },
    ]);
    expect(told.offsets).toEqual([
      {
        ...{ group: 'billing', onTarget: 'billing', how: 'translated' },
        partitions: [
          {
            topic: '__proto__',
            onTarget: '__proto__',
            partition: 0,
            before: '7',
            after: '5',
            certainty: 'exact',
          },
          {
            topic: 'orders',
            onTarget: 'orders-v2',
            partition: 0,
            before: '7',
            after: '5',
            certainty: 'exact',
          },
        ],
      },
      {
        ...{ group: 'audit', onTarget: 'audit-2', how: 'translated' },
        partitions: [
          {
            topic: 'orders',
            onTarget: 'orders-v2',
            partition: 0,
            before: null,
            after: '5',
            certainty: 'exact',
          },
        ],
      },
    ]);
    expect(told.state).toBe('running');
    expect(told.steps.find(({ id }) => id === 'translateOffsets')?.status).toBe('active');
  });

  it('has what was deleted whole, with the ACLs that went and the parity with its hashes', () => {
    const report = { records: '12', bytes: '340', unverifiable: [], differences: [] };
    const manifest = [
      {
        ...{ topic: 'orders', topicId: 'abc', partitions: 2, replicationFactor: 3 },
        ...{ highWatermarks: pack([12n, 2n ** 60n]), config: { 'retention.ms': '-1' } },
        acls: ['allow User:web write from *', 'allow User:gone read from *'],
      },
    ];
    const made = packAcls(['orders-v2'], []);
    const told = account([
      file,
      [
        shown('copyAcls'),
        ...done('copyAcls', {}, { made, findings: [], sentence: 'No ACL.' }),
        shown('parity'),
        ...done(
          'watchParity',
          {},
          { state: 'equal', report, sentence: 'Equal.', data: { hashes: { orders: 'f00' } } },
        ),
        shown('deletionApproved'),
        ...done('finalCheck', {}, { findings: [], manifest, sentence: 'Nothing was written.' }),
        shown('deleteSource'),
        ...done(
          'deleteSource',
          {},
          {
            sentence: 'Deleted 1 topic.',
            acls: [{ topic: 'orders', acls: ['allow User:web write from *'] }],
          },
        ),
        ...done('watchDeleted', {}, { state: 'gone', recreated: ['orders'], sentence: 'Gone.' }),
      ],
    ]);
    expect(told.parity).toMatchObject({
      ...{ verdict: 'equal', records: '12', hashes: [{ topic: 'orders', sha256: 'f00' }] },
    });
    expect(told.deletion?.topics).toEqual([
      {
        ...{ topic: 'orders', topicId: 'abc', partitions: 2, replicationFactor: 3 },
        ...{ highWatermarks: ['12', String(2n ** 60n)], config: { 'retention.ms': '-1' } },
        acls: ['allow User:web write from *'],
      },
    ]);
    expect(told.deletion?.recreated).toEqual(['orders']);
  });

  it('tells a deletion that found the source grown from one that happened', () => {
    const findings = [{ weight: 'asks', key: 'grew:orders', sentence: 'orders grew.' }];
    const manifest = [{ topic: 'orders', topicId: null, partitions: 1, highWatermarks: ['3'], config: {} }];
    const told = account([
      file,
      [
        shown('deletionApproved'),
        ...done('finalCheck', {}, { findings: [], manifest, sentence: 'Nothing.' }),
        shown('deleteSource'),
        ...done('deleteSource', {}, { findings, sentence: 'Nothing was deleted.' }),
      ],
    ]);
    expect(told.deletion?.at).toBeNull();
  });

  it('goes by the state that the end has left in history, before anything that it would work out itself', () => {
    const state = newState(migration, time(0));
    const [step] = state.steps;
    if (!step) throw new Error('no step');
    Object.assign(step, { status: 'done', unverified: 'overridden', says: 'Went on.', startedAt: time(1) });
    step.evidence = [{ at: time(2), sentence: 'Kept.', unverified: 'overridden' }];
    state.outcome = { result: 'done', at: time(9), sentence: 'Moved.', unverified: ['All of it.'] };
    const { migration: _, ...rest } = state;
    const told = account([file, [...done('keepAccount', { migration, state: rest }, {})]]);
    expect(told).toMatchObject({
      ...{ state: 'done', endedAt: time(9), unverified: ['All of it.'] },
    });
    expect(told.steps[0]).toMatchObject({ unverified: 'overridden', says: 'Went on.' });
  });

  it('says when it was paused, by whom, and who let it go on', () => {
    const say = (message: string, by: string) =>
      ({
        what: 'said',
        id: message,
        message,
        input: { by, note: 'freeze' },
        via: 'update',
        identity: 'cli',
      }) as const;
    const { pauses } = account([
      file,
      [
        shown('catchUp'),
        say('pause', 'ann'),
        shown('catchUp', 'paused'),
        say('resume', 'bo'),
        say('pause', 'cy'),
      ],
    ]);
    expect(pauses).toEqual([
      { from: time(1), to: time(3), by: 'ann', note: 'freeze', resumedBy: 'bo' },
      { from: time(4), to: null, by: 'cy', note: 'freeze', resumedBy: null },
    ]);
  });

  it('has the whole pause of a person in a freeze, which goes on when a person says so', () => {
    const by = (message: string, by: string) =>
      ({ what: 'said', id: message, message, input: { by }, via: 'signal', identity: 'cli' }) as const;
    const [pause, resume] = ['pause', 'resume'];
    const pausesIn = (...said: ReturnType<typeof by>[]) =>
      account([file, said]).pauses.map(({ from, to, by, resumedBy }) => [by, from, to, resumedBy]);
    const fleet = 'fleet/shop';
    expect(pausesIn(by(pause, fleet), by(pause, 'ann'), by(resume, fleet), by(resume, 'ann'))).toEqual([
      [fleet, time(0), time(1), null],
      ['ann', time(1), time(3), 'ann'],
    ]);
    expect(
      pausesIn(by(pause, 'ann'), by(pause, fleet), by(resume, fleet), by(pause, 'bo'), by(resume, 'cy')),
    ).toEqual([['ann', time(0), time(4), 'cy']]);
    expect(pausesIn(by(pause, fleet), by(resume, 'fleet/other'), by(resume, fleet))).toEqual([
      [fleet, time(0), time(2), fleet],
    ]);
    expect(pausesIn(by(pause, fleet), by(resume, 'ann'))).toEqual([[fleet, time(0), time(1), 'ann']]);
  });

  it.each([
    ['nothing', undefined],
    ['text', 'text'],
    ['answers of nobody', { state: 5, findings: 'many', manifest: [3], translated: [null], made: 7 }],
  ])('is not led astray by %s for an answer', (_, answer) => {
    const activities = [
      'checkPlan',
      'createTopics',
      'copyAcls',
      'translateGroups',
      'watchParity',
      'finalCheck',
      'undo',
    ];
    const told = account([
      file,
      [shown('checkPlan'), ...activities.flatMap((name) => done(name, null, answer))],
    ]);
    expect(told).toMatchObject({ findings: [], offsets: [], parity: null, deletion: null });
  });

  it('refuses what was not started with a migration', () => {
    expect(() => account([{ some: 'file' }, []])).toThrow(/no migration file that this ferry can read/);
  });

  it('says how a run ended that could say nothing itself', async () => {
    const { runs } = await recordedRun('simpleMirroring-straight');
    const [run] = runs;
    if (!run) throw new Error('no run');
    const end = { at: time(0), how: 'terminated' as const, sentence: 'by hand' };
    const told = accountOf({ workflowId: 'migrate/x', runs: [{ ...run, end }] }, readAt);
    expect(told).toMatchObject({ state: 'terminated', outcome: null, endedAt: time(0) });
    expect(told.endedBecause).toBe('by hand');
    expect(writtenAs('md', [told])).toContain('Temporal says why: by hand');
  });
});
