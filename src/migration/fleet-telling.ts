/** One thing that people are told of a fleet, so that they need nothing else to act on it. */
export interface FleetTelling {
  /** A wave waits for approval, and for nothing else. */
  event: 'wave-asks';
  wave: string;
  /** 0: it is new; else the number of the reminder. */
  reminder: number;
  /** Since when, ISO 8601. With it each wave of a fleet that is begun again under its name is another. */
  since: string;
  /** What is waited for. */
  sentence: string;
  /** What a person is to do. */
  todo: string;
}
