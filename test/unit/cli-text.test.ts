import { describe, expect, it } from '@jest/globals';
import { nextCommands } from '../../app/cli/next-commands.js';
import { statusLine, statusLines, waitsForPerson } from '../../app/cli/status-text.js';
import { parseMigration } from '../../src/migration/file.js';
import { judge } from '../../src/migration/claims.js';
import { newState, stepOf, type MigrationState } from '../../src/migration/state.js';
import { statusOf, type Status } from '../../src/migration/status.js';
import { bar } from '../../app/cli/bar.js';
import { paint } from '../../app/cli/terminal.js';
import { sayTrouble, together, troubleOf } from '../../app/cli/troubles.js';
import type { Live } from '../../app/cli/live.js';

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

const statusText = (
  status: Status,
  live: readonly Live[],
  link: string | undefined,
  at: Date,
  width?: number,
) =>
  statusLines(status, { live, troubles: [], link }, at, width)
    .map(({ text }) => text)
    .join('\n');

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

  it('is also who could not be told, and why', () => {
    const state = migrationAt('drain');
    state.untold = [{ at: startedAt, why: 'board was not told: it answered 500.' }];
    const text = statusText(statusOf(state), [], undefined, now);
    expect(text).toMatch(/Not told:\n.*2026-03-01 08:00:00.* board was not told: it answered 500\./);
  });

  it('says what an activity under way saw last', () => {
    const live = [{ says: 'billing lags by 12 records', at: '2026-03-01T10:29:50.000Z' }];
    const status = statusOf(migrationAt('drain'));
    expect(statusText(status, live, undefined, now)).toContain('Now: billing lags by 12 records (10s ago)');
    expect(statusLine(status, { live, troubles: [] }, now)).toBe(
      '2026-03-01T10:30:00.000Z running drain: billing lags by 12 records',
    );
    expect(statusLine(status, { live: [], troubles: [] }, now)).toBe(
      '2026-03-01T10:30:00.000Z running drain: drain says',
    );
  });

  it('says first why a step is open again, in the text, in a line of a pipe and as JSON', () => {
    const state = migrationAt('producerSwitched');
    const openedAgain = { at: '2026-03-01T10:00:00.000Z', why: '9 records came to orders/0.' };
    Object.assign(stepOf(state, 'producerSwitched') ?? {}, { openedAgain });
    const status = statusOf(state);
    expect(status.openedAgain).toEqual({ step: 'producerSwitched', ...openedAgain });
    const text = statusText(status, [], undefined, now);
    expect(text.split('\n')[3]).toBe('Open again since 2026-03-01 10:00:00 UTC: 9 records came to orders/0.');
    expect(text).toContain('waiting (open again)');
    expect(statusLine(status, { live: [], troubles: [] }, now)).toMatch(
      / \(open again: 9 records came to orders\/0\.\)$/,
    );
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
    expect(text).toContain(
      'A check asks.\n\n  - audit has committed nothing.\n      asks: no-commit:audit:orders\n',
    );
    expect(text).toContain('ferry retry orders --accept no-commit:audit:orders --note "why it may go on"');
    expect(text).toContain('ferry abort orders');
  });
});

