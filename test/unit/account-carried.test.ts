import { describe, expect, it } from '@jest/globals';
import { accountOf } from '../../src/account/account-of.js';
import type { Account } from '../../src/account/account.js';
import { inColumns } from '../../src/migration/columns.js';
import { addEvidence } from '../../src/migration/evidence.js';
import type { MigrationState, Step } from '../../src/migration/state.js';
import type { StepId } from '../../src/migration/strategies.js';
import type { ParityReport } from '../../src/migration/work/parity.js';
import { writtenAs } from '../../src/report/account/written.js';
import { done, readAt, runOf, shown, time } from './accounts.js';
import { stateAt, the } from './migration-states.js';

const stateIn = (id: StepId) => stateAt(id, 'active', { strategy: 'simpleMirroring' });

/** Of a run that went on from one that Temporal has no longer. */
function wentOn(state: MigrationState, happenings: Parameters<typeof runOf>[1] = []): Account {
  const { migration, ...rest } = state;
  const run = runOf(migration, happenings, { input: [migration, inColumns(rest)] });
  return accountOf({ workflowId: 'migrate/orders', runs: [run], gone: { runId: 'run-0' } }, readAt);
}

const text = (account: Account) => writtenAs('md', [account]).replaceAll('\\', '');

describe('the comparison that a run which is gone has handed on', () => {
  const range = { topic: 'orders', partition: 0, from: '0', to: '9', why: 'compacted' };
  const difference = { topic: 'orders', partition: 1, source: '4', target: null, what: 'not there' };
  const compared = (report: Partial<ParityReport>, step: Partial<Step> = {}): Account => {
    const state = stateIn('parity');
    addEvidence(the(state, 'parity'), {
      ...{ at: time(0), sentence: 'Compared.' },
      data: { records: '12', bytes: '340', unverifiable: [], differences: [], ...report },
    });
    Object.assign(the(state, 'parity'), step);
    return wentOn(state);
  };

  it.each([
    ['equal', {}, { status: 'done' }],
    // Blocked by what is no difference, such as a target that cannot be reached.
    ['equal', {}, { status: 'blocked' }],
    ['not-proved', { unverifiable: [range] }, { status: 'blocked' }],
    ['not-proved', {}, { status: 'done', unverified: 'not-measured' }],
    ['differs', { differences: [difference] }, { status: 'skipped', unverified: 'not-measured' }],
    ['differs', { differences: [difference] }, { status: 'pending' }],
  ] as const)('is %s by what was found: %j, however the step stands: %j', (verdict, report, step) => {
    const found = { ...report } as Partial<ParityReport>;
    expect(compared(found, step).parity).toMatchObject({ verdict, records: '12', leftOut: 0, ...report });
  });

  it('has the first that differ, and says how many more there were', () => {
    const many = Array.from({ length: 33 }, (_, index) => ({ ...difference, source: String(index) }));
    const account = compared({ differences: many, unverifiable: [range] });
    expect(account.parity).toMatchObject({ verdict: 'differs', unverifiable: [range], leftOut: 13 });
    expect(account.parity?.differences).toEqual(many.slice(0, 20));
    expect(text(account)).toContain('And 13 more that are not kept');
  });

  it('counts what it cannot read as not kept, and calls it neither equal nor nothing', () => {
    const { parity } = compared({
      unverifiable: [{ topic: 'orders' }, range] as ParityReport['unverifiable'],
    });
    expect(parity).toMatchObject({ verdict: 'not-proved', unverifiable: [range], leftOut: 1 });
  });
});

