import { checkPlan, type Declared } from '../../activities/plan/plan.js';
import { openClusters } from '../connections/clusters.js';
import { openConnects } from '../connections/connects.js';
import type { Config } from '../config/config.js';
import { openHolds } from '../connections/holds.js';
import { partitionKey, type Cluster } from '../../src/kafka/cluster.js';
import { FerryError, isFerryError } from '../../src/migration/errors.js';
import { under } from '../../src/migration/by-name.js';
import type { Holder } from '../../src/migration/holds.js';
import type { Held } from '../../src/migration/work/holds.js';
import { listMigrations, type Listed } from '../connections/listing.js';
import type { Migration } from '../../src/migration/file.js';
import { toldOnce, type Finding } from '../../src/migration/findings.js';
import { workflowId } from '../../src/migration/messages.js';
import type { PlanReport } from '../../src/migration/work/plan.js';
import { openRegistries } from '../connections/registries.js';
import { untold } from '../../src/notify/untold.js';
import { CommandFailure } from './failure.js';
import { asksText, list } from './findings-text.js';
import { Progress } from './progress.js';
import { withTemporal } from './temporal.js';
import type { Terminal } from './terminal.js';
import { unprotectedLogins } from '../config/unprotected.js';

/** A report of a migration, with what others would have to make of it. */
type Planned = PlanReport & { declared?: Declared };

/** What a plan can be asked about migrations, while the connections are open. */
export interface Planner {
  /**
   * Everything that the workflow's first step checks, asked of both clusters from here. Changes nothing. Without Temporal the
   * other migrations are unknown, which the report notes.
   */
  plan: (migration: Migration) => Promise<Planned>;
  /** Of its topics on the disks of the source; `null` where that is not known. */
  bytesOf: (migration: Migration) => Promise<number | null>;
}

/** Opens what plans need once, for all that is planned. */
export async function planner<T>(
  config: Config,
  terminal: Pick<Terminal, 'complain'>,
  use: (planner: Planner) => Promise<T>,
): Promise<T> {
  const clusters = openClusters(config.clusters, { says: (sentence) => terminal.complain(sentence) });
  const registries = openRegistries(config.registries);
  const progress = new Progress(terminal);
  try {
    const { running, notes } = await runningMigrations(config);
    return await use({
      async plan(migration) {
        const report = await checkPlan(
          {
            clusters: (name) => clusters.get(name),
            provisioners: clusters.provisioner,
            registries: (name) => registries.get(name),
            connects: openConnects(config.connect),
            declares: (name) => under(config.declarations, name)?.declaring,
            holds: {
              held: (of) => heldNow(config, of),
            },
            otherMigrations: async () => running,
          },
          { migration },
          workflowId(migration.name),
          progress.begins,
        );
        const own = [...loginNotes(config, migration), ...untold(config.notify, migration)];
        return { ...report, findings: toldOnce([...report.findings, ...notes, ...own.map(asNote)]) };
      },
      bytesOf: (migration) => sizeOf(clusters.get(migration.source), migration),
    });
  } finally {
    progress.end();
    registries.close();
    await clusters.close();
  }
}

/** The same for one. */
export const plan = (
  config: Config,
  migration: Migration,
  terminal: Pick<Terminal, 'complain'>,
): Promise<Planned> => planner(config, terminal, (planning) => planning.plan(migration));

/** A cluster need not tell, or not to this login. */
async function sizeOf(source: Cluster, { topics }: Migration): Promise<number | null> {
  try {
    const rows = await source.topics(topics.map(({ name }) => name));
    const partitions = [...rows.entries()].flatMap(([topic, { value }]) =>
      (value?.partitions ?? []).map((_, partition) => ({ topic, partition })),
    );
    const sizes = await source.sizes(partitions);
    const known = partitions.flatMap((at) => sizes.get(partitionKey(at)) ?? []);
    return known.length < partitions.length || partitions.length === 0
      ? null
      : Number(known.reduce((sum, bytes) => sum + bytes, 0n));
  } catch (error) {
    if (isFerryError(error)) return null;
    throw error;
  }
}

/** What `ferry.yaml` alone says. */
type Note = Pick<Finding, 'key' | 'sentence'>;
const asNote = (note: Note): Finding => ({ weight: 'notes', ...note });

/** Only what this migration uses: the rest of ferry.yaml is nobody's concern here. */
function loginNotes(config: Config, { source, target, schemas, connect }: Migration): Note[] {
  const used = new Set([
    ...[source, target].map((name) => `clusters.${name}`),
    ...(schemas ? [schemas.source, schemas.target].map((name) => `registries.${name}`) : []),
    ...(connect === undefined ? [] : [`connect.${connect}`]),
  ]);
  return unprotectedLogins(config).filter(({ key }) => used.has(key.slice(key.indexOf(':') + 1)));
}

async function runningMigrations({ temporal }: Config): Promise<{ running: Listed[]; notes: Finding[] }> {
  try {
    const running = await withTemporal(temporal, ({ client }) => listMigrations(client, { running: true }));
    return { running, notes: [] };
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const sentence = `Not checked whether another migration has these groups: ${error.message}`;
    return { running: [], notes: [{ weight: 'notes', key: 'temporal-unreachable', sentence }] };
  }
}

/** @throws FerryError `Unreachable` where Temporal, or a worker of its queue, does not answer */
async function heldNow({ temporal }: Config, of: Held): Promise<readonly Holder[]> {
  try {
    return await withTemporal(temporal, (connected) =>
      connected.answered(temporal.taskQueue, () => openHolds(connected.client, temporal.taskQueue).held(of)),
    );
  } catch (error) {
    if (error instanceof CommandFailure) throw new FerryError('Unreachable', error.message);
    throw error;
  }
}

export function findingsOf({ findings }: PlanReport, weight: Finding['weight']): string[] {
  return findings.filter((finding) => finding.weight === weight).map(({ sentence }) => sentence);
}

/** What will happen, what asks and what to know; what blocks is told apart, on the error stream. */
export function planText({ name, strategy, source, target }: Migration, report: PlanReport): string {
  const notes = findingsOf(report, 'notes');
  return [
    `${name}: ${strategy}, ${source} → ${target}`,
    ...(report.will.length > 0 ? [list('Will happen:', report.will)] : []),
    ...asksText(name, report.findings),
    ...(notes.length > 0 ? [list('To know:', notes)] : []),
  ].join('\n\n');
}
