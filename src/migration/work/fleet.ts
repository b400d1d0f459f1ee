import type { Migration } from '../file.js';
import type { FleetTelling } from '../fleet-telling.js';
import type { Opening } from '../hours.js';

/** What a fleet asks: nothing of a cluster. */
export interface FleetActivities {
  /** When the hours of the file are, as far as `knownUntil`, ms since the epoch: the clocks of zones are the worker's. */
  openHours(input: { hours: { people?: string[]; deletions?: string[] }; now: number }): Promise<{
    knownUntil: number;
    people?: Opening[];
    deletions?: Opening[];
  }>;
  /** How migrations are, by what Temporal says of their last runs; one that is not in the answer there is none of. */
  seeMigrations(input: { names: string[] }): Promise<{ seen: SeenMigration[] }>;
  /** Ferry's search attributes that are registered in this namespace. Unknown: none. */
  knownAttributes(): Promise<{ names: string[] }>;
  /** Tells those whom `ferry.yaml` and the defaults of the fleet file name, as `tell` does of a migration. */
  tellOfFleet(input: {
    fleet: Pick<Migration, 'name' | 'team' | 'notify'>;
    tellings: readonly FleetTelling[];
  }): Promise<{ told: string[]; failed: string[]; sentence: string }>;
}

export interface SeenMigration {
  name: string;
  running: boolean;
  /** What it last wrote down, or how its run ended. */
  state: string;
  step: string | null;
  /** ISO 8601: since when it is there, where it runs and has written that down. */
  since?: string;
  /** What it wrote down cannot be read by this worker, so `state` and `step` of one that runs say nothing. */
  unread?: true;
  startedAt: string;
  /** What it is of. */
  strategy: string;
  /** The workflow id of the fleet that it is in, where it runs and that fleet does too. */
  fleet?: string;
}
