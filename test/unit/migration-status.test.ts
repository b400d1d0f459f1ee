import { describe, expect, it } from '@jest/globals';
import { judge } from '../../src/migration/claims.js';
import { detailsOf } from '../../src/migration/details.js';
import type { MigrationState } from '../../src/migration/state.js';
import { statusOf } from '../../src/migration/status.js';
import { at, stateAt, the } from './migration-states.js';

const consumers = [{ group: 'billing' }, { group: 'shipping' }];

function blockedByFindings(): MigrationState {
  const state = stateAt('checkPlan', 'blocked');
  the(state, 'checkPlan').problem = {
    type: 'Findings',
    sentence: 'audit reads orders too. (and 1 more)',
    findings: [
      { weight: 'asks', key: 'a', sentence: 'audit reads orders too.' },
      { weight: 'asks', key: 'b', sentence: 'User:x is not mapped.' },
    ],
    offers: ['retry', 'accept', 'abort'],
  };
  return state;
}

describe('what is sent next', () => {
  it('is every claim that is still missing, as it would be accepted', () => {
    const state = stateAt('consumerSwitched', 'waiting', { consumers });
    expect(statusOf(state).next).toEqual([
      {
        message: 'consumerSwitched',
        input: { by: 'you', name: 'billing' },
        means: 'Consumers read from the target only: billing',
      },
      {
        message: 'consumerSwitched',
        input: { by: 'you', name: 'shipping' },
        means: 'Consumers read from the target only: shipping',
      },
    ]);
    judge(state, 'consumerSwitched', { name: 'billing' }, at).apply?.();
    expect(statusOf(state).next.map(({ input }) => input)).toEqual([{ by: 'you', name: 'shipping' }]);
  });

  it.each([
    ['waiting', stateAt('consumerSwitched', 'waiting', { consumers })],
    ['for an approval', stateAt('deletionApproved', 'waiting', { topics: [{ name: 'a' }, { name: 'b' }] })],
    ['blocked', blockedByFindings()],
    ['paused', { ...stateAt('drain', 'active'), paused: { at } }],
  ])('is accepted as it stands: %s', (_what, state) => {
    const { next } = statusOf(state);
    expect(next.length).toBeGreaterThan(0);
    for (const { message, input } of next) expect(judge(state, message, input, at).refusal).toBeUndefined();
  });

  it('is nothing while the clusters are checked, and after the end', () => {
    expect(statusOf(stateAt('drain', 'active')).next).toEqual([]);
    const ended = stateAt('deleteSource', 'done');
    ended.outcome = { result: 'done', at, sentence: 'orders moved.' };
    expect(statusOf(ended)).toMatchObject({ next: [], state: 'done', waitingFor: 'orders moved.' });
  });
});

describe('the state in a word and a sentence', () => {
  it('is starting, running, waiting, blocked, paused, aborting', () => {
    const word = (state: MigrationState) => [statusOf(state).state, statusOf(state).waitingFor];
    expect(word(stateAt('checkPlan', 'pending'))).toEqual(['running', 'Starting.']);
    expect(word(stateAt('drain', 'active'))).toEqual(['running', the(stateAt('drain'), 'drain').title]);
    const drain = stateAt('drain', 'active');
    the(drain, 'drain').says = 'billing lags by 7.';
    expect(word(drain)).toEqual(['running', 'billing lags by 7.']);
    expect(word(stateAt('producerSwitched'))[0]).toBe('waiting');
    expect(word(blockedByFindings())).toEqual(['blocked', 'audit reads orders too. (and 1 more)']);
    drain.paused = { by: 'ann', at };
    expect(word(drain)).toEqual(['paused', 'Paused by ann: waits for resume.']);
    drain.paused = { at };
    expect(word(drain)[1]).toBe('Paused: waits for resume.');
    const aborting = stateAt('checkPlan', 'pending');
    aborting.abort = { at };
    expect(word(aborting)).toEqual(['aborting', 'Aborting.']);
  });

  it('names the migration and its clusters, and keeps what was accepted and refused', () => {
    const state = blockedByFindings();
    state.accepted = [{ key: 'a', by: 'ann', reason: 'fine', at }];
    state.refused = [{ at, message: 'pause', why: 'by is a text' }];
    expect(statusOf(state)).toMatchObject({
      name: 'orders',
      strategy: 'simplestCase',
      source: 'onprem',
      target: 'aiven',
      startedAt: at,
      accepted: state.accepted,
      refused: state.refused,
    });
  });
});

describe('the current details', () => {
  const order = (text: string, ...parts: string[]) => {
    const places = parts.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  };

  it('say first what is waited for, then what to send, and the table last', () => {
    const state = stateAt('consumerSwitched', 'waiting', { consumers });
    const step = the(state, 'consumerSwitched');
    step.says = 'Not so: billing has a member at onprem.';
    step.evidence.push({ at, sentence: 'Not so: billing has a member at onprem, seen twice.' });
    state.refused.push({ at, message: 'consumerSwitched', why: 'audit is not part of it' });
    const text = detailsOf(state);
    order(
      text,
      '**Not so: billing has a member at onprem.**',
      'Stop the consumer on the source, start it on the target',
      '- `consumerSwitched` with `{"by":"you","name":"billing"}`: Consumers read',
      '- `consumerSwitched` with `{"by":"you","name":"shipping"}`',
      'Seen lately:\n\n- 2026-03-01 12:00 UTC: Not so: billing',
      'Not counted:\n\n- 2026-03-01 12:00 UTC: `consumerSwitched` was ignored: audit',
      '### orders: simplestCase, onprem → aiven',
      '| 1 | Check the plan against both clusters | done | 2026\u201103\u201101 12:00 |  |',
      '| 7 | Consumers read from the target only | waiting |',
    );
    const table = text.slice(text.indexOf('| | Step |')).trim().split('\n');
    expect(table.every((row) => row.startsWith('|'))).toBe(true);
    expect(table).toHaveLength(2 + state.steps.length);
  });

  it('list every finding of a blocked step, and how to accept it', () => {
    order(
      detailsOf(blockedByFindings()),
      '**audit reads orders too. (and 1 more)**',
      '- audit reads orders too. (asks: `a`)\n- User:x is not mapped. (asks: `b`)',
      '- `retry` with `{"by":"you"}`: once it is mended',
      '- `retry` with `{"by":"you","accept":["a"],"note":"why it may go on"}`: accepts this finding',
      '- `retry` with `{"by":"you","accept":["*"],"note":"why it may go on"}`: accepts all 2 that ask',
      '- `abort`',
      '### orders',
    );
  });

  it('keep a sentence with bars and line breaks in its row', () => {
    const state = stateAt('drain', 'active');
    the(state, 'drain').says = 'a | b\n  c';
    state.paused = { at };
    expect(detailsOf(state)).toContain('| active |  | a \\| b c |');
  });

  it('show ten of many messages, and say how many more there are', () => {
    const producers = Array.from({ length: 20 }, (_, index) => ({ name: `p${index}` }));
    const text = detailsOf(stateAt('producerSwitched', 'waiting', { producers }));
    expect(text.match(/^- `producerSwitched`/gm)).toHaveLength(10);
    expect(text).toContain('- … and 10 more');
  });
});
