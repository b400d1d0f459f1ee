import { expect, it } from '@jest/globals';
import { FerryError, isFerryError } from '../../src/migration/errors.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { offsetAt, partitionsOf } from '../../src/migration/offsets.js';
import { watchQueue } from '../../src/migration/queues.js';
import { migrationName, workflowId } from '../../src/migration/messages.js';

const findings: Finding[] = [
  { weight: 'blocks', key: 'missing-topic:orders', sentence: 'orders is not on onprem.' },
  { weight: 'asks', key: 'group-not-in-file:audit', sentence: 'audit reads orders too.' },
  { weight: 'notes', key: 'empty:orders', sentence: 'orders is empty.' },
];

it('findings stand that block, whoever accepted them, and those that ask and nobody accepted', () => {
  expect(standing(findings, [])).toEqual(findings.slice(0, 2));
  expect(
    standing(
      findings,
      findings.map(({ key }) => key),
    ),
  ).toEqual(findings.slice(0, 1));
  expect(standing(findings, ['group-not-in-file:billing'])).toEqual(findings.slice(0, 2));
});

it('offsets stay exact beyond what a JSON number can hold', () => {
  const table = { orders: ['9007199254740993', '0'] };
  expect(offsetAt(table, 'orders', 0)).toBe(9007199254740993n);
  expect(offsetAt(table, 'orders', 2)).toBeUndefined();
  expect(offsetAt(table, 'refunds', 0)).toBeUndefined();
  expect(partitionsOf(table)).toEqual([
    { topic: 'orders', partition: 0, offset: 9007199254740993n },
    { topic: 'orders', partition: 1, offset: 0n },
  ]);
});

it('a failure of the ferry is told from others by its name, across module boundaries', () => {
  const error = new FerryError('Conflict', 'orders has fewer partitions.', { cause: new Error('raw') });
  expect(isFerryError(error)).toBe(true);
  expect(error).toMatchObject({ type: 'Conflict', message: 'orders has fewer partitions.' });
  expect(isFerryError(new Error('other'))).toBe(false);
  expect(isFerryError({ name: 'FerryError', type: 'Conflict' })).toBe(false);
});

it('a migration is one workflow id, and its watches have their own queue', () => {
  expect(workflowId('orders')).toBe('migrate/orders');
  expect(migrationName('migrate/orders')).toBe('orders');
  expect(watchQueue('ferries')).toBe('ferries-watch');
});