describe('a deletion', () => {
  const manifest = [{ topic: 'orders', topicId: null, partitions: 1, highWatermarks: ['3'], config: {} }];
  const checked = [
    shown('deletionApproved'),
    ...done('finalCheck', {}, { findings: [], manifest, sentence: 'Nothing was written.' }),
    shown('deleteSource'),
  ];
  const asked = { what: 'asked', id: 'delete', activity: 'deleteSource', input: {} } as const;
  const findings = [{ weight: 'asks', key: 'grew:orders', sentence: 'orders grew.' }];
  const toldOf = (...more: Parameters<typeof runOf>[1]): Account => {
    const state = stateIn('deletionApproved');
    const run = runOf(state.migration, [...checked, ...more]);
    return accountOf({ workflowId: 'migrate/orders', runs: [run] }, readAt);
  };

  it('was not begun before it was asked for', () => {
    const account = toldOf();
    expect(account.deletion).toMatchObject({ at: null, begun: false });
    expect(text(account)).toContain('Nothing was deleted: this is what was checked for it on onprem.');
  });

  it.each<[string, Parameters<typeof runOf>[1]]>([
    ['nobody has answered', []],
    [
      'it failed on the way',
      [{ what: 'failed', id: 'delete', type: 'Unreachable', sentence: 'No answer.', details: [] }],
    ],
    [
      'some was gone when more was found',
      [{ what: 'answered', id: 'delete', answer: { sentence: 'One is gone.', findings, begun: true } }],
    ],
  ])('may have happened where %s', (_, more) => {
    const account = toldOf(asked, ...more);
    expect(account.deletion).toMatchObject({ at: null, begun: true, topics: [{ topic: 'orders' }] });
    expect(text(account)).toContain('topics may be gone from onprem');
    expect(text(account)).not.toContain('Nothing was deleted');
  });

  it('did not happen where it says so', () => {
    const answer = { sentence: 'Nothing was deleted.', findings, begun: false };
    expect(toldOf(asked, { what: 'answered', id: 'delete', answer }).deletion).toMatchObject({
      ...{ at: null, begun: false },
    });
  });

  it('that was begun in a run that is gone is told without what there was, where that is not kept', () => {
    const state = stateIn('deleteSource');
    state.facts.deletingSince = time(0);
    const account = wentOn(state);
    expect(account.deletion).toMatchObject({ at: null, begun: true, topics: [] });
    expect(text(account)).toContain('What there was of the topics is not kept.');
    expect(writtenAs('md', [account, account])).toMatch(/^\|.*\| not known \|$/m);
  });

  it('tells ACLs that are not kept from there being none', () => {
    expect(toldOf().deletion?.topics[0]?.acls).toBeNull();
    expect(text(toldOf())).toContain('Its ACLs are not kept.');
    const none = [{ ...manifest[0], acls: [] }];
    const account = toldOf(...done('finalCheck', {}, { findings: [], manifest: none, sentence: 'Nothing.' }));
    expect(account.deletion?.topics[0]?.acls).toEqual([]);
    expect(text(account)).toContain('There were no ACLs for exactly this topic.');
  });
});

describe('of runs that are gone', () => {
  it('a pause in which the next began is told from its beginning', () => {
    const state = stateIn('catchUp');
    state.paused = { at: time(-60), by: 'ann', note: 'freeze' };
    const resume = { what: 'said', id: 'resume', message: 'resume', input: { by: 'bo' } } as const;
    const account = wentOn(state, [
      shown('catchUp', 'paused'),
      { ...resume, via: 'update', identity: 'cli' },
    ]);
    expect(account.pauses).toEqual([
      { from: time(-60), to: time(1), by: 'ann', note: 'freeze', resumedBy: 'bo' },
    ]);
    expect(text(account)).toContain('Paused: at least 1m1s');
  });

  it('no pause and no finding is not said of them', () => {
    const account = wentOn(stateIn('catchUp'), [shown('catchUp')]);
    expect(text(account)).toContain('Whether it was paused in the runs that are gone is not known.');
    expect(text(account)).not.toContain('It was never paused.');
    expect(text(account)).toContain('No check found anything that Temporal still has.');
    expect(text(account)).toContain('Paused: not known');
  });
});

describe('what was not verified', () => {
  it('of a migration that runs is told of the steps that its state has, and no more is claimed', () => {
    const state = stateIn('catchUp');
    const account = wentOn(state, [shown('catchUp')]);
    expect(account.unverified).toEqual([]);
    expect(text(account)).toContain('known of all of them at the end alone');
    expect(text(account)).not.toContain('Every step was measured');
    expect(text(account)).toContain('Steps not verified: not known');
    Object.assign(the(state, 'createTopics'), { unverified: 'not-measured', says: 'Nobody looked.' });
    const open = wentOn(state, [shown('catchUp')]);
    expect(open.unverified).toEqual([expect.stringContaining('Nobody looked.')]);
    expect(text(open)).toContain('Steps not verified: at least 1');
  });

  it('of one that was terminated is not known of all its steps', () => {
    const { migration } = stateIn('catchUp');
    const end = { at: time(9), how: 'terminated' as const };
    const run = runOf(migration, [shown('catchUp')], { end });
    const account = accountOf({ workflowId: 'migrate/orders', runs: [run] }, readAt);
    expect(text(account)).toContain('It ended without saying which steps lack their measurement');
    expect(text(account)).not.toContain('No step that was closed lacks its measurement.');
  });

  it('of one that was aborted is told from the state that it ended with', () => {
    const state = stateIn('catchUp');
    Object.assign(the(state, 'createTopics'), { unverified: 'not-measured', says: 'Nobody looked.' });
    state.outcome = { result: 'aborted', at: time(9), sentence: 'Taken back.' };
    const { migration, ...rest } = state;
    const run = runOf(migration, done('keepAccount', { migration, state: rest }, {}));
    const account = accountOf({ workflowId: 'migrate/orders', runs: [run] }, readAt);
    expect(account.unverified).toEqual([expect.stringContaining('Nobody looked.')]);
    expect(text(account)).toContain('Steps not verified: 1');
  });
});
