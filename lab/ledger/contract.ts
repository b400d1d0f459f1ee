import type { Rules } from './group-account.js';

/** What a strategy promises beside losing nothing. */
export interface Contract extends Rules {
  /** Whether groups may find messages on the target that no producer wrote there. */
  history: boolean;
}

/** The table of what each strategy promises. */
export const contracts = {
  simplestCase: { foldDoubles: false, within: 'overall', history: false },
  doubleProducer: { foldDoubles: true, within: 'cluster', history: false },
  doubleConsumers: { foldDoubles: false, within: 'cluster', history: false },
  simpleMirroring: { foldDoubles: false, within: 'overall', history: true },
  advancedMirroring: { foldDoubles: false, within: 'overall', history: true },
} as const satisfies Record<string, Contract>;

export type LedgerStrategy = keyof typeof contracts;
