import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Command } from 'commander';
import { targetName, type Migration } from '../../src/migration/file.js';
import { few } from '../../src/migration/foreign-text.js';
import { strategies } from '../../src/migration/strategies.js';
import { workflowId } from '../../src/migration/messages.js';
import { summaryOf } from '../../src/migration/summary.js';
import { described } from './described.js';
import { badInput, CommandFailure, exitCodes } from './failure.js';
import { readMigration, type ReadMigration } from './migration-file.js';
import { findingsOf, plan, planText } from './planning.js';
import { webLink } from '../connections/web-link.js';
import { withTemporal, type Temporal } from './temporal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

export function addStart(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'start',
    'Plan a migration and start it. Starts nothing when something blocks the plan.',
    'ferry start migrations/simplest-case.yaml',
  )
    .argument('<file>', 'the migration file')
    .action((file: string, options: CommonOptions) =>
      run(surroundings, options, () => {
        const config = configured(surroundings, options);
        const read = readMigration(file, config);
        return withTemporal(config.temporal, async (temporal) => {
          await insistOnNoneRunning(temporal, read.migration.name);
          const { declared: _, ...report } = await plan(config, read.migration, surroundings.terminal);
          const blocks = findingsOf(report, 'blocks');
          if (blocks.length > 0) throw new CommandFailure('Conflict', blocks);
          const { runId } = await startMigration(temporal, read);
          const id = workflowId(read.migration.name);
          const url = webLink(temporal.settings, id);
          const worker = await hasWorker(temporal, id);
          const started = {
            workflowId: id,
            runId,
            ...(worker !== undefined && { worker }),
            ...(url !== undefined && { url }),
          };
          surroundings.terminal.print(
            options.json
              ? JSON.stringify({ started, plan: report })
              : `${planText(read.migration, report)}\n\n${startedText(read.migration.name, url)}${worker === false ? `\n\n${noWorker(temporal.settings.taskQueue)}` : ''}`,
          );
          return findingsOf(report, 'asks').length > 0 ? exitCodes.waiting : exitCodes.done;
        });
      }),
    );
}

const runsAlready = (name: string) =>
  badInput(`${name} runs already: ferry status ${name} shows where it is.`);

/** Asked before the plan, which would find the migration in its own way. */
async function insistOnNoneRunning(temporal: Temporal, name: string): Promise<void> {
  const description = await described(temporal, name);
  if (description?.status.name === 'RUNNING') throw runsAlready(name);
}

/**
 * A name may be used again once its run has ended: a migration that was aborted is started anew under its name, and
 * one that was done finds its source topics gone, which blocks the plan. Never twice at once.
 */
export async function startMigration(
  { client, settings }: Temporal,
  { migration, written }: ReadMigration,
): Promise<{ runId: string }> {
  try {
    const handle = await client.workflow.start(migration.strategy, {
      workflowId: workflowId(migration.name),
      taskQueue: settings.taskQueue,
      args: [written],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: summaryOf(migration),
      staticDetails: details(migration),
      // The workflow keeps it up to date; from the start it tells other migrations what is taken.
      memo: {
        migration: {
          source: migration.source,
          target: migration.target,
          topics: migration.topics.map(({ name }) => name),
          groups: migration.consumers.map(({ group }) => group),
          state: 'running',
          step: null,
          startedAt: new Date().toISOString(),
        },
      },
    });
    return { runId: handle.firstExecutionRunId };
  } catch (error) {
    throw error instanceof WorkflowExecutionAlreadyStartedError ? runsAlready(migration.name) : error;
  }
}

/** A worker asks for work again within a minute; Temporal remembers it for longer than that. */
const pollsWithinMs = 70_000;

/**
 * Whether somebody asked the queue for work lately, before a workflow was started or since: both by Temporal's clock, as that of
 * this machine may be any. Undefined where this may not be asked.
 */
export async function hasWorker(
  { client, settings }: Temporal,
  justStarted: string,
): Promise<boolean | undefined> {
  const started = client.workflow.getHandle(justStarted).describe();
  const described = client.workflowService.describeTaskQueue({
    namespace: settings.namespace,
    taskQueue: { name: settings.taskQueue },
    // TASK_QUEUE_TYPE_WORKFLOW of temporal.api.enums.v1
    taskQueueType: 1,
  });
  const answers = await Promise.all([started, described]).catch(() => undefined);
  if (!answers) return undefined;
  const [{ startTime }, { pollers }] = answers;
  return pollers?.some(
    ({ lastAccessTime }) => startTime.getTime() - Number(lastAccessTime?.seconds ?? 0) * 1000 < pollsWithinMs,
  );
}

export const noWorker = (taskQueue: string): string =>
  `No worker has asked queue ${taskQueue} for work lately, so nothing happens yet: start one with ferry worker.`;

function startedText(name: string, url: string | undefined): string {
  return [
    `Started ${name}. Next:`,
    `  ferry status ${name} --watch`,
    ...(url === undefined ? [] : [`  ${url}`]),
  ].join('\n');
}

const listedTopics = 50;

/** Markdown of up to 20 KB: what the migration is, apart from how far it is. */
function details(migration: Migration): string {
  const { description, strategy, source, target, topics, producers, consumers } = migration;
  const moves = topics
    .slice(0, listedTopics)
    .map((topic) => `- \`${topic.name}\` → \`${targetName(topic)}\``);
  return [
    description?.slice(0, 2000) ?? '',
    `**${strategy}**, for when ${strategies[strategy].suits}.`,
    [
      `Topics, ${source} → ${target}:`,
      // The web UI takes a list for one only after an empty line.
      '',
      ...moves,
      ...(topics.length > listedTopics ? [`- and ${topics.length - listedTopics} more`] : []),
    ].join('\n'),
    `Producers: ${names(producers.map(({ name }) => name))}`,
    `Consumer groups: ${names(consumers.map(({ group }) => group))}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const names = (all: readonly string[]): string => few(all, 20) || 'none named';
