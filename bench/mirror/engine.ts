import type { Shape } from './topics.js';

/** In the order in which they take their turns. */
export const engines = ['limit', 'kafkajs', 'mirrormaker', 'ferry'] as const;
export type Engine = (typeof engines)[number];

/** A topic that an engine has to copy. */
export interface Turn {
  shape: Shape;
  topic: string;
  targetTopic: string;
  /** So many records are there to be copied. */
  records: number;
}

/** An engine that copies in a process of its own. */
export interface Running {
  pid: number;
  /** Lets it copy, once somebody watches. */
  begin(): void;
  stop(): Promise<void>;
}
