import type { ConnectConnection } from '../../src/connect/connect-connection.js';
import type { Connect } from '../../src/connect/rest.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import type { Provisioner } from '../../src/provision/provisioner.js';
import type { Declaring } from '../../src/provision/declaring.js';
import type { Account } from '../../src/account/account.js';
import type { Keeper } from '../../src/report/account/keeper.js';
import type { NotifySettings } from '../../src/notify/targets.js';
import type { Registry } from '../../src/registry/registry.js';
import type { Holder, Taken, Want } from '../../src/migration/holds.js';
import type { SeenMigration } from '../../src/migration/work/fleet.js';
import type { Held } from '../../src/migration/work/holds.js';

/** What activities are given; nothing in this folder reads configuration or opens a connection. */
export interface Dependencies {
  /** The cluster that `ferry.yaml` calls so; throws `BadInput` for a name that it lacks. */
  clusters: (name: string) => Cluster;
  /** How rights come to the cluster that `ferry.yaml` calls so, where it is not by Kafka's own requests. */
  provisioners?: (name: string) => Provisioner | undefined;
  /** The schema registry that `ferry.yaml` calls so; throws `BadInput` for a name that it lacks. */
  registries: (name: string) => Registry;
  /** The Kafka Connect that `ferry.yaml` calls so; throws `BadInput` for a name that it lacks. Absent: there is none. */
  connects?: (name: string) => MirrorWorkers;
  /** How topics and grants of a cluster are declared that others make; `undefined` where the ferry makes them itself. */
  declares?: (cluster: string) => Declaring | undefined;
  /** Which migration has which topics and groups. */
  holds: Holds;
  /** Whom to tell of migrations and fleets, and where the web UI shows one. Absent: nobody. */
  notify?: { settings: NotifySettings; link: (workflowId: string) => string | undefined };
  /** Where reports of migrations that have ended are kept, and what happened in one. Absent: nowhere. */
  reports?: { keeper: Keeper; accountOf: (workflowId: string, runId: string) => Promise<Account> };
  /** The migrations that run now, the asking one among them when it is a workflow. */
  otherMigrations: () => Promise<OtherMigration[]>;
  /**
   * How a migration of this name is, by what Temporal says of its last run, with the fleet that it was last told it is in,
   * whether or not that runs; undefined: there is none.
   */
  migrations?: (name: string) => Promise<SeenMigration | undefined>;
  /** Whether the fleet of this workflow id runs. */
  fleetRuns?: (workflowId: string) => Promise<boolean>;
  /**
   * How many bytes a second the mirror of a workflow may copy, as that has last said; `null`: no limit, undefined: it says
   * nothing of it.
   */
  rates?: (workflowId: string) => Promise<number | null | undefined>;
  /** Ferry's search attributes that are registered. */
  attributes?: () => Promise<string[]>;
}

/** One migration at a time has a topic or a group: asked of something that answers one after the other. */
export interface Holds {
  /** All that is wanted, or nothing; answers what others have of it, none of which has ended. */
  take(of: Held, want: Want): Promise<Taken[]>;
  release(of: Held, who: Pick<Want, 'migration' | 'run'>): Promise<void>;
  /** Who has what now. @throws FerryError `Unreachable` when no worker answers */
  held(of: Held): Promise<readonly Holder[]>;
}

/** Kafka Connect, and how its connectors reach both clusters. */
export interface MirrorWorkers {
  rest: Connect;
  clients: Pick<ConnectConnection, 'sourceClient' | 'targetClient'>;
}

export interface OtherMigration {
  workflowId: string;
  source: string;
  target: string;
  /** Topics by their name on the source. */
  topics: readonly string[];
  /** Groups by their id on the source. */
  groups: readonly string[];
  /** ISO 8601. */
  startedAt: string;
  /** It runs, and of what is not known: nothing but `workflowId` and `startedAt` says anything. */
  unread?: true;
}
