import type { Command } from 'commander';
import { named, oneLine } from '../../src/migration/foreign-text.js';
import { freeUpdate, heldQuery, holdsType, type Freeing, type Holder } from '../../src/migration/holds.js';
import { looking } from '../connections/looking.js';
import { badInput, exitCodes, type ExitCode } from './failure.js';
import { osUser } from './sending.js';
import { withTemporal, type Temporal } from './temporal.js';
import { columns } from './terminal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

interface HoldsOptions extends CommonOptions {
  free?: string;
  reason?: string;
  by?: string;
}

/** What is held of one cluster. */
interface HeldThere {
  workflowId: string;
  cluster: string;
  holders: readonly Holder[];
}

export function addHolds(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'holds',
    'Which migration has which topics and groups; each has one at most. With --free: lets go of what will never end by itself.',
    'ferry holds\nferry holds --free migrate/orders --reason "it was terminated"',
  )
    .option('--free <what>', 'a migration (migrate/NAME), or one topic or group')
    .option('--reason <text>', 'why it may be freed; kept with your name')
    .option('--by <name>', 'who says so (default: the user of this machine)')
    .action((options: HoldsOptions) =>
      run(surroundings, options, () =>
        withTemporal(configured(surroundings, options, true).temporal, (temporal) =>
          options.free === undefined
            ? show(surroundings, options, temporal)
            : free(surroundings, options, temporal, options.free),
        ),
      ),
    );
}

async function show(
  { terminal }: Surroundings,
  { json }: HoldsOptions,
  temporal: Temporal,
): Promise<ExitCode> {
  const clusters = await heldNow(temporal);
  terminal.print(json ? JSON.stringify({ clusters }) : holdsText(clusters));
  return exitCodes.done;
}

async function free(
  { terminal }: Surroundings,
  { json, reason, by = osUser() }: HoldsOptions,
  temporal: Temporal,
  what: string,
): Promise<ExitCode> {
  if (reason === undefined)
    throw badInput('Say why: ferry holds --free WHAT --reason "why it may be freed".');
  const freeing: Freeing = {
    by,
    reason,
    ...(what.startsWith('migrate/') ? { migration: what } : { name: what }),
  };
  const having = (await heldNow(temporal)).filter(({ holders }) =>
    holders.some(
      ({ migration, topics, groups }) => migration === what || topics.includes(what) || groups.includes(what),
    ),
  );
  if (having.length === 0) throw badInput(`${named(what)} is not held: ferry holds shows what is.`);
  const answers: string[] = [];
  for (const { workflowId } of having)
    answers.push(
      await temporal.answered(temporal.settings.taskQueue, () =>
        temporal.client.workflow
          .getHandle(workflowId)
          .executeUpdate<string, [Freeing]>(freeUpdate, { args: [freeing] }),
      ),
    );
  terminal.print(json ? JSON.stringify({ answers }) : answers.map(oneLine).join('\n'));
  return exitCodes.done;
}

/** Visibility finds them, for looking; each then says itself what is held. */
async function heldNow(temporal: Temporal): Promise<HeldThere[]> {
  const { client, settings } = temporal;
  const clusters: HeldThere[] = [];
  const query = `WorkflowType = "${holdsType}" AND TaskQueue = "${settings.taskQueue}" AND ExecutionStatus = "Running"`;
  for await (const { workflowId, memo } of looking(client).list({ query })) {
    const holders = await temporal.answered(settings.taskQueue, () =>
      client.workflow.getHandle(workflowId).query<Holder[]>(heldQuery),
    );
    const name = memo?.['cluster'];
    clusters.push({ workflowId, cluster: typeof name === 'string' ? name : workflowId, holders });
  }
  return clusters;
}

function holdsText(clusters: readonly HeldThere[]): string {
  const rows = clusters.flatMap(({ cluster, holders }) =>
    holders.flatMap(({ migration, since, topics, groups }) =>
      [...topics.map((name) => ['topic', name]), ...groups.map((name) => ['group', name])].map(
        ([kind = '', name = '']) => [cluster, kind, named(name), migration, since.slice(0, 16)],
      ),
    ),
  );
  return rows.length === 0
    ? 'Nothing is held: no migration runs.'
    : columns([['CLUSTER', 'KIND', 'NAME', 'MIGRATION', 'SINCE'], ...rows]);
}
