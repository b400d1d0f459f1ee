import { describe, expect, it } from '@jest/globals';
import { nextCommands } from '../../app/cli/next-commands.js';
import { statusLine, statusText, waitsForPerson } from '../../app/cli/status-text.js';
import { parseMigration } from '../../src/migration/file.js';
import { judge } from '../../src/migration/claims.js';
import { newState, stepOf, type MigrationState } from '../../src/migration/state.js';
import { statusOf } from '../../src/migration/status.js';

const startedAt = '2026-03-01T08:00:00.000Z';
const now = new Date('2026-03-01T10:30:00.000Z');

function migrationAt(step: 'producerSwitched' | 'drain' | 'deletionApproved'): MigrationState {
  const { migration } = parseMigration({
    name: 'orders',
    strategy: 'simplestCase',
    source: 'onprem',
    target: 'aiven',
    topics: [{ name: 'orders' }],
    producers: [{ name: 'orders-web' }, { name: "o'brien" }],
    consumers: [{ group: 'billing' }],
  });
  if (!migration) throw new Error('the migration of this test is valid');
  const state = newState(migration, startedAt);
  for (const one of state.steps) {
    if (one.id === step) break;
    Object.assign(one, { status: 'done', startedAt, endedAt: startedAt });
  }
  Object.assign(stepOf(state, step) ?? {}, {
    status: step === 'drain' ? 'active' : 'waiting',
    says: `${step} says`,
  });
  return state;
}

describe('what ferry status shows', () => {
  it('is what is waited for, the steps, and the commands that bring it on', () => {
    const text = statusText(statusOf(migrationAt('producerSwitched')), [], 'http://ui/x', now);
    expect(text).toContain('orders: simplestCase, onprem → aiven, waiting (started 2h30m ago)');
    expect(text).toContain('producerSwitched says');
    expect(text).toMatch(/\[x\] +1\. +Check the plan against both clusters +done +2026-03-01 08:00:00 UTC/);
    expect(text).toMatch(/\[\?\] +\d+\. +Producers write to the target only +waiting/);
    expect(text).toContain('ferry confirm orders producerSwitched --name orders-web');
    expect(text).toContain(`ferry confirm orders producerSwitched --name 'o'\\''brien'`);
    expect(text).toContain('Web UI: http://ui/x');
  });

  it('says what an activity under way saw last', () => {
    const live = [{ says: 'billing lags by 12 records', at: '2026-03-01T10:29:50.000Z' }];
    const status = statusOf(migrationAt('drain'));
    expect(statusText(status, live, undefined, now)).toContain('Now: billing lags by 12 records (10s ago)');
    expect(statusLine(status, live, now)).toBe(
      '2026-03-01T10:30:00.000Z running drain: billing lags by 12 records',
    );
    expect(statusLine(status, [], now)).toBe('2026-03-01T10:30:00.000Z running drain: drain says');
  });

  it('says first why a step is open again, in the text, in a line of a pipe and as JSON', () => {
    const state = migrationAt('producerSwitched');
    const openedAgain = { at: '2026-03-01T10:00:00.000Z', why: '9 records came to orders/0.' };
    Object.assign(stepOf(state, 'producerSwitched') ?? {}, { openedAgain });
    const status = statusOf(state);
    expect(status.openedAgain).toEqual({ step: 'producerSwitched', ...openedAgain });
    const text = statusText(status, [], undefined, now);
    expect(text.split('\n\n')[2]).toBe(
      'Open again since 2026-03-01 10:00:00 UTC: 9 records came to orders/0.',
    );
    expect(text).toContain('waiting (open again)');
    expect(statusLine(status, [], now)).toMatch(/ \(open again: 9 records came to orders\/0\.\)$/);
  });

  it('names a claim that is being checked', () => {
    const state = migrationAt('producerSwitched');
    judge(state, 'producerSwitched', { name: 'orders-web', by: 'ann' }, startedAt).apply?.();
    expect(statusText(statusOf(state), [], undefined, now)).toContain('waiting (said: orders-web)');
  });

  it('names the findings of a blocked step and offers what it offers', () => {
    const state = migrationAt('drain');
    Object.assign(stepOf(state, 'drain') ?? {}, {
      status: 'blocked',
      problem: {
        type: 'Findings',
        sentence: 'A check asks.',
        findings: [
          { weight: 'asks', key: 'no-commit:audit:orders', sentence: 'audit has committed nothing.' },
        ],
        offers: ['accept', 'abort'],
      },
    });
    const text = statusText(statusOf(state), [], undefined, now);
    expect(text).toContain('A check asks.\n\n  - audit has committed nothing.');
    expect(text).toContain('ferry retry orders --accept no-commit:audit:orders --note "why it may go on"');
    expect(text).toContain('ferry abort orders');
  });
});

describe('what waits for a person', () => {
  it('is a human step, a block and a pause, not a drain or an end', () => {
    const paused = migrationAt('drain');
    paused.paused = { at: startedAt };
    const ended = migrationAt('drain');
    ended.outcome = { result: 'done', at: startedAt, sentence: 'moved' };
    expect(waitsForPerson(statusOf(migrationAt('producerSwitched')))).toBe(true);
    expect(waitsForPerson(statusOf(paused))).toBe(true);
    expect(waitsForPerson(statusOf(migrationAt('drain')))).toBe(false);
    expect(waitsForPerson(statusOf(ended))).toBe(false);
  });
});

describe('the command for a deletion', () => {
  it('names the topic', () => {
    expect(nextCommands('orders', statusOf(migrationAt('deletionApproved')).next)[0]).toContain(
      'ferry approve orders --delete orders',
    );
  });
});
