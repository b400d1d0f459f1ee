import { expect, it } from '@jest/globals';
import { accountOf } from '../../src/account/account-of.js';
import type { Account } from '../../src/account/account.js';
import { pack } from '../../src/migration/packed.js';
import { writtenAs } from '../../src/report/account/written.js';
import { done, readAt, runOf, shown } from './accounts.js';
import { stateAt } from './migration-states.js';

type Happenings = Parameters<typeof runOf>[1];

const read = (topic: string) => `allow User:${topic}-app read from *`;
const of = (topic: string, acls: string[] = [read(topic)]) => ({
  ...{ topic, topicId: `id-${topic}`, partitions: 1, replicationFactor: 3 },
  ...{ highWatermarks: pack([7n]), config: { 'retention.ms': '-1' }, acls },
});
const checked = (...manifest: object[]): Happenings =>
  done('finalCheck', {}, { findings: [], manifest, sentence: 'Nothing was written.' });
const listed = { acls: ['a', 'b'].map((topic) => ({ topic, acls: [read(topic)] })) };
const asked = (answer: object): Happenings => done('deleteSource', listed, answer);
const failed: Happenings = [
  { what: 'asked', id: 'lost', activity: 'deleteSource', input: listed },
  { what: 'failed', id: 'lost', type: 'Unreachable', sentence: 'No answer.', details: [] },
];

function told(...happenings: Happenings): Account {
  const { migration } = stateAt('deletionApproved', 'active', { topics: [{ name: 'a' }, { name: 'b' }] });
  const run = runOf(migration, [
    shown('deletionApproved'),
    ...checked(of('a'), of('b')),
    shown('deleteSource'),
    ...happenings,
  ]);
  return accountOf({ workflowId: 'migrate/shop', runs: [run] }, readAt);
}

const aclsOf = ({ deletion }: Account) => deletion?.topics.map(({ topic, acls }) => [topic, acls]);
const whole = [
  ['a', [read('a')]],
  ['b', [read('b')]],
];

it('has what was deleted before a failure, of which the checks after it see no more', () => {
  const account = told(
    ...failed,
    ...checked(of('b')),
    ...asked({ sentence: 'Deleted 2 topics, 1 ACL.', acls: [{ topic: 'b', acls: [read('b')] }] }),
  );
  expect(account.deletion?.topics).toEqual(
    ['a', 'b'].map((topic) => ({ ...of(topic), highWatermarks: ['7'] })),
  );
  expect(account.deletion?.sentence).toContain('this counts the last time alone');
});

it('has the ACLs that went before a failure, and none that was not to go', () => {
  const late = 'allow User:late read from *';
  const account = told(
    ...checked(of('a', [read('a'), late]), of('b')),
    ...failed,
    ...checked(of('b', [])),
    ...asked({ sentence: 'Deleted 2 topics, 0 ACLs.', acls: [] }),
  );
  expect(aclsOf(account)).toEqual(whole);
  expect(writtenAs('md', [account])).not.toContain('There were no ACLs');
});

it('has the ACLs of every answer, where the deletion was asked for again since topics were seen once more', () => {
  const first = asked({ sentence: 'Deleted 2 topics, 2 ACLs.', acls: listed.acls });
  expect(aclsOf(told(...first, ...asked({ sentence: 'Deleted 2 topics, 0 ACLs.', acls: [] })))).toEqual(
    whole,
  );
});

it('has no ACL that was gone by itself before the deletion, where that was asked for once', () => {
  const account = told(...asked({ sentence: 'Deleted 2 topics, 1 ACL.', acls: listed.acls.slice(0, 1) }));
  expect(aclsOf(account)).toEqual([
    ['a', [read('a')]],
    ['b', []],
  ]);
  expect(account.deletion?.sentence).toBe('Deleted 2 topics, 1 ACL.');
});

it('has all ACLs that were made on the target, where some were refused at first', () => {
  const acl = {
    resourceType: 'topic',
    patternType: 'literal',
    host: '*',
    operation: 'read',
    permission: 'allow',
  };
  const made = (principal: string) => [{ ...acl, resourceName: 'a', principal }];
  const account = told(
    ...done('copyAcls', {}, { made: made('User:one'), findings: [], sentence: '1 ACL.' }),
    ...done('copyAcls', {}, { made: made('User:two'), findings: [], sentence: '1 ACL.' }),
  );
  expect(account.made.acls.map(({ principal }) => principal)).toEqual(['User:one', 'User:two']);
});

const outOfHours = { sentence: 'Nothing was deleted: the hours are over.', begun: false, closed: true };

it('that came after its hours deleted nothing, and later ones what they say', () => {
  const account = told(...asked(outOfHours));
  expect(account.deletion).toMatchObject({ at: null, begun: false });
  expect(writtenAs('md', [account])).toContain('Nothing was deleted: this is what was checked for it');
  const later = told(...asked(outOfHours), ...asked({ sentence: 'Deleted.', acls: [] })).deletion;
  expect(later).toMatchObject({ begun: true, sentence: 'Deleted.', topics: [{ acls: [] }, { acls: [] }] });
});

it('that came to its end after its hours may have deleted something before', () => {
  const { deletion } = told(...failed, ...asked({ ...outOfHours, begun: true }));
  expect(deletion).toMatchObject({ at: null, begun: true });
});
