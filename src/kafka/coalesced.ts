import type { Cluster, Committed, Row, Rows, TopicPartition } from './cluster.js';
import { partitionKey } from './cluster.js';

/**
 * The same cluster, for many waiting migrations: what they ask within `windowMs` of each other is asked once, for all
 * of their keys, and the answer is split again. Everything else passes through.
 */
export function coalesced(cluster: Cluster, windowMs = 20): Cluster {
  const watermarks = together(windowMs, (questions: (readonly TopicPartition[])[]) =>
    cluster.watermarks([...byKey(questions.flat()).values()]),
  );
  const describeGroups = together(windowMs, (questions: (readonly string[])[]) =>
    cluster.describeGroups([...new Set(questions.flat())]),
  );
  const topics = together(windowMs, (questions: (readonly string[])[]) =>
    cluster.topics([...new Set(questions.flat())]),
  );
  const everythingCommitted = together(windowMs, (questions: (readonly string[])[]) =>
    cluster.committedOffsets([...new Set(questions.flat())]),
  );
  const committed = together(windowMs, (questions: ReadonlyMap<string, readonly TopicPartition[]>[]) => {
    const wanted = new Map<string, TopicPartition[]>();
    for (const [group, partitions] of questions.flatMap((question) => [...question]))
      wanted.set(group, [...byKey([...(wanted.get(group) ?? []), ...partitions]).values()]);
    return cluster.committedOffsets([...wanted.keys()], wanted).then((rows) => ({ rows, asked: wanted }));
  });

  return {
    ...cluster,
    watermarks: async (partitions) => pick(await watermarks(partitions), partitions.map(partitionKey)),
    describeGroups: async (groups) => pick(await describeGroups(groups), groups),
    topics: async (names) => (names ? pick(await topics(names), names) : cluster.topics()),
    committedOffsets: async (groups, partitions) => {
      if (!partitions) return pick(await everythingCommitted(groups), groups);
      const wanted = new Map(
        groups.map((group) => [group, isMap(partitions) ? (partitions.get(group) ?? []) : partitions]),
      );
      const { rows, asked } = await committed(wanted);
      return own(cluster, wanted, pick(rows, groups), asked);
    },
  };
}

/** A function that waits for more questions, then asks them all at once; everybody gets the whole answer. */
function together<Question, Answer>(
  windowMs: number,
  ask: (questions: Question[]) => Promise<Answer>,
): (question: Question) => Promise<Answer> {
  let waiting: { questions: Question[]; answer: Promise<Answer> } | undefined;
  return (question) => {
    if (waiting) {
      waiting.questions.push(question);
      return waiting.answer;
    }
    const questions = [question];
    const answer = new Promise<void>((resolve) => setTimeout(resolve, windowMs)).then(() => {
      waiting = undefined;
      return ask(questions);
    });
    waiting = { questions, answer };
    return answer;
  };
}

/**
 * Of what a group has committed, the partitions that were wanted. Its row is an error when any partition asked for is,
 * so a group in error is asked about again, without the partitions that others wanted.
 */
async function own(
  cluster: Cluster,
  wanted: ReadonlyMap<string, readonly TopicPartition[]>,
  rows: Map<string, Row<Map<string, Committed>>>,
  asked: ReadonlyMap<string, readonly TopicPartition[]>,
): Promise<Rows<string, Map<string, Committed>>> {
  const ofOthers = (group: string) => (asked.get(group)?.length ?? 0) > (wanted.get(group)?.length ?? 0);
  const failed = [...rows].filter(([group, row]) => row.error && ofOthers(group)).map(([group]) => group);
  if (failed.length > 0)
    for (const [group, row] of await cluster.committedOffsets(failed, wanted)) rows.set(group, row);
  return new Map(
    [...rows].map(([group, row]): [string, Row<Map<string, Committed>>] => {
      if (row.error) return [group, row];
      const keys = new Set(wanted.get(group)?.map(partitionKey));
      return [group, { value: new Map([...row.value].filter(([key]) => keys.has(key))) }];
    }),
  );
}

function pick<V>(rows: Rows<string, V>, keys: readonly string[]): Map<string, Row<V>> {
  return new Map(
    keys.flatMap((key) => {
      const row = rows.get(key);
      return row ? [[key, row] as const] : [];
    }),
  );
}

const byKey = (partitions: readonly TopicPartition[]) =>
  new Map(partitions.map((partition) => [partitionKey(partition), partition]));

function isMap<K, V>(value: readonly unknown[] | ReadonlyMap<K, V>): value is ReadonlyMap<K, V> {
  return value instanceof Map;
}
