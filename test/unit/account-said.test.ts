import { expect, it } from '@jest/globals';
import { accountOf } from '../../src/account/account-of.js';
import type { MigrationState } from '../../src/migration/state.js';
import { done, readAt, runOf, shown, time } from './accounts.js';
import { stateAt } from './migration-states.js';

type Happenings = Parameters<typeof runOf>[1];

const approves = (by: string, topic: string): Happenings => [
  {
    ...{ what: 'said', id: `${by}-${topic}`, message: 'deletionApproved', via: 'signal', identity: 'tctl' },
    input: { by, topic },
  },
];
const refusal = (seconds: number, why: string) => ({ at: time(seconds), message: 'deletionApproved', why });

function toldOf(refused: MigrationState['refused'], ...happenings: Happenings) {
  const { migration, ...state } = stateAt('deletionApproved', 'waiting');
  const run = runOf(migration, [
    shown('deletionApproved', 'waiting'),
    ...happenings,
    ...done('keepAccount', { migration, state: { ...state, refused } }, {}),
  ]);
  const { said } = accountOf({ workflowId: 'migrate/orders', runs: [run] }, readAt);
  return said.map((one) => [one.by, one.refused]);
}

const no = 'zzz is not a topic of this migration';

it('who was refused is told so, and not whoever counted shortly before', () =>
  expect(toldOf([refusal(2, no)], ...approves('ann', 'a'), ...approves('mallory', 'zzz'))).toEqual([
    ['ann', null],
    ['mallory', no],
  ]));

it('who counted is not called refused for what was refused shortly before', () =>
  expect(toldOf([refusal(1, no)], ...approves('mallory', 'zzz'), ...approves('ann', 'a'))).toEqual([
    ['mallory', no],
    ['ann', null],
  ]));

it('those that were looked at in one moment have their reasons in order', () => {
  const refused = [refusal(4, 'one'), refusal(4, 'two')];
  const both = [...approves('ann', 'a'), ...approves('bo', 'yyy'), ...approves('cy', 'zzz')];
  expect(toldOf(refused, ...both)).toEqual([
    ['ann', null],
    ['bo', 'one'],
    ['cy', 'two'],
  ]);
});
