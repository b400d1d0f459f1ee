import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { Option, type Command } from 'commander';
import { gathered, planWhole, type WholePlan } from '../../activities/schemas/whole-registry.js';
import type { Finding } from '../../src/migration/findings.js';
import { registryCopyId } from '../../src/migration/messages.js';
import { readRegistryCopy, registryCopyType, type RegistryCopy } from '../../src/migration/registry-copy.js';
import { noSuch } from '../connections/by-name.js';
import { openRegistries } from '../connections/registries.js';
import type { Config } from '../config/config.js';
import { asksText, list } from './findings-text.js';
import { badInput, CommandFailure, exitCodes, type ExitCode } from './failure.js';
import { webLink } from '../connections/web-link.js';
import { withTemporal, type Temporal } from './temporal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

interface SchemasOptions extends CommonOptions {
  from: string;
  to: string;
  subjects?: string;
  idDistance?: string;
  dryRun?: boolean;
}

export function addSchemas(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'schemas',
    'Copy a whole schema registry, with its ids, before any topic moves. Starts nothing when something blocks.',
    "ferry schemas copy --from onprem --to aiven --dry-run\nferry schemas copy --from onprem --to aiven --subjects 'orders-*'",
  )
    .argument('<what>', 'copy')
    .requiredOption('--from <registry>', 'the registry to copy, as ferry.yaml calls it')
    .requiredOption('--to <registry>', 'the registry that gets it')
    .option('--subjects <glob>', 'only subjects of this name; * stands for any characters, ? for one')
    .addOption(
      new Option('--id-distance <ids>', "how far beyond the source's ids the target goes on to give its own"),
    )
    .option('--dry-run', 'only say what it would do; changes nothing')
    .action((what: string, options: SchemasOptions) =>
      run(surroundings, options, () => {
        if (what !== 'copy') throw badInput(`ferry schemas knows copy, and no ${what}.`);
        return copy(surroundings, options);
      }),
    );
}

/** Exit code 2 when something blocks, 3 when something asks. */
async function copy(surroundings: Surroundings, options: SchemasOptions): Promise<ExitCode> {
  const config = configured(surroundings, options);
  const wanted = copyOf(options, config);
  if (options.dryRun) return show(surroundings, options, wanted, await planned(config, wanted));
  return withTemporal(config.temporal, async (temporal) => {
    const plan = await planned(config, wanted);
    const blocks = sentencesOf(plan, 'blocks');
    if (blocks.length > 0) throw new CommandFailure('Conflict', blocks);
    const runId = await start(temporal, wanted);
    const id = registryCopyId(wanted.from, wanted.to);
    const url = webLink(temporal.settings, id);
    surroundings.terminal.print(
      options.json
        ? JSON.stringify({ started: { workflowId: id, runId, ...(url !== undefined && { url }) }, plan })
        : [
            planText(wanted, plan),
            [`Started ${id}. Next:`, `  ferry status ${id} --watch`, ...(url ? [`  ${url}`] : [])].join('\n'),
          ].join('\n\n'),
    );
    return sentencesOf(plan, 'asks').length > 0 ? exitCodes.waiting : exitCodes.done;
  });
}

function copyOf({ from, to, subjects, idDistance }: SchemasOptions, { registries }: Config): RegistryCopy {
  const { copy, mistakes } = readRegistryCopy({
    from,
    to,
    ...(subjects !== undefined && { subjects }),
    ...(idDistance !== undefined && { idDistance: Number(idDistance) }),
  });
  const unknown = [from, to].filter((name) => !Object.hasOwn(registries, name));
  const wrong = [...mistakes, ...unknown.map((name) => noSuch('registries', name, Object.keys(registries)))];
  if (!copy || wrong.length > 0) throw badInput(...wrong);
  return copy;
}

async function planned(config: Config, copy: RegistryCopy): Promise<WholePlan> {
  const registries = openRegistries(config.registries);
  try {
    return await planWhole({
      source: registries.get(copy.from),
      target: registries.get(copy.to),
      copy,
      accepted: [],
    });
  } finally {
    registries.close();
  }
}

/** The workflow is called after both registries: there is one between them at a time. */
async function start({ client, settings }: Temporal, copy: RegistryCopy): Promise<string> {
  const workflowId = registryCopyId(copy.from, copy.to);
  try {
    const handle = await client.workflow.start(registryCopyType, {
      workflowId,
      taskQueue: settings.taskQueue,
      args: [copy],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `schemas: ${copy.from} → ${copy.to}`.slice(0, 100),
    });
    return handle.firstExecutionRunId;
  } catch (error) {
    throw error instanceof WorkflowExecutionAlreadyStartedError
      ? badInput(`${workflowId} runs already: ferry status ${workflowId} shows where it is.`)
      : error;
  }
}

function show(
  { terminal }: Surroundings,
  { json }: SchemasOptions,
  copy: RegistryCopy,
  plan: WholePlan,
): ExitCode {
  const blocks = sentencesOf(plan, 'blocks');
  terminal.print(json ? JSON.stringify({ ...copy, ...plan }) : planText(copy, plan));
  if (!json) for (const sentence of blocks) terminal.complain(sentence);
  if (blocks.length > 0) return exitCodes.badInput;
  return sentencesOf(plan, 'asks').length > 0 ? exitCodes.waiting : exitCodes.done;
}

const sentencesOf = ({ findings }: WholePlan, weight: Finding['weight']): string[] =>
  gathered(findings)
    .filter((finding) => finding.weight === weight)
    .map(({ sentence }) => sentence);

function planText(copy: RegistryCopy, plan: WholePlan): string {
  const id = registryCopyId(copy.from, copy.to);
  const { versions, register, subjects, softDelete, levels } = plan;
  const will = [
    `register ${register} of ${versions} schema versions in ${subjects} subjects, with their ids`,
    ...(versions > register ? [`compare ${versions - register} versions that are there already`] : []),
    ...(softDelete > 0 ? [`delete ${softDelete} versions as on ${copy.from}`] : []),
    ...(levels > 0 ? [`set the compatibility level of ${levels} subjects`] : []),
  ];
  const notes = sentencesOf(plan, 'notes');
  return [
    `${copy.from} → ${copy.to}${copy.subjects === undefined ? '' : `, subjects ${copy.subjects}`}`,
    list('Will happen:', will),
    ...asksText(id, gathered(plan.findings)),
    ...(notes.length > 0 ? [list('To know:', notes)] : []),
  ].join('\n\n');
}
