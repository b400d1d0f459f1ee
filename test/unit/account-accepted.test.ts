import { expect, it } from '@jest/globals';
import { accountOf } from '../../src/account/account-of.js';
import type { Account } from '../../src/account/account.js';
import type { MigrationState } from '../../src/migration/state.js';
import { done, readAt, runOf, shown, time } from './accounts.js';
import { stateAt, the } from './migration-states.js';

type Happenings = Parameters<typeof runOf>[1];

const asks = (key: string) => ({ weight: 'asks' as const, key, sentence: `${key} asks.` });
const checked = (...keys: string[]): Happenings =>
  done('checkPlan', {}, { findings: keys.map(asks), sentence: 'Checked.' });
let said = 0;
const retry = (input: object): Happenings => [
  { what: 'said', id: `retry-${(said += 1)}`, message: 'retry', input, via: 'update', identity: 'cli' },
];
const everything = { by: 'bob', accept: ['*'], note: 'g2 is a test group' };

const { migration } = stateAt('checkPlan', 'active');
const told = (...happenings: Happenings): Account =>
  accountOf(
    { workflowId: 'migrate/orders', runs: [runOf(migration, [shown('checkPlan'), ...happenings])] },
    readAt,
  );
const accepted = ({ findings }: Account) => findings.map(({ key, accepted }) => [key, accepted?.by ?? null]);

it.each([
  ['everything', everything],
  ['what asks, by an override', { by: 'bob', override: { reason: 'a test group' } }],
])('a person who accepts %s accepts what asks then, and nothing that was mended before', (_, input) => {
  const account = told(
    ...checked('records-lost:a'),
    ...retry({ by: 'ann' }),
    ...checked('group-not-in-file:g2'),
    ...retry(input),
  );
  expect(accepted(account)).toEqual([
    ['records-lost:a', null],
    ['group-not-in-file:g2', 'bob'],
  ]);
});

it.each([
  [
    'a finding that does not ask now',
    { by: 'bob', accept: ['records-lost:a', 'group-not-in-file:g2'], note: 'n' },
  ],
  ['without a reason', { by: 'bob', accept: ['group-not-in-file:g2'], note: ' ' }],
])('a person who accepts %s is refused, whole', (_, input) => {
  const account = told(
    ...checked('records-lost:a'),
    ...retry({ by: 'ann' }),
    ...checked('group-not-in-file:g2'),
    ...retry(input),
  );
  expect(accepted(account).map(([, by]) => by)).toEqual([null, null]);
});

it('a person who accepts everything in a later step accepts nothing of an earlier one', () => {
  const account = told(
    ...checked('records-lost:a'),
    ...retry({ by: 'ann', accept: ['records-lost:a'], note: 'a is empty' }),
    shown('copyAcls'),
    ...done(
      'copyAcls',
      {},
      { made: [], findings: [asks('acl-lost:a'), asks('acl-lost:b')], sentence: 'ACLs.' },
    ),
    ...retry(everything),
  );
  expect(accepted(account)).toEqual([
    ['records-lost:a', 'ann'],
    ['acl-lost:a', 'bob'],
    ['acl-lost:b', 'bob'],
  ]);
});

it('what a mirror found beside the steps is accepted when it stands, after what the step asked', () => {
  const mirror: Happenings = [
    { what: 'asked', id: 'mirror', activity: 'mirror', input: {} },
    { what: 'failed', id: 'mirror', type: 'Findings', sentence: 'Lost.', details: [[asks('lost:b')]] },
  ];
  const account = told(...checked('records-lost:a'), ...mirror, ...retry(everything));
  expect(accepted(account)).toEqual([
    ['records-lost:a', 'bob'],
    ['lost:b', null],
  ]);
  const both = told(
    ...checked('records-lost:a'),
    ...mirror,
    ...retry(everything),
    ...retry({ ...everything, by: 'cy' }),
  );
  expect(accepted(both)[1]).toEqual(['lost:b', 'cy']);
});

it('the state of the end says who accepted what, and nothing else does', () => {
  const { migration: file, ...state } = stateAt('checkPlan', 'done');
  const accepted = [{ key: 'group-not-in-file:g2', by: 'bob', reason: 'a test group', at: time(3) }];
  const account = told(
    ...checked('records-lost:a', 'group-not-in-file:g2'),
    ...retry(everything),
    ...done('keepAccount', { migration: file, state: { ...state, accepted } }, {}),
  );
  expect(account.findings.map((one) => one.accepted?.reason)).toEqual([undefined, 'a test group']);
});

it('a problem that stood when a run began is accepted in that run', () => {
  const state: MigrationState = stateAt('checkPlan', 'blocked');
  the(state, 'checkPlan').problem = {
    ...{ type: 'Findings', sentence: 'It asks.', offers: ['retry', 'accept'] },
    findings: [asks('records-lost:a')],
  };
  const { migration: file, ...rest } = state;
  const run = runOf(file, [shown('checkPlan', 'blocked'), ...retry(everything)], { input: [file, rest] });
  const account = accountOf({ workflowId: 'migrate/orders', runs: [run], gone: { runId: 'run-0' } }, readAt);
  expect(accepted(account)).toEqual([['records-lost:a', 'bob']]);
});
