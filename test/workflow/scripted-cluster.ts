import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ErrorType } from '../../src/migration/error-types.js';
import type { Migration } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import type { OffsetTable, Side } from '../../src/migration/offsets.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import type { Work } from '../../src/migration/work/work.js';
import { pack } from '../../src/migration/packed.js';

type Name = keyof Activities;
type Input<N extends Name> = Parameters<Activities[N]>[0];
type Result<N extends Name> = Awaited<ReturnType<Activities[N]>>;
export type Answer<N extends Name> = (input: Input<N>) => Result<N> | Promise<Result<N>>;

/** A call that a test lets wait until it gives the answer. */
export interface Held<N extends Name> {
  answer(answer: Result<N>): void;
  fail(failure: Error): void;
  /** Whether the workflow has cancelled the call. */
  cancelled: boolean;
}

/**
 * Both clusters of one migration as its workflow sees them. What a test has not scripted agrees at once: topics can
 * be created, the source is quiet, groups have drained and moved, nothing was written to the target.
 */
export class ScriptedCluster {
  readonly calls: { activity: Name; input: Work }[] = [];
  readonly #script = new Map<Name, Answer<never>[]>();
  readonly #held = new Set<() => void>();

  /** The next calls of this activity are answered like this, in order; later ones agree again. */
  next<N extends Name>(activity: N, ...answers: (Result<N> | Error | Answer<N>)[]): this {
    const queue = this.#script.get(activity) ?? [];
    queue.push(
      ...answers.map((answer): Answer<N> => {
        if (typeof answer === 'function') return answer;
        return () => {
          if (answer instanceof Error) throw answer;
          return answer;
        };
      }),
    );
    this.#script.set(activity, queue);
    return this;
  }

  /** The next call of this activity waits for the test. */
  hold<N extends Name>(activity: N): Held<N> {
    let answer: (answer: Result<N>) => void = () => undefined;
    let fail: (failure: Error) => void = () => undefined;
    const answered = new Promise<Result<N>>((resolve, reject) => {
      answer = resolve;
      fail = reject;
    });
    answered.catch(() => undefined);
    this.#held.add(() => fail(failure('Unexpected', 'the test is over')));
    const held: Held<N> = { answer, fail, cancelled: false };
    const waits = async (): Promise<Result<N>> => {
      const context = Context.current();
      const beating = setInterval(() => context.heartbeat({ says: 'held', at: '', carry: null }), 500);
      try {
        return await Promise.race([answered, context.cancelled]);
      } catch (error) {
        held.cancelled = context.cancellationSignal.aborted;
        throw error;
      } finally {
        clearInterval(beating);
      }
    };
    this.next(activity, waits);
    return held;
  }

