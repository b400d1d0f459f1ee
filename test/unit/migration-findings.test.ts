import { describe, expect, it, test } from '@jest/globals';
import { FerryError, isFerryError } from '../../src/migration/errors.js';
import { standing, toldOnce, withinRoom, type Finding } from '../../src/migration/findings.js';
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

describe('very many findings', () => {
  const many = (weight: Finding['weight'], amount: number): Finding[] =>
    Array.from({ length: amount }, (_, at) => ({ weight, key: `${weight}:${at}`, sentence: '' }));

  test('are shown so many at once, first those that stop a step, and none of these is passed over', () => {
    const all = [...many('notes', 1_000), ...many('asks', 700), ...many('blocks', 2)];
    const accepted: string[] = [];
    const rounds: number[] = [];
    for (;;) {
      const shown = withinRoom(all, accepted);
      expect(shown.length).toBe(301);
      const asked = standing(shown, accepted).filter(({ weight }) => weight === 'asks');
      if (asked.length === 0) break;
      expect(shown[0]?.weight).toBe('blocks');
      rounds.push(asked.length);
      accepted.push(...asked.map(({ key }) => key));
    }
    expect(rounds).toEqual([298, 298, 104]);
    expect(withinRoom(all, []).at(-1)).toEqual({
      weight: 'notes',
      key: 'findings-left-out',
      sentence: '1,402 findings more are not shown; 402 of them stop the step and are asked about next.',
    });
  });

  test('of which there is room for all are left as they are', () => {
    const all = [...many('notes', 200), ...many('asks', 100)];
    expect(withinRoom(all, [])).toEqual(all);
  });
});

it('what several checks could not learn for the same reason is told once, and what asks has its key each', () => {
  const finding = (weight: Finding['weight'], key: string, sentence: string): Finding => ({
    ...{ weight, key, sentence },
  });
  const silent = 'No broker of kafka-a answered.';
  const all = [
    finding('blocks', 'topics-unread', silent),
    finding('asks', 'group:a', 'Accept it.'),
    finding('blocks', 'acls-unread', silent),
    finding('blocks', 'group-unreadable:a', 'User:ferry may not read a.'),
    finding('asks', 'group:b', 'Accept it.'),
    finding('notes', 'holds-unknown:kafka-a', silent),
  ];
  expect(toldOnce(all).map(({ key }) => key)).toEqual([
    ...['topics-unread', 'group:a', 'group-unreadable:a', 'group:b', 'holds-unknown:kafka-a'],
  ]);
});