describe('the status at first sight', () => {
  const contradicted = { at: '2026-03-01T10:10:00.000Z', why: 'onprem did not stay quiet.' };
  const full = () => {
    const state = migrationAt('producerSwitched');
    const step = stepOf(state, 'producerSwitched')!;
    Object.assign(step, {
      openedAgain: { at: startedAt, why: '9 records came to orders/0.' },
      contradicted,
      says: `Not so: ${contradicted.why} Producers write to the target only: waiting for a person to say so for orders-web.`,
    });
    Object.assign(state.steps[2]!, {
      unverified: 'overridden',
      parts: [{ name: 'x', claim: { by: 'ann', override: { reason: 'y' } } }],
    });
    return statusOf(state);
  };

  it('is in one order: why it waits, what to do, what is under way, the steps, the rest', () => {
    const live = [
      {
        says: 'billing 12 records behind',
        at: '2026-03-01T10:20:00.000Z',
        progress: { what: 'Draining' as const, done: 900, all: 1000, perSecond: 10 },
      },
    ];
    const troubles = [{ why: 'aiven did not answer.', since: '2026-03-01T10:28:00.000Z', attempts: 7 }];
    const lines = statusLines(full(), { live, troubles, link: 'http://ui' }, now).map(({ text }) => text);
    const places = [
      'orders: simplestCase',
      'Producers write to the target only: waiting for a person to say so for orders-web.',
      'Open again since 2026-03-01 08:00:00 UTC: 9 records',
      'Not so: onprem did not stay quiet. (seen 2026-03-01 10:10:00 UTC)',
      'Does not get on since 2026-03-01 10:28:00 UTC (2m, tried 7 times): aiven did not answer.',
      'To do: Switch the producer to the target, stop it on the source, then say so.',
      '  ferry confirm orders producerSwitched --name orders-web',
      `  ferry confirm orders producerSwitched --name '*' --override "why it cannot be measured"`,
      'Draining  [##################--]  90 %  900 of 1,000, 10/s, about 10s, until 10:30 UTC',
      'Now: billing 12 records behind (old: seen 10m ago, and nothing since)',
      '  [x]  1. Check the plan',
      'Not verified:',
      '  - Copy the ACLs to the target: overridden for x by ann (y).',
      'Web UI: http://ui',
    ].map((wanted) => lines.findIndex((text) => text.startsWith(wanted)));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(lines.find((text) => text.includes('3. Copy the ACLs'))).toMatch(/done, overridden/);
  });

  it.each([80, 160])('fits a terminal of %d columns, with 300 topics too', (width) => {
    const many = Array.from({ length: 300 }, (_, index) => ({ name: `a-topic-with-a-long-name-${index}` }));
    const { migration } = parseMigration({
      ...{ name: 'orders', strategy: 'simplestCase', source: 'onprem', target: 'aiven' },
      topics: many,
      producers: many,
    });
    const state = newState(migration!, startedAt);
    const step = stepOf(state, 'producerSwitched')!;
    Object.assign(step, {
      status: 'blocked',
      problem: {
        type: 'Findings',
        sentence: many.map(({ name }) => name).join(', '),
        findings: many.map(({ name }) => ({
          weight: 'asks',
          key: `group-not-in-file:${name}`,
          sentence: `${name} asks.`,
        })),
        offers: ['retry', 'accept', 'abort'],
      },
      parts: many.map(({ name }) => ({ name, claim: { at: startedAt } })),
    });
    const lines = statusLines(statusOf(state), { live: [], troubles: [], link: undefined }, now, width);
    expect(lines.length).toBeLessThan(110);
    // A command is one line, so that it can be copied.
    const long = lines.filter(({ text, style }) => text.length > width && style !== 'command');
    expect(long).toEqual([]);
    expect(lines.map(({ text }) => text)).toContain('  … and 280 more: --json lists all of them');
  });

  it('is coloured by the ferry alone', () => {
    expect(paint('a\n\u001b[8mb', ['trouble', 'plain'])).toBe('\u001b[1;31ma\u001b[0m\n\\u001b[8mb');
  });

  it('says of a bar that is nearly full that it is not', () => {
    expect(bar({ what: 'Copying', done: 9999, all: 10000, perSecond: 0 }, now)).toBe(
      'Copying   [###################-]  99 %  9,999 of 10,000',
    );
  });
});

describe('what keeps an activity from going on', () => {
  const at = (iso: string) => ({ seconds: Math.floor(Date.parse(iso) / 1000), nanos: 0 }) as never;
  const failed = {
    message: 'aiven did not take the write.',
    applicationFailureInfo: { type: 'Unreachable' },
  };

  it('is told with its reason, and since when nothing has worked', () => {
    const waits = { state: 1, attempt: 4, lastFailure: failed, scheduledTime: at('2026-03-01T08:00:00Z') };
    const beat = { at: '2026-03-01T10:00:00.000Z' };
    const trouble = troubleOf(waits, beat, now)!;
    expect(trouble).toEqual({ why: failed.message, since: beat.at, attempts: 4 });
    expect(sayTrouble(trouble, now)).toBe(
      'Does not get on since 2026-03-01 10:00:00 UTC (30m, tried 4 times): aiven did not take the write.',
    );
    expect(together([trouble, { ...trouble, since: startedAt, attempts: 9 }])).toEqual([
      { ...trouble, since: startedAt, attempts: 9 },
    ]);
  });

  it('is over when a new attempt has said something, whatever the clock of its worker shows', () => {
    const heardAt = (iso: string) => ({
      ...{ state: 2, attempt: 4, lastFailure: failed, lastStartedTime: at('2026-03-01T10:29:00Z') },
      lastHeartbeatTime: at(iso),
    });
    const [behind, ahead] = [{ at: '2026-03-01T10:15:00.000Z' }, { at: '2026-03-01T10:45:00.000Z' }];
    expect(troubleOf(heardAt('2026-03-01T10:29:01Z'), behind, now)).toBeUndefined();
    expect(troubleOf(heardAt('2026-03-01T10:20:00Z'), ahead, now)).toMatchObject({ attempts: 4 });
  });

  it('is what a watch cannot reach, and a worker that is not there; text of others is left out', () => {
    const failing = { since: startedAt, why: 'onprem did not answer.' };
    expect(troubleOf({ state: 2, attempt: 1 }, { at: startedAt, failing }, now)).toMatchObject(failing);
    const nobody = { state: 1, attempt: 1, activityType: { name: 'mirror' }, scheduledTime: at(startedAt) };
    expect(troubleOf(nobody as never, undefined, now)?.why).toContain('No worker has begun with mirror');
    const lost = { ...nobody, attempt: 2, lastFailure: { message: 'secret', timeoutFailureInfo: {} } };
    expect(troubleOf(lost as never, undefined, now)?.why).not.toContain('secret');
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
