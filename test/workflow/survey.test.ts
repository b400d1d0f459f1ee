import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { runSinks } from '../../app/worker/runs.js';
import { asFailure } from '../../activities/kit/failure.js';
import { FerryError } from '../../src/migration/errors.js';
import { packLook, unpackSeen } from '../../src/migration/packed-survey.js';
import { bytesOf } from '../../src/migration/size.js';
import { statusQuery, surveyId } from '../../src/migration/messages.js';
import type { Outcome } from '../../src/migration/state.js';
import type { Status } from '../../src/migration/status.js';
import { surveyQuery, surveyType } from '../../src/migration/survey.js';
import type { Look } from '../../src/migration/survey-seen.js';
import type { SurveyAnswer } from '../../src/migration/survey-state.js';
import type { LookWork } from '../../src/migration/work/survey.js';
import { eventually } from '../eventually.js';
import { todaysBundle } from './bundle.js';
import { skippingServer } from './servers.js';

// A survey on the server that skips time: days pass once somebody waits for its end.
const taskQueue = 'surveys';
let environment: TestWorkflowEnvironment;
let stop: () => Promise<void>;
let runs = 0;
let cluster: string;
/** What each look finds, by its number from 1 on; of retries too. */
let finds: (number: number, work: LookWork) => Look | Promise<Look>;
let asked: LookWork[];
let answers: number[];

beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
  environment = await skippingServer();
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await todaysBundle(),
    sinks: runSinks,
    activities: {
      lookAtCluster: async (work: LookWork) => {
        asked.push(work);
        try {
          const answer = packLook(await finds(asked.length, work), work.known);
          answers.push(bytesOf(answer));
          return answer;
        } catch (error) {
          throw asFailure(error, 'lookAtCluster');
        }
      },
    },
  });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
  };
});
afterAll(async () => {
  await stop();
  await environment.teardown();
});
beforeEach(() => {
  runs += 1;
  cluster = `cluster ${runs}/a`;
  asked = [];
  answers = [];
});

const start = (survey: object, id = surveyId(cluster)): Promise<WorkflowHandleWithFirstExecutionRunId> =>
  environment.client.workflow.start(surveyType, {
    taskQueue,
    workflowId: id,
    args: [{ cluster, ...survey }],
  });
const latest = (handle: WorkflowHandle) => environment.client.workflow.getHandle(handle.workflowId);
const status = (handle: WorkflowHandle) => latest(handle).query<Status>(statusQuery);
async function seenBy(handle: WorkflowHandle) {
  const answer = await latest(handle).query<SurveyAnswer>(surveyQuery);
  return { ...answer, seen: unpackSeen(answer.seen), bytes: bytesOf(answer) };
}
const empty: Look = { clusterId: 'id', topics: [], groups: [], unseen: [] };
const first = (handle: WorkflowHandle) =>
  eventually(
    () => seenBy(handle),
    ({ seen }) => seen.looks > 0,
  );

it('sees what no single look sees, over weeks and many runs, and keeps it to its end and after', async () => {
  // A producer that writes at every 100th look, and a group that is there at the 120th alone.
  finds = (number) => ({
    clusterId: 'id',
    topics: [
      { name: 'weekly', end: BigInt(Math.floor(number / 100)), producers: [] },
      { name: 'never', end: 7n },
    ],
    groups:
      number === 120
        ? [{ group: 'monthly', mark: 1n, commits: 1, members: 1, lag: 3n, reads: ['weekly'] }]
        : [],
    unseen: [],
  });
  const handle = await start({ for: '336h', every: '1h' });
  const outcome = (await handle.result()) as Outcome;
  const { seen, startedAt } = await seenBy(handle);
  expect(outcome).toMatchObject({
    result: 'done',
    sentence: `337 looks at ${cluster}: 2 topics, 1 of them written to; 1 group, 1 of them moving.`,
  });
  expect(seen.looks).toBe(337);
  const hours = (time = 0) => Math.round((time - Date.parse(startedAt)) / 3_600_000);
  const weekly = seen.topics.get('weekly');
  expect([weekly?.firstWritten, weekly?.lastWritten].map(hours)).toEqual([99, 299]);
  expect(weekly?.written).toBe(3n);
  expect(seen.topics.get('never')).toMatchObject({ compared: 336, written: 0n });
  const monthly = seen.groups.get('monthly');
  expect([monthly?.firstSeen, monthly?.lastSeen, monthly?.lastMembers].map(hours)).toEqual([119, 119, 119]);
  expect(monthly?.reads).toEqual(['weekly']);
  // It went on in new runs, and names were told once in each.
  const last = await latest(handle).describe();
  expect(last.runId).not.toBe(handle.firstExecutionRunId);
  expect(last.historyLength).toBeLessThan(1_000);
  expect(asked[1]?.known).not.toEqual(asked[0]?.known);
  expect(asked[2]?.known).toEqual(asked[1]?.known);
});

