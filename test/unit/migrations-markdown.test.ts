import { expect, it } from '@jest/globals';
import { accountOf } from '../../src/account/account-of.js';
import { writtenAs } from '../../src/report/account/written.js';
import { readAt, runOf, shown } from './accounts.js';
import { migrationOf } from './migration-states.js';

it('nothing in the migration file turns the direction in which a ticket is read, and the file is the same', () => {
  const description = 'for ann\u202eyb devorppa\u2066';
  const run = runOf(migrationOf({ description }), [shown('checkPlan')]);
  const text = writtenAs('md', [accountOf({ workflowId: 'migrate/orders', runs: [run] }, readAt)]);
  expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  const [, file = ''] = /```json\n([^]*?)\n```/.exec(text) ?? [];
  expect(JSON.parse(file)).toMatchObject({ description });
});
