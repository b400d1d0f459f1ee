import type {
  Arrived,
  Cluster,
  Committed,
  GroupFacts,
  Row,
  Rows,
  TopicFacts,
  TopicPartition,
  Watermarks,
} from './cluster.js';
import { partitionKey } from './cluster.js';

/**
 * The same cluster, for many waiting migrations: what they ask within `windowMs` of each other is asked once, for all
 * of their keys, and the answer is split again. Everything else passes through.
 */
export function coalesced(cluster: Cluster, windowMs = 20): Cluster {
  const watermarks = together<readonly TopicPartition[], Watermarks>(windowMs, (questions, arrived) =>
    cluster.watermarks([...byKey(questions.flat()).values()], arrived),
  );
  const describeGroups = together<readonly string[], GroupFacts>(windowMs, (questions, arrived) =>
    cluster.describeGroups([...new Set(questions.flat())], arrived),
  );
  const topics = together<readonly string[], TopicFacts>(windowMs, (questions) =>
    cluster.topics([...new Set(questions.flat())]),
  );
  const everythingCommitted = together<readonly string[], Map<string, Committed>>(
    windowMs,
    (questions, arrived) => cluster.committedOffsets([...new Set(questions.flat())], undefined, arrived),
  );
  const committed = together<Wanted, Map<string, Committed>>(windowMs, (questions, arrived) => {
    const wanted = allWanted(questions);
    return cluster.committedOffsets([...wanted.keys()], wanted, arrived);
  });

  return {
    ...cluster,
    watermarks: async (partitions, arrived) =>
      arrived
        ? cluster.watermarks(partitions, arrived)
        : (await watermarks(partitions, partitions.map(partitionKey))).rows,
    describeGroups: async (groups, arrived) =>
      arrived ? cluster.describeGroups(groups, arrived) : (await describeGroups(groups, groups)).rows,
    topics: async (names) => (names ? (await topics(names, names)).rows : cluster.topics()),
    committedOffsets: async (groups, partitions, arrived) => {
      if (arrived) return cluster.committedOffsets(groups, partitions, arrived);
      if (!partitions) return (await everythingCommitted(groups, groups)).rows;
      const wanted = new Map(
        groups.map((group) => [group, isMap(partitions) ? (partitions.get(group) ?? []) : partitions]),
      );
      const { rows, questions } = await committed(wanted, groups);
      return own(cluster, wanted, rows, questions);
    },
  };
}

/** Partitions by group. */
type Wanted = ReadonlyMap<string, readonly TopicPartition[]>;

function allWanted(questions: readonly Wanted[]): Map<string, TopicPartition[]> {
  const wanted = new Map<string, TopicPartition[]>();
  for (const [group, partitions] of questions.flatMap((question) => [...question]))
    wanted.set(group, [...byKey([...(wanted.get(group) ?? []), ...partitions]).values()]);
  return wanted;
}

interface Answer<Question, V> {
  rows: Map<string, Row<V>>;
  /** All that were asked at once. */
  questions: readonly Question[];
}

/**
 * A function that waits for more questions, then asks them all at once. Everybody gets the rows of their own keys, as soon
 * as these are there: what the keys of others lack is no reason to wait.
 */
function together<Question, V>(
  windowMs: number,
  ask: (questions: Question[], arrived: Arrived<V>) => Promise<Rows<string, V>>,
): (question: Question, keys: readonly string[]) => Promise<Answer<Question, V>> {
  let gathering:
    | { questions: Question[]; readonly rowsOf: (keys: readonly string[]) => Promise<Map<string, Row<V>>> }
    | undefined;

  const begin = () => {
    const questions: Question[] = [];
    const rows = new Map<string, Row<V>>();
    const waiting = new Map<string, { missing: number; resolve(): void }[]>();
    const arrived = (key: string): void => {
      for (const one of waiting.get(key) ?? []) if ((one.missing -= 1) === 0) one.resolve();
      waiting.delete(key);
    };
    const all = new Promise<void>((resolve) => setTimeout(resolve, windowMs)).then(async () => {
      gathering = undefined;
      const answer = await ask(questions, (key, row) => {
        rows.set(key, row);
        arrived(key);
      });
      for (const [key, row] of answer) rows.set(key, row);
    });
    const rowsOf = async (keys: readonly string[]) => {
      const missing = new Set(keys);
      const own = new Promise<void>((resolve) => {
        const one = { missing: missing.size, resolve };
        for (const key of missing) {
          const others = waiting.get(key);
          if (others) others.push(one);
          else waiting.set(key, [one]);
        }
      });
      await Promise.race([own, all]);
      return pick(rows, keys);
    };
    return { questions, rowsOf };
  };

  return async (question, keys) => {
    gathering ??= begin();
    const { questions, rowsOf } = gathering;
    questions.push(question);
    return { rows: await rowsOf(keys), questions };
  };
}

/**
 * Of what a group has committed, the partitions that were wanted. Its row is an error when any partition asked for is,
 * so a group in error is asked about again, without the partitions that others wanted.
 */
async function own(
  cluster: Cluster,
  wanted: Wanted,
  rows: Map<string, Row<Map<string, Committed>>>,
  questions: readonly Wanted[],
): Promise<Rows<string, Map<string, Committed>>> {
  const inError = [...rows].filter(([, { error }]) => error).map(([group]) => group);
  // Of hundreds that ask at once each would look at the questions of all.
  const asked = inError.length > 0 ? allWanted(questions) : wanted;
  const failed = inError.filter(
    (group) => (asked.get(group)?.length ?? 0) > (wanted.get(group)?.length ?? 0),
  );
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
