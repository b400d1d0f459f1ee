import { expect, it } from '@jest/globals';
import { reportOf } from '../../src/migration/fleet-report.js';
import { at, stateAt, the } from './migration-states.js';

it('says since when it waits or is blocked, and not since when its step has begun', () => {
  const state = stateAt('drain', 'blocked');
  the(state, 'drain').startedAt = '2026-11-01T08:00:00.000Z';
  state.since = { state: 'blocked', step: 'drain', at: '2026-11-06T08:00:00.000Z' };
  expect(reportOf(state, at)).toMatchObject({
    ...{ state: 'blocked', step: 'drain', since: '2026-11-06T08:00:00.000Z' },
  });
  state.outcome = { result: 'aborted', sentence: '', at: '2026-11-07T08:00:00.000Z' };
  expect(reportOf(state, at).since).toBe('2026-11-07T08:00:00.000Z');
});
