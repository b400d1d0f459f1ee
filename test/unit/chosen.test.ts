import { describe, expect, it } from '@jest/globals';
import { betterThan, impliedBy } from '../../src/advice/chosen.js';
import { strategyNames } from '../../src/migration/strategies.js';
import { topic } from './inventories.js';

const compacted = { topics: [topic('orders', { compacted: { value: true } })] };
const empty = { topics: [topic('orders', { records: { value: 0 } })] };
const schemas = {
  topics: [
    topic('orders', { schemas: { value: { sampled: 1, ids: [7], subjects: { unknown: 'not asked' } } } }),
  ],
};
const unknown = {
  topics: [
    topic('orders', {
      compacted: { unknown: 'refused' },
      records: { unknown: 'refused' },
      producers: { unknown: 'refused' },
      schemas: { unknown: 'refused' },
    }),
  ],
};

describe('a strategy that somebody has chosen', () => {
  it('says what its conditions say, but not whether history is needed', () => {
    expect(impliedBy('simplestCase')).toEqual({ producersOurs: true, consumersOurs: true, mayPause: true });
    expect(impliedBy('advancedMirroring')).toEqual({ mayPause: false, idempotent: false });
    expect(impliedBy('doubleConsumers')).toEqual({});
  });

  it.each(['simplestCase', 'doubleProducer', 'doubleConsumers'] as const)(
    'without history does not fit what is compacted: %s',
    (strategy) => {
      expect(betterThan(strategy, compacted)).toMatch(
        new RegExp(`${strategy} does not fit: "no history needed" is not so \\(orders is compacted`),
      );
    },
  );

  it('has another named that fits', () => {
    expect(betterThan('simplestCase', compacted)).toContain('simpleMirroring fits.');
    expect(betterThan('doubleProducer', compacted)).toContain('advancedMirroring fits.');
    expect(betterThan('simpleMirroring', schemas)).toContain('"no schema registry is used" is not so');
    expect(betterThan('simpleMirroring', schemas)).toContain('advancedMirroring fits if');
    const registries = { source: 'a', target: 'b' };
    expect(betterThan('simpleMirroring', schemas, {}, registries)).toContain('advancedMirroring fits.');
  });

  it('does more than is needed where there is nothing to bring along', () => {
    expect(betterThan('simpleMirroring', empty)).toContain('does more than is needed');
  });

  it.each(strategyNames)(
    'has nothing against it where nothing is known, or what suits it: %s',
    (strategy) => {
      expect(betterThan(strategy, unknown)).toBeUndefined();
      expect(betterThan(strategy, { topics: [topic('orders')] })).toBeUndefined();
    },
  );

  it('has nothing against it when no topic was read', () => {
    expect(betterThan('simpleMirroring', { topics: [] })).toBeUndefined();
  });
});
