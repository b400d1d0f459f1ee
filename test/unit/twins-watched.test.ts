import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { twinActivities } from '../../activities/drain/twins.js';
import { unreadFindings } from '../../activities/retire/unread.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { migrationOf } from './migration-states.js';
import { offsetTable, type OffsetTable, type Side } from '../../src/migration/offsets.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Doubled } from '../../src/migration/work/drain.js';
import type { Heartbeat } from '../../src/migration/work/work.js';
import { clusterOf, Log, topic } from './parity-log.js';

const migration = migrationOf({
  ...{ strategy: 'doubleProducer', source: 'source', target: 'target', topics: [{ name: topic }] },
});
const written = (value: number) => ({
  records: [{ timestamp: 1_700_000_000_000n, key: null, value: Buffer.from(String(value)), headers: [] }],
});
const logOf = (values: number) => new Log(Array.from({ length: values }, (_, value) => written(value)));
const at = <S extends Side>(offset: bigint): OffsetTable<S> => offsetTable([{ topic, partition: 0, offset }]);

type Input = Parameters<Activities['watchTwins']>[0];
type Answer = Awaited<ReturnType<Activities['watchTwins']>>;

const source = logOf(50);
const asked = (more: Partial<Input> = {}): Input => ({
  migration,
  ...{ since: { source: at(0n), target: at(0n) }, from: at(0n), to: at(source.end) },
  sliceMs: 1,
  ...more,
});

/** Answers later than a slice of 1 ms is over. */
function slow(log: Log): Cluster {
  const cluster = clusterOf([log]);
  const fetch: Cluster['fetch'] = async (...asked) => {
    await sleep(5);
    return cluster.fetch(...asked);
  };
  return { ...cluster, fetch };
}

/** Of 50 records each pass has some ten. */
function watching(target: Log, heartbeat?: Heartbeat) {
  const clusters = { source: slow(source), target: slow(target) };
  const { watchTwins } = twinActivities({ clusters: (name) => clusters[name as keyof typeof clusters] }, 10);
  return (input: Input): Promise<Answer> =>
    new MockActivityEnvironment(heartbeat && { heartbeatDetails: heartbeat }, {
      logger: new DefaultLogger('ERROR'),
    }).run<[Input], Answer, typeof watchTwins>(watchTwins, input);
}

test('slices that are too short for all passes go on where they were, and look at the same of the target', async () => {
  const target = logOf(45);
  const sentences: string[] = [];
  let answer = await watching(target)(asked());
  const first = answer;
  while (answer.state === 'watching' && sentences.length < 10) {
    sentences.push(answer.sentence);
    // Comes too late to be a twin for some passes and not for others.
    target.append(written(45 + sentences.length));
    answer = await watching(target)(asked({ carry: JSON.parse(JSON.stringify(answer.carry)) }));
  }
  expect(sentences.map((sentence) => sentence.replace(/^.*, /, ''))).toEqual([
    'in pass 2 of 5',
    'in pass 3 of 5',
    'in pass 4 of 5',
    'in pass 5 of 5',
  ]);
  expect(answer).toMatchObject({
    state: 'compared',
    alone: [{ topic, partition: 0, from: '45', to: '50', records: 5 }],
    next: { source: at(50n), target: at(45n) },
    findings: [{ key: `on-source-alone:${topic}+5@50` }],
  });
  if (first.state !== 'watching') throw new Error(first.state);
  // An attempt that was lost with its worker has told the same by its heartbeats.
  const lost: Heartbeat = { says: '', at: '', carry: first.carry };
  expect(await watching(target, lost)(asked())).toMatchObject({
    sentence: expect.stringContaining('in pass 3 of 5'),
  });
});

test('where a person has accepted that it is not compared, a slice ends in the middle of a pass', async () => {
  const target = logOf(45);
  const stuck = clusterOf([target]);
  const clusters = {
    source: clusterOf([source]),
    target: { ...stuck, fetch: () => new Promise<never>(() => undefined) },
  };
  const { watchTwins } = twinActivities({ clusters: (name) => clusters[name as keyof typeof clusters] });
  const answer = await new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR') }).run<
    [Input],
    Answer,
    typeof watchTwins
  >(watchTwins, asked({ sliceMs: 50, accepted: ['not-compared'] }));
  expect(answer).toMatchObject({ state: 'watching', sentence: expect.stringContaining('for twins') });
});

const upTo = (offset: bigint): Doubled => ({ to: at(offset), next: { target: at(offset) }, alone: [] });

test.each([
  [undefined, 40],
  [upTo(30n), 20],
  [upTo(50n), 0],
])('before the deletion all that nobody has compared counts as alone: %#', async (doubled, records) => {
  const sides = { source: clusterOf([source]), target: clusterOf([logOf(0)]) };
  const [facts] = (await sides.source.topics([topic])).values();
  const findings = await unreadFindings(
    sides,
    { migration, ends: at(50n), marks: at(10n), ...(doubled && { doubled }) },
    [facts!.value!],
  );
  expect(findings.filter(({ key }) => key.startsWith('on-source-alone:'))).toMatchObject(
    records > 0
      ? [
          {
            key: `on-source-alone:${topic}+${records}@50`,
            sentence: expect.stringContaining('were not all compared with memory'),
          },
        ]
      : [],
  );
});

describe('records that have twins when the end is frozen', () => {
  /** What the deletion asks where the target, which held all of it then, is like this by now. */
  const asksWith = async (now: Log, id = `id-of-${topic}`): Promise<string[]> => {
    const before = logOf(50);
    const answer = await watching(before)(asked({ from: at(10n), sliceMs: 10_000 }));
    if (answer.state !== 'compared' || !answer.copies) throw new Error(answer.sentence);
    const { next, alone, copies } = answer;
    const twins = { ...copies, from: at<'target'>(0n) };
    const doubled: Doubled = JSON.parse(JSON.stringify({ to: at(50n), next, alone, twins })) as Doubled;
    const target = clusterOf([now]);
    const sides = {
      source: clusterOf([source]),
      target: {
        ...target,
        topics: async (names: readonly string[]) =>
          new Map(
            [...(await target.topics(names))].map(([name, { value }]) => [
              name,
              { value: { ...value!, topicId: id } },
            ]),
          ),
      } as Cluster,
    };
    const [facts] = (await sides.source.topics([topic])).values();
    const work = { migration, ends: at<'source'>(50n), marks: at<'source'>(10n), doubled };
    const findings = await unreadFindings(sides, work, [facts!.value!]);
    return findings.map(({ weight, key }) => `${weight} ${key}`).filter((one) => !one.includes('no-group'));
  };
  const restOf = (from: number) =>
    new Log(
      Array.from({ length: 50 - from }, (_, nth) => written(from + nth)),
      BigInt(from),
    );

  test('ask for nothing while the target has them, whatever producers write there', async () => {
    const grown = logOf(50);
    grown.append(written(1_000));
    expect(await asksWith(grown)).toEqual([]);
    // What lay before the marks was read on the source.
    expect(await asksWith(restOf(10))).toEqual([]);
  });

  test.each([
    ['at the beginning of its log', restOf(35), 25],
    ['at its end', logOf(30), 20],
    ['everywhere', new Log([written(1_000)], 50n), 40],
  ])('ask before the deletion, by their number, once the target has lost them %s', async (_, now, lost) => {
    expect(await asksWith(now)).toEqual([`asks on-source-alone:${topic}+${lost}@50`]);
  });

  test('block where the target is another topic', async () => {
    expect(await asksWith(logOf(50), 'another')).toContain(`blocks target-recreated:${topic}`);
  });
});
