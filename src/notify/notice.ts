import { createHash } from 'node:crypto';
import type { Migration } from '../migration/file.js';
import type { FleetTelling } from '../migration/fleet-telling.js';
import type { Telling } from '../migration/telling.js';

/** What somebody is told, whatever way. */
export type Notice = MigrationNotice | FleetNotice;

/** What all that is told has in common. Every text is one line in which nothing acts on who reads it. */
interface Common {
  /** The same for each try to tell it, and for nothing else. */
  id: string;
  /** When it came to be, ISO 8601. */
  since: string;
  workflowId: string;
  /** `orders waits for you: Producers write to the target only`. */
  headline: string;
  sentence: string;
  todo: string | null;
  /** The one command to send. */
  command: string | null;
  /** Where the web UI shows the migration, or the fleet. */
  link: string | null;
  /** 0: it is new. */
  reminder: number;
  teams: string[];
}

/** Of a migration. */
export interface MigrationNotice extends Common {
  event: Telling['event'];
  migration: string;
  strategy: string;
  source: string;
  target: string;
  step: string | null;
}

/** Of a fleet. */
export interface FleetNotice extends Common {
  event: FleetTelling['event'];
  fleet: string;
  wave: string;
}

/** By what whoever is told knows it again: opaque, and without the full stop that a signature divides by. */
export const idOf = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

/** Who owns what it is about, and whom its file names, each once. */
export const teamsOf = ({ team, notify }: Pick<Migration, 'team' | 'notify'>): string[] => [
  ...new Set([...(team === undefined ? [] : [team]), ...(notify?.teams ?? [])]),
];

/** In a headline, of what was told before. */
export const againText = (reminder: number): string => (reminder > 0 ? `, reminder ${reminder}` : '');

/** The lines of a message for people, the headline first. */
export function linesOf({ headline, sentence, todo, command, link }: Notice): string[] {
  return [
    headline,
    sentence,
    ...(todo === null ? [] : [`To do: ${todo}`]),
    ...(command === null ? [] : [`Then send: ${command}`]),
    ...(link === null ? [] : [link]),
  ];
}
