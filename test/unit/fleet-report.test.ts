import { describe, expect, it } from '@jest/globals';
import { reportOf } from '../../src/migration/fleet-report.js';
import type { MigrationState } from '../../src/migration/state.js';
import type { StepId } from '../../src/migration/strategies.js';
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

describe('a mirror', () => {
  const copying = (id: StepId, facts: Partial<MigrationState['facts']> = {}): MigrationState => {
    const state = stateAt(id, 'waiting', { strategy: 'simpleMirroring' });
    Object.assign(state.facts, { mirror: { partitions: { orders: 1 }, runs: true }, ...facts });
    return state;
  };
  const told = (state: MigrationState, since?: () => boolean) => reportOf(state, at, since).copying;

  it('that is paused copies nothing, unless groups live from it', () => {
    const state = copying('producerStopped');
    expect(told(state)).toBe('history');
    state.paused = { by: 'ann', at };
    expect(told(state)).toBe('ahead');
    expect(told(state, () => false)).toBe('history');
    state.facts.mirror = { partitions: { orders: 1 }, runs: true, keepsUp: true };
    expect(told(state)).toBe('no');
    state.facts.translated = [{}] as NonNullable<MigrationState['facts']['translated']>;
    expect(told(state)).toBe('following');
  });

  it('copies nothing any more once it is aborted', () => {
    const state = copying('producerStopped');
    state.abort = { by: 'ann', at };
    expect(told(state)).toBe('no');
  });
});
