import type { StepId } from './strategies.js';

/** What people outside are told of, as a sentence has it after the name of the migration. */
export const tellingEvents = {
  'waits-for-you': 'waits for you',
  contradicted: 'is not as it was said',
  'opened-again': 'is open again',
  blocked: 'is blocked',
  'deletion-asks': 'asks for the deletion',
  done: 'has ended',
} as const;

export type TellingEvent = keyof typeof tellingEvents;

/** What was told: as little as it takes to tell nothing twice. */
export interface Told {
  event: TellingEvent;
  step: StepId | null;
  /** Which time it was, of all times that the event has come to the step. */
  occurrence: string;
  /** When, and when it was last reminded of. ISO 8601 */
  at: string;
  reminders: number;
}