it('goes on whatever fails at a look, and says when it saw nothing, and what it did not see', async () => {
  const down = new FerryError(
    'Unauthorized',
    'The ferry may not list the topics of "onprem": grant DESCRIBE.',
  );
  finds = (number) => {
    if (number === 2) throw down;
    if (number === 3) throw new Error('a defect with a secret in it');
    return { ...empty, unseen: number === 4 ? [{ why: 'broker 2 did not answer', times: 12 }] : [] };
  };
  const handle = await start({ for: '5h', every: '1h' });
  expect(await handle.result()).toMatchObject({
    sentence: `4 looks at ${cluster}, and 2 looks that saw nothing: 0 topics, 0 of them written to; 0 groups, 0 of them moving.`,
  });
  const { missed, unseen } = await seenBy(handle);
  expect(missed).toMatchObject({
    count: 2,
    latest: [{ why: down.message }, { why: /defect that no rule/ }].map(({ why }) => ({
      why: typeof why === 'string' ? why : (expect.stringMatching(why) as unknown),
    })),
  });
  expect(JSON.stringify(missed)).not.toContain('secret');
  expect(unseen).toMatchObject([{ why: 'broker 2 did not answer', times: 12 }]);
  const shown = await status(handle);
  expect(shown).toMatchObject({ strategy: 'survey', state: 'done', source: cluster });
  expect(shown.unverified).toEqual([
    expect.stringMatching(/^The look of \d{4}-.* UTC saw nothing: The ferry may not list/),
    expect.stringMatching(/saw nothing: lookAtCluster met a defect/),
    expect.stringMatching(/UTC \(12 times\): broker 2 did not answer$/),
  ]);
});

it('adds nothing of another cluster that has the name by now', async () => {
  finds = (number) => ({
    ...empty,
    clusterId: number === 2 ? 'other' : 'id',
    topics: number === 2 ? [{ name: 'elsewhere', end: 5n }] : [],
  });
  const handle = await start({ for: '2h', every: '1h' });
  await handle.result();
  const { seen, missed } = await seenBy(handle);
  expect(seen.topics.size).toBe(0);
  expect(missed.latest).toMatchObject([
    {
      why: expect.stringContaining('is another cluster now (id other) than the one that was looked at (id)'),
    },
  ]);
});

it('tries a look again when a cluster is away for a moment', async () => {
  finds = (number) => {
    if (number < 3) throw new FerryError('Unreachable', 'Cluster "onprem" did not answer.');
    return empty;
  };
  const handle = await start({ for: '1h', every: '1h' });
  expect(await handle.result()).toMatchObject({ sentence: expect.stringContaining('2 looks at') });
  expect((await seenBy(handle)).missed.count).toBe(0);
});

