import { webLink } from '../connections/web-link.js';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { formatDuration } from '../../src/migration/duration.js';
import { few, named, oneLine } from '../../src/migration/foreign-text.js';
import { surveyId } from '../../src/migration/messages.js';
import { everyMs, readSurvey, surveyQuery, surveyType, type Survey } from '../../src/migration/survey.js';
import { notSeen, type SurveyAnswer } from '../../src/migration/survey-state.js';
import type { Inventory } from '../../src/inventory/inventory.js';
import { noSuch } from '../connections/by-name.js';
import type { Config } from '../config/config.js';
import { badInput } from './failure.js';
import { quoted } from '../../src/migration/next-command.js';
import { hasWorker, noWorker } from './start.js';
import type { Temporal } from './temporal.js';

/** What was asked for, checked before anything is started. @throws CommandFailure `BadInput` */
export function surveyOf(asked: Record<keyof Survey, string | undefined>, { clusters }: Config): Survey {
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const { survey, mistakes } = readSurvey(given);
  const { cluster } = asked;
  const known = cluster === undefined || Object.hasOwn(clusters, cluster);
  const wrong = [...(known ? [] : [noSuch('clusters', cluster, Object.keys(clusters))]), ...mistakes];
  if (!survey || wrong.length > 0) throw badInput(...wrong);
  return survey;
}

export interface StartedSurvey {
  workflowId: string;
  runId: string;
  worker?: boolean;
  url?: string;
}

export async function startSurvey(temporal: Temporal, survey: Survey): Promise<StartedSurvey> {
  const { client, settings } = temporal;
  const workflowId = surveyId(survey.cluster);
  try {
    const handle = await client.workflow.start(surveyType, {
      workflowId,
      taskQueue: settings.taskQueue,
      args: [survey],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `survey: ${survey.cluster} for ${survey.for}`.slice(0, 100),
    });
    const worker = await hasWorker(temporal, workflowId);
    const url = webLink(settings, workflowId);
    return {
      ...{ workflowId, runId: handle.firstExecutionRunId },
      ...(worker !== undefined && { worker }),
      ...(url !== undefined && { url }),
    };
  } catch (error) {
    throw error instanceof WorkflowExecutionAlreadyStartedError
      ? badInput(
          `${workflowId} runs already: ferry status ${workflowId} shows it, and ferry scan --survey ${quoted(survey.cluster)} --stop ends it.`,
        )
      : error;
  }
}

export function startedSurveyText(
  survey: Survey,
  { workflowId, url, worker }: StartedSurvey,
  queue: string,
): string {
  const cluster = quoted(survey.cluster);
  return [
    `Started ${workflowId}: it looks at ${named(survey.cluster)} every ${formatDuration(everyMs(survey))} for ${survey.for}. Next:`,
    `  ferry status ${workflowId}`,
    `  ferry scan --survey ${cluster} --out inventory.json   # at any time, and after its end`,
    `  ferry scan --survey ${cluster} --stop`,
    ...(url ? [`  ${url}`] : []),
    ...(worker === false ? ['', noWorker(queue)] : []),
  ].join('\n');
}

/** Ends it; what it has seen stays. @returns what it answers */
export async function stopSurvey(temporal: Temporal, cluster: string, by: string): Promise<string> {
  const { taskQueue, running } = await described(temporal, cluster);
  if (!running) throw badInput(`${surveyId(cluster)} has ended already.`);
  return temporal.answered(taskQueue, () =>
    temporal.migration(surveyId(cluster)).executeUpdate<string, [unknown]>('stop', { args: [{ by }] }),
  );
}

/** What a survey has seen so far, or had seen when it ended. @throws CommandFailure `BadInput` where there is none */
export async function surveyAnswer(temporal: Temporal, cluster: string): Promise<SurveyAnswer> {
  const { taskQueue } = await described(temporal, cluster);
  return temporal.answered(taskQueue, () =>
    temporal.migration(surveyId(cluster)).query<SurveyAnswer>(surveyQuery),
  );
}

async function described(temporal: Temporal, cluster: string) {
  try {
    const { taskQueue, status } = await temporal.migration(surveyId(cluster)).describe();
    return { taskQueue, running: status.name === 'RUNNING' };
  } catch (error) {
    throw error instanceof WorkflowNotFoundError
      ? badInput(
          `There is no survey of ${named(cluster)} that Temporal still knows: ferry scan ${quoted(cluster)} --for 7d starts one.`,
        )
      : error;
  }
}

/** The survey and the look have to be of one cluster. @throws CommandFailure `BadInput` */
export function insistOnSameCluster({ cluster, clusterId }: Inventory, { seen }: SurveyAnswer): void {
  if (seen.clusterId !== '' && seen.clusterId !== clusterId)
    throw badInput(
      `${surveyId(cluster)} has looked at another cluster (id ${named(seen.clusterId)}) than ${named(cluster)} is here (id ${named(clusterId)}): use the ferry.yaml of the worker.`,
    );
}

const mostNames = 10;

/** What a survey adds to what one look has seen, in lines. */
export function surveyText(inventory: Inventory, answer: SurveyAnswer): string[] {
  const { survey, topics, groups } = inventory;
  if (survey === undefined) return [];
  const names = (title: string, all: readonly string[]) =>
    all.length === 0 ? [] : [`  ${title}: ${few(all, mostNames)}`];
  const written = topics.filter(({ rate, overTime }) => {
    const last = overTime?.value?.written.value?.last;
    return rate.value === 0 && last !== undefined && last !== null;
  });
  const gone = (groups.value ?? []).filter(({ state, overTime }) => state === 'dead' && overTime);
  const not = notSeen(answer);
  return [
    survey.until === null
      ? 'The survey has not seen it yet.'
      : `The survey ${survey.running ? 'looks' : 'looked'} from ${minute(survey.from)} to ${minute(survey.until)} UTC, ${survey.looks} ${survey.looks === 1 ? 'look' : 'looks'}; who comes more seldom was not seen.`,
    ...names(
      'Written to, and not now',
      written.map(({ name }) => name),
    ),
    ...names(
      'Groups that have left',
      gone.map(({ group }) => group),
    ),
    ...names(
      'Topics that are gone',
      survey.gone.map(({ topic }) => topic),
    ),
    ...(not.length > 0 ? ['', 'Not seen by the survey:', ...not.map((why) => `  - ${oneLine(why)}`)] : []),
  ];
}

const minute = (iso: string): string => iso.slice(0, 16).replace('T', ' ');
