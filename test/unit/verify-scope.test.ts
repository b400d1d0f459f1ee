import { describe, expect, it } from '@jest/globals';
import { scopeOf } from '../../app/cli/verify.js';
import { statusOf } from '../../src/migration/status.js';
import { stateAt } from './migration-states.js';

const ends = { orders: ['4000'] };
const mirrored = { orders: ['4001'] };

describe('what ferry verify NAME compares', () => {
  const scope = (step: Parameters<typeof stateAt>[0], ahead = false) => {
    const state = stateAt(step, 'waiting', { strategy: 'simpleMirroring' });
    Object.assign(state.facts, { ends, mirrored, ...(ahead && { ahead: { by: 'ann', reason: 'why' } }) });
    return scopeOf(statusOf(state), state.migration, state.facts);
  };

  it('is what is there while the mirror copies, of which the source may have more', () => {
    expect(scope('producerStopped')).toMatchObject({ sourceGoesOn: true });
  });

  it('is both clusters to their ends as they are now, once the source was frozen', () => {
    const { sourceGoesOn, targetGoesOn, ...rest } = scope('consumerSwitched');
    expect([sourceGoesOn, targetGoesOn]).toEqual([undefined, undefined]);
    expect(rest).not.toHaveProperty('ends');
    expect(rest).not.toHaveProperty('mirrored');
  });

  it('is the source as it is now with what the mirror wrote, once producers write to the target', () => {
    expect(scope('producerSwitched')).toMatchObject({ mirrored, producersWrite: true, targetGoesOn: false });
    expect(scope('soak')).toMatchObject({ mirrored, producersWrite: true });
    expect(scope('soak')).not.toHaveProperty('ends');
  });

  it('ends where it is known how far the mirror was, when producers did not wait for it', () => {
    expect(scope('producerSwitched', true)).toMatchObject({ ends, mirrored, producersWrite: true });
  });
});