it('has a bounded history and state on a cluster of 2,000 topics and 2,000 groups', async () => {
  const large = (number: number): Look => ({
    clusterId: 'id',
    topics: Array.from({ length: 2_000 }, (_, at) => ({
      name: `team-${String(at % 40).padStart(2, '0')}.an-ordinary-topic-${String(at).padStart(4, '0')}`,
      end: BigInt(((at * 7_919) % 1_000_003) + number * (at % 89)),
      producers: [
        { id: BigInt(at * 13 + number), lastWrote: 1_767_225_600_000 + at * number, transactional: false },
      ],
    })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    groups: Array.from({ length: 2_000 }, (_, at) => ({
      group: `an-ordinary-group-${String(at).padStart(4, '0')}`,
      mark: BigInt((at * 48_271 * number) % 2 ** 40),
      commits: 10,
      members: at % 3,
      lag: BigInt((at * 97 * number) % 10_007),
    })),
    unseen: [],
  });
  finds = large;
  const handle = await start({ for: '8h', every: '1h' });
  await handle.result();
  const { seen, bytes } = await seenBy(handle);
  expect([seen.topics.size, seen.groups.size, seen.looks]).toEqual([2_000, 2_000, 9]);
  expect(Math.max(...answers)).toBeLessThan(400_000);
  // Names do not cross again while they stay the same.
  expect(Math.max(...answers.slice(1))).toBeLessThan(150_000);
  expect(bytes).toBeLessThan(700_000);
});

it('is stopped by an update, whose validator refuses what it cannot mean, and by a signal', async () => {
  finds = () => empty;
  const handle = await start({ for: '7d' });
  await first(handle);
  const say = (name: string, input: unknown) =>
    handle.executeUpdate<string, [unknown]>(name, { args: [input] });
  await expect(say('stop', { by: '' })).rejects.toMatchObject({
    cause: { message: 'by is empty: who says so?' },
  });
  await expect(say('stop', 'now')).rejects.toMatchObject({
    cause: { message: 'stop takes one JSON object, for example {"by":"ann"}' },
  });
  await expect(say('pause', {})).rejects.toMatchObject({
    cause: { message: 'a survey is told nothing but stop and abort, and no pause' },
  });
  await handle.signal('stop', { when: 'now' });
  await handle.signal('retry');
  const { refused } = await eventually(
    () => status(handle),
    (shown) => shown.refused.length === 2,
  );
  expect(refused.map(({ message, why }) => `${message}: ${why}`)).toEqual([
    'stop: when is not a key of stop',
    'retry: a survey is told nothing but stop and abort',
  ]);
  expect(await say('stop', { by: 'ann', note: 'seen enough' })).toBe('ends, and keeps what it has seen');
  expect(await handle.result()).toMatchObject({
    result: 'done',
    sentence: expect.stringMatching(/^Stopped by ann \(seen enough\)\. 1 look at /),
  });

  const other = await start({ for: '7d' });
  await first(other);
  await other.signal('stop');
  expect(await other.result()).toMatchObject({ sentence: expect.stringMatching(/^Stopped by somebody\. /) });
});

it('stops in the middle of a look, and when Temporal is asked to cancel it', async () => {
  let letGo: () => void = () => undefined;
  const held = new Promise<Look>((resolve) => (letGo = () => resolve(empty)));
  finds = () => held;
  const handle = await start({ for: '7d' });
  await eventually(async () => asked.length, Boolean);
  await handle.cancel();
  expect(await handle.result()).toMatchObject({
    sentence: expect.stringMatching(/^Stopped by somebody \(cancelled from Temporal\)\. 0 looks/),
  });
  letGo();
});

it('shows itself: details, memo, and words for each message', async () => {
  finds = () => ({
    ...empty,
    topics: [{ name: 'a', end: 1n }],
    unseen: [{ why: 'no broker said', times: 1 }],
  });
  const handle = await start({ for: '7d' });
  await first(handle);
  const metadata = await handle.query<{
    currentDetails?: string;
    definition?: Record<'signalDefinitions' | 'updateDefinitions', { name: string; description: string }[]>;
  }>('__temporal_workflow_metadata');
  expect(metadata.currentDetails).toMatch(/^\*\*1 look at cluster \d+\/a: 1 topic, .* Looks every 1h until /);
  expect(metadata.currentDetails).toContain('`stop` with `{"by":"you"}`');
  expect(metadata.currentDetails).toContain('UTC: no broker said');
  expect(metadata.currentDetails).toContain('| Topics | 1 | 0 | 0 | 0 |');
  for (const kind of ['signalDefinitions', 'updateDefinitions'] as const)
    for (const name of ['stop', 'abort'])
      expect(metadata.definition?.[kind].find((one) => one.name === name)?.description).toMatch(
        /^[A-Z].{20,}/,
      );
  expect((await handle.describe()).memo).toMatchObject({
    survey: { cluster, state: 'running', looks: 1, missed: 0 },
  });
  const { events } = await handle.fetchHistory();
  const summaries = (events ?? []).flatMap(({ userMetadata }) =>
    userMetadata?.summary ? [defaultPayloadConverter.fromPayload(userMetadata.summary)] : [],
  );
  expect(summaries).toEqual([`looks at ${cluster}, look 1`, 'until it looks again']);
  await handle.signal('stop');
  await handle.result();
});

it.each([
  [{ for: '7 days' }, /for: expected a duration such as 1h or 7d/],
  [{ for: '1h', every: '2h' }, /every: expected no more than the time of the whole survey/],
  [{ for: '1h', often: '1m' }, /often: not a key of a survey/],
  [{ for: '1h', cluster: 'other' }, /the workflow id has to be survey\/other/],
])('%j is no survey', async (survey, mistake) => {
  finds = () => empty;
  await expect((await start(survey)).result()).rejects.toMatchObject({
    cause: { type: 'BadInput', message: expect.stringMatching(mistake) },
  });
  expect(asked).toEqual([]);
});

it('of a cluster that ferry.yaml does not have ends at once, with one sentence', async () => {
  const sentence = 'ferry.yaml has no cluster "elsewhere"; it has onprem.';
  finds = () => {
    throw new FerryError('BadInput', sentence);
  };
  await expect((await start({ for: '1h' })).result()).rejects.toMatchObject({
    cause: { type: 'BadInput', message: sentence },
  });
});
