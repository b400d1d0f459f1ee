import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, NewTopic, Row } from '../../kafka/cluster.js';
import { FerryError, isFerryError } from '../../migration/errors.js';
import type { AivenService } from './service.js';
import { apiEntry } from './topic-config.js';

type TopicCalls = Pick<Cluster, 'createTopics' | 'deleteTopics'>;

/** Topics made by the API, and read back from the brokers, since the API's own list is late. */
export function topicCalls(cluster: Cluster, service: AivenService): TopicCalls {
  const createTopics: TopicCalls['createTopics'] = async (wanted, options = {}) => {
    const rows = new Map<string, Row<{ topicId: string | null }>>();
    const sayable: NewTopic[] = [];
    for (const topic of wanted) {
      const [entry] = Object.entries(topic.config).filter(([name, value]) => !apiEntry(name, value));
      if (entry) rows.set(topic.name, { error: unsayable(cluster.name, topic.name, entry[0]) });
      else sayable.push(topic);
    }
    if (sayable.length === 0) return rows;
    if (options.validateOnly) {
      for (const [name, row] of await cluster.createTopics(sayable, options)) rows.set(name, foreseen(row));
      return rows;
    }
    const made: string[] = [];
    for (const topic of sayable) {
      const row = await create(topic, options.signal);
      if (row) rows.set(topic.name, row);
      else made.push(topic.name);
    }
    for (const [name, row] of await seen(cluster, made, options.signal)) rows.set(name, row);
    return rows;
  };

  /** `undefined`: made. What stands against the whole service is thrown. */
  const create = async (
    { name, partitions, replicationFactor, config }: NewTopic,
    signal: AbortSignal | undefined,
  ): Promise<Row<never> | undefined> => {
    try {
      const outcome = await service.createTopic(
        {
          name,
          partitions,
          replication: replicationFactor,
          config: Object.fromEntries(
            Object.entries(config).flatMap(([entry, value]) => {
              const said = apiEntry(entry, value);
              return said ? [said] : [];
            }),
          ),
        },
        signal,
      );
      if (outcome === 'made') return undefined;
      return {
        error:
          outcome === 'deleting'
            ? new FerryError(
                'Unreachable',
                `Aiven is still deleting an earlier topic ${name} of ${cluster.name}: its creation is tried again.`,
              )
            : new FerryError('Conflict', `There is a topic ${name} on ${cluster.name} already.`),
      };
    } catch (error) {
      if (isFerryError(error) && (error.type === 'Refused' || error.type === 'Unsupported')) return { error };
      throw error;
    }
  };

  /**
   * By the brokers where they let the ferry, since they know ids; by the API, which knows names alone, right after the
   * topic was seen to have its id.
   */
  const deleteTopics: TopicCalls['deleteTopics'] = async (doomed, options = {}) => {
    const rows = new Map(await cluster.deleteTopics(doomed, options));
    const refused = doomed.filter(({ name }) => rows.get(name)?.error?.type === 'Unauthorized');
    if (refused.length === 0) return rows;
    const there = await cluster.topics(refused.map(({ name }) => name));
    for (const { name, topicId } of refused) {
      const row = there.get(name);
      if (row?.error?.type === 'NotFound') rows.set(name, { value: undefined });
      else if (topicId !== null && row?.value?.topicId === topicId) {
        await service.deleteTopic(name, options.signal);
        rows.set(name, { value: undefined });
      }
    }
    return rows;
  };

  return { createTopics, deleteTopics };
}

/** A user without `admin` cannot ask its brokers beforehand; the API says no more than when the topic is made. */
function foreseen(row: Row<{ topicId: string | null }>): Row<{ topicId: string | null }> {
  return row.error?.type === 'Unauthorized' ? { value: { topicId: null } } : row;
}

function unsayable(cluster: string, topic: string, entry: string): FerryError {
  return new FerryError(
    'Refused',
    `Aiven's API has no word for ${entry} of topic ${topic} on ${cluster}, or not for that value: leave it out or say another one.`,
  );
}

/** Terraform allows Aiven a minute until a topic is to be seen. */
const seenWithinMs = 60_000;
const lookAgainMs = 250;

/** What Aiven has accepted, as soon as the brokers have it and somebody leads it. */
async function seen(
  cluster: Cluster,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, Row<{ topicId: string | null }>>> {
  const rows = new Map<string, Row<{ topicId: string | null }>>();
  const deadline = performance.now() + seenWithinMs;
  for (let waiting = names; waiting.length > 0;) {
    const there = await cluster.topics(waiting);
    const late = performance.now() > deadline;
    waiting = waiting.filter((name) => {
      const row = there.get(name);
      if (row?.value?.partitions.every(({ leader }) => leader >= 0))
        rows.set(name, { value: { topicId: row.value.topicId } });
      else if (row?.error && row.error.type !== 'NotFound' && row.error.type !== 'Unreachable')
        rows.set(name, { error: row.error });
      else if (late) rows.set(name, { error: unseen(cluster.name, name) });
      return !rows.has(name);
    });
    if (waiting.length > 0) await sleep(lookAgainMs, undefined, { ...(signal && { signal }) });
  }
  return rows;
}

function unseen(cluster: string, topic: string): FerryError {
  return new FerryError(
    'Unreachable',
    `Aiven has taken the topic ${topic}, but the brokers of ${cluster} do not show it to the ferry yet: it is looked for again.`,
  );
}
