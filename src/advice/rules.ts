import type { Strategy } from '../migration/strategies.js';
import type { FactId } from './facts.js';

/** One condition of the runbook. */
export interface Rule {
  /** The runbook's words: those of a strategy, joined by commas, are its `suits`; a test holds that. */
  sentence: string;
  /**
   * `must`: without it the strategy breaks its promise. `reason`: without it the strategy still keeps its promise, but does
   * more than is needed.
   */
  weight: 'must' | 'reason';
  /** Which facts it needs, and what they have to be. */
  needs: Partial<Record<FactId, boolean>>;
  /** Whether all of them are needed, or one is enough. */
  of: 'all' | 'any';
  /** What would make it hold. */
  change: string;
}

const noHistory: Rule = {
  sentence: 'no history needed',
  weight: 'must',
  needs: { historyNeeded: false },
  of: 'all',
  change: 'that nobody needs on the target what the topics hold now',
};
const history: Rule = {
  sentence: 'history is kept',
  weight: 'reason',
  needs: { historyNeeded: true },
  of: 'all',
  change: 'that what the topics hold now is needed on the target',
};

/** Every condition of every strategy, as data. */
export const rules: Readonly<Record<Strategy, readonly Rule[]>> = {
  simplestCase: [
    noHistory,
    {
      sentence: 'all producers and consumers are ours',
      weight: 'must',
      needs: { producersOurs: true, consumersOurs: true },
      of: 'all',
      change: 'that all producers and all consumers are ours to change',
    },
    {
      sentence: 'a short pause is fine',
      weight: 'must',
      needs: { mayPause: true },
      of: 'all',
      change: 'that producers may pause for some minutes',
    },
  ],
  doubleProducer: [
    noHistory,
    {
      sentence: 'the producer is ours',
      weight: 'must',
      needs: { producersOurs: true },
      of: 'all',
      change: 'that all producers are ours to change',
    },
    {
      sentence: 'messages are idempotent',
      weight: 'must',
      needs: { idempotent: true },
      of: 'all',
      change: 'that it does no harm to process a message twice',
    },
  ],
  doubleConsumers: [
    noHistory,
    {
      sentence: 'consumers are easier to change than producers, or there are several producers',
      weight: 'must',
      needs: { consumersEasier: true, severalProducers: true },
      of: 'any',
      change: 'that consumers are easier to change than producers, or that several producers write',
    },
  ],
  simpleMirroring: [
    history,
    {
      sentence: 'a pause is fine',
      weight: 'must',
      needs: { mayPause: true },
      of: 'all',
      change: 'that producers may pause for some minutes',
    },
    {
      sentence: 'no schema registry is used',
      weight: 'must',
      needs: { schemas: false },
      of: 'all',
      change: 'that no record carries a schema id',
    },
  ],
  advancedMirroring: [
    history,
    {
      sentence: 'no pause',
      weight: 'reason',
      needs: { mayPause: false },
      of: 'all',
      change: 'that producers may not pause',
    },
    {
      sentence: 'messages are not idempotent',
      weight: 'reason',
      needs: { idempotent: false },
      of: 'all',
      change: 'that processing a message twice does harm',
    },
    {
      sentence: 'schemas in sync',
      weight: 'must',
      needs: { schemasInSync: true },
      of: 'all',
      change: 'that the file names both schema registries, between which the ferry then copies the schemas',
    },
  ],
};