  /** Lets go of calls that are still held, so that the worker can stop. */
  letGo(): void {
    for (const release of this.#held) release();
  }

  /** But for what every migration does first and last, or beside its steps. */
  names(): Name[] {
    const everywhere: readonly Name[] = ['takeHolds', 'releaseHolds', 'tell', 'keepAccount'];
    return this.calls.map(({ activity }) => activity).filter((name) => !everywhere.includes(name));
  }

  inputs<N extends Name>(activity: N): Input<N>[] {
    return this.calls.filter((call) => call.activity === activity).map(({ input }) => input as Input<N>);
  }

  async answer<N extends Name>(activity: N, input: Input<N>): Promise<Result<N>> {
    this.calls.push({ activity, input });
    const scripted = this.#script.get(activity)?.shift() as Answer<N> | undefined;
    return (scripted ?? agreeing[activity])(input);
  }

  /** What an activity answers when both clusters are as they should be. */
  async agreed<N extends Name>(activity: N, input: Input<N>): Promise<Result<N>> {
    return agreeing[activity](input);
  }
}

/** All activities, each answered by the clusters of the migration that it was asked for. */
export function scriptedActivities(clustersOf: (migration: Migration) => ScriptedCluster): Activities {
  const play =
    <N extends Name>(activity: N) =>
    (input: Input<N>): Promise<Result<N>> =>
      clustersOf(input.migration).answer(activity, input);
  return Object.fromEntries(
    (Object.keys(agreeing) as Name[]).map((activity) => [activity, play(activity)]),
  ) as unknown as Activities;
}

/** A failure as activities report it: a type of the closed set, and whether trying again is left to a person. */
export function failure(type: ErrorType, sentence: string, ...findings: Finding[]): ApplicationFailure {
  return ApplicationFailure.nonRetryable(sentence, type, ...(findings.length > 0 ? [findings] : []));
}

export const asks = (key: string, sentence: string): Finding => ({ weight: 'asks', key, sentence });
export const blocks = (key: string, sentence: string): Finding => ({ weight: 'blocks', key, sentence });

const offsets = <S extends Side>(
  { migration }: Work,
  offset: string,
  name: (topic: Topic) => string,
): OffsetTable<S> => Object.fromEntries(migration.topics.map((topic) => [name(topic), [offset, offset]]));
type Topic = Migration['topics'][number];
const onSource = (topic: Topic) => topic.name;
const onTarget = (topic: Topic) => topic.newName ?? topic.name;

const agreeing: { [N in Name]: Answer<N> } = {
  checkPlan: ({ migration }) => ({
    findings: [],
    will: migration.topics.map((topic) => `create ${onTarget(topic)}`),
    topicIds: Object.fromEntries(migration.topics.map(({ name }) => [name, `id-of-${name}`])),
  }),
  takeHolds: ({ migration }) => ({
    held: [migration.source, migration.target].map((cluster) => ({ cluster, clusterId: `id-of-${cluster}` })),
    findings: [],
    sentence: 'No other migration has these topics and groups.',
  }),
  releaseHolds: () => ({ sentence: 'Other migrations may have the topics and groups.' }),
  compareTopics: ({ topics }) => ({ findings: [], sentence: `${topics.join(', ')} as the migration needs.` }),
  createTopics: ({ migration }) => ({
    made: migration.topics
      .filter(({ createdBy }) => createdBy === 'ferry')
      .map((topic) => ({ name: onTarget(topic), topicId: `new-id-of-${onTarget(topic)}` })),
    findings: [],
    sentence: 'Topics created.',
  }),
  copyAcls: () => ({ made: [], findings: [], sentence: 'No ACL to copy.' }),
  seedOffsets: (input) => ({
    start: input.start ?? offsets(input, '0', onTarget),
    made: input.start
      ? []
      : input.migration.consumers.map(({ group, newGroup }) => ({
          group: newGroup ?? group,
          topics: input.migration.topics.map(onTarget),
        })),
    findings: [],
    sentence: 'Every group has a starting offset.',
  }),
  watchQuiet: (input) => ({
    state: 'quiet',
    ends: offsets(input, '120', onSource),
    sentence: input.accepted?.includes('not-quiet')
      ? 'Not verified: the proof of a quiet source was overridden.'
      : 'Quiet for 150s.',
  }),
  watchDoubling: (input) => ({
    state: 'doubling',
    marks: offsets(input, '100', onSource),
    sentence: input.accepted?.includes('not-doubling')
      ? 'Not verified: the proof of doubling was overridden.'
      : 'Both clusters get every message.',
  }),
  watchTwins: (input) => ({
    state: 'compared',
    alone: [],
    findings: [],
    next: { source: input.to, target: offsets(input, '200', onTarget) },
    sentence: 'Each record after the marks is on both clusters.',
  }),
  // An answer before the slice is over is waited out by the workflow, so time may be skipped.
  watchSoak: () => ({ state: 'watching', sentence: 'Nothing has come.', carry: null }),
  watchDrain: ({ migration }) => ({
    state: 'drained',
    lag: migration.consumers.map(({ group }) => ({ group, verdicts: { drained: 2 } })),
    sentence: 'Every group has consumed the source.',
  }),
  watchConsumers: ({ groups }) => ({
    state: 'agrees',
    sentence: `${groups.join(', ')} as expected.`,
  }),
  prepareMirror: ({ migration }) => ({
    partitions: Object.fromEntries(migration.topics.map(({ name }) => [name, 2])),
    findings: [],
    sentence: 'The mirror is prepared.',
  }),
  mirror: mirroring,
  watchMirror: (input) => ({
    state: 'caught-up',
    mirrored: offsets(input, '110', onTarget),
    sentence: input.to ? 'Every record is on the target.' : 'The mirror keeps up.',
  }),
  watchParity: () => ({
    state: 'equal',
    report: { records: '220', bytes: '2200', unverifiable: [], differences: [] },
    sentence: '220 records are equal on both clusters.',
  }),
  translateGroups: ({ migration, groups, translated }) => ({
    state: 'translated',
    translated: [
      ...translated.filter(({ group }) => !groups.includes(group)),
      ...groups.map((group) => ({
        group,
        partitions: migration.topics.flatMap(({ name }) =>
          [0, 1].map((partition) => ({
            topic: name,
            partition,
            source: '60',
            target: '55',
            certainty: 'exact' as const,
          })),
        ),
      })),
    ],
    sentence: `${groups.join(', ')} translated.`,
  }),
  watchProducers: ({ migration }) => ({
    state: 'writing',
    written: migration.topics.map(onTarget),
    sentence: 'Producers write to the target.',
  }),
  stopMirror: () => ({ sentence: 'The mirror has stopped.' }),
  removeMirror: () => ({ sentence: 'The mirror is removed.' }),
  copySchemas: () => ({ findings: [], sentence: 'No schema to copy.' }),
  leaveImport: () => ({ sentence: 'The target registry is not in import mode.' }),
  watchSchemas: watchingUntilCancelled,
  finalCheck: ({ migration, topicIds }) => ({
    findings: [],
    sentence: 'Nothing was written and nobody reads.',
    manifest: migration.topics.map(({ name }) => ({
      topic: name,
      topicId: topicIds?.[name] ?? null,
      partitions: 2,
      highWatermarks: pack([120n, 120n]),
      config: {},
    })),
  }),
  deleteSource: ({ migration }) => ({ sentence: `Deleted ${migration.topics.map(onSource).join(', ')}.` }),
  watchDeleted: () => ({ state: 'gone', sentence: 'Gone by their ids.', recreated: [] }),
  targetWrites: () => ({ written: [] }),
  tell: ({ tellings }) => ({
    told: tellings.map(({ event }) => event),
    failed: [],
    sentence: 'Told.',
  }),
  keepAccount: () => ({ written: [], sentence: '' }),
  undo: ({ made, translated = [] }) => ({
    undone: [
      ...[...translated, ...made.offsets].map(({ group }) => `offsets of ${group}`),
      ...made.acls.map(({ principal }) => `ACL of ${principal}`),
      ...made.topics.map(({ name }) => `topic ${name}`),
    ],
    left: [],
  }),
};

/** A mirror answers nothing until it is told to stop; then it has stored its position. */
async function mirroring({ share }: Input<'mirror'>): Promise<Result<'mirror'>> {
  const mirror: MirrorHeartbeat['mirror'] = {
    ...{ share, records: 5, bytes: 500, recordsPerSecond: 1, bytesPerSecond: 100 },
    ...{ lag: 0, lagging: {} },
  };
  await untilCancelled({ mirror });
  return { state: 'watching', sentence: 'Stopped.', carry: null };
}

async function watchingUntilCancelled(): Promise<Result<'watchSchemas'>> {
  await untilCancelled();
  return { state: 'watching', sentence: 'Stopped.', carry: null };
}

async function untilCancelled(details: object = {}): Promise<void> {
  const context = Context.current();
  const beating = setInterval(
    () => context.heartbeat({ says: 'copying', at: '', carry: null, ...details }),
    500,
  );
  try {
    await context.cancelled.catch(() => undefined);
  } finally {
    clearInterval(beating);
  }
}
