import { setTimeout as sleep } from 'node:timers/promises';
import type { Brokers } from './link/brokers.js';
import type { Cluster, NewTopic, Row, TopicFacts } from './cluster.js';
import { HeldByQuota } from './held-by-quota.js';
import type { Leaders } from './link/leaders.js';
import { chunks, gather, heldBack } from './link/patience.js';
import type { Reply } from './link/patience.js';
import {
  inconsistentTopicId,
  ok,
  refusal,
  throttlingQuotaExceeded,
  unknownTopicId,
  unknownTopicOrPartition,
} from './link/refusal.js';
import { createTopicsV7 } from './wire/create-topics-v7.js';
import { deleteTopicsV6 } from './wire/delete-topics-v6.js';
import type { MetadataTopic } from './wire/metadata.js';
import { metadataV12 } from './wire/metadata-v12.js';
import type { FerryError } from '../migration/errors.js';

/** A KRaft controller writes at most 10,000 records for one request, and a partition is one. */
const partitionsPerRequest = 5_000;
const topicsPerRequest = 1_000;
const controllerTimeoutMs = 20_000;

type TopicCalls = Pick<Cluster, 'identity' | 'topics' | 'topicsById' | 'createTopics' | 'deleteTopics'>;

export function topicCalls(brokers: Brokers, leaders: Leaders): TopicCalls {
  const explain = (operation: string) => (name: string, code: number) =>
    refusal(code, {
      cluster: brokers.cluster,
      about: `topic "${name}"`,
      needs: `${operation} on topic "${name}"`,
    });

  const metadataRows = (
    keys: readonly string[],
    read: (keys: readonly string[]) => Promise<MetadataTopic[]>,
    keyOf: (topic: MetadataTopic) => string | null,
  ): Promise<Map<string, Row<TopicFacts>>> =>
    gather({
      keys,
      // Any broker answers, so there is one share, addressed to nobody in particular.
      locate: async (keys) => new Map(keys.map((key) => [key, { value: anyBroker }])),
      ask: async (_, keys) => {
        const replies = new Map<string, Reply<TopicFacts>>();
        for (const topic of await read(keys)) {
          const key = keyOf(topic);
          if (key !== null) replies.set(key, topic.code === ok ? { value: facts(topic) } : topic);
        }
        return replies;
      },
      explain: explain('DESCRIBE'),
    });

  const topics: TopicCalls['topics'] = async (names) => {
    if (!names) {
      const all = await brokers.metadata('all');
      return new Map(
        all.topics.map(({ code, ...topic }): [string, Row<TopicFacts>] => [
          topic.name ?? '',
          code === ok
            ? { value: facts({ code, ...topic }) }
            : { error: explain('DESCRIBE')(topic.name ?? '', code) },
        ]),
      );
    }
    return metadataRows(
      names,
      async (names) => (await brokers.metadata({ names })).topics,
      ({ name }) => name,
    );
  };

  const topicsById: TopicCalls['topicsById'] = async (topicIds) => {
    if (topicIds.length === 0) return new Map();
    if (await brokers.speaks(metadataV12))
      return metadataRows(
        topicIds,
        async (ids) => (await brokers.metadata({ ids })).topics,
        ({ topicId }) => topicId,
      );
    return metadataRows(
      topicIds,
      async (ids) => {
        const byId = new Map((await brokers.metadata('all')).topics.map((topic) => [topic.topicId, topic]));
        return ids.map((topicId) => byId.get(topicId) ?? gone(topicId));
      },
      ({ topicId }) => topicId,
    );
  };

  const controller = async () => (await brokers.metadata({ names: [] })).controllerId;
  const locateController = async (keys: readonly string[]) => {
    const value = await controller();
    return new Map(keys.map((key) => [key, { value }]));
  };

  /** A controller that has refused a mutation takes nothing from that connection until then: a request would lie there. */
  let mutedUntil = 0;
  const muted = (throttleMs: number): void => {
    mutedUntil = Math.max(mutedUntil, Date.now() + throttleMs);
  };

  const createTopics: TopicCalls['createTopics'] = async (wanted, { validateOnly = false, signal } = {}) => {
    const byName = new Map(wanted.map((topic) => [topic.name, topic]));
    const rows = await gather<string, { topicId: string | null }>({
      keys: [...byName.keys()],
      locate: locateController,
      ask: async (broker, names) => {
        const replies = new Map<string, Reply<{ topicId: string | null }>>();
        const topics = names.map((name) => byName.get(name)).filter((topic) => topic !== undefined);
        for (const share of sharesOf(topics)) {
          const request = { topics: share, timeoutMs: controllerTimeoutMs, validateOnly };
          const { throttleMs, topics } = await brokers.ask(broker, createTopicsV7, request, 'changes');
          muted(throttleMs);
          for (const { name, topicId, code } of topics)
            replies.set(name, code === ok ? { value: { topicId } } : failed(code, throttleMs));
        }
        return replies;
      },
      explain: explain('CREATE'),
      signal,
    });
    const created = [...rows].filter(([, row]) => !row.error).map(([name]) => name);
    if (!validateOnly) await ledBySomebody(created);
    return rows;
  };

  /** A new topic is of use once the brokers have heard of it: until then they deny that it exists. */
  const ledBySomebody = async (names: readonly string[]): Promise<void> => {
    const deadline = Date.now() + controllerTimeoutMs;
    let pause = 50;
    for (
      let waiting = names;
      waiting.length > 0 && Date.now() < deadline;
      pause = Math.min(2 * pause, 1_000)
    ) {
      const known = await leaders.of(waiting, true);
      waiting = waiting.filter((name) => {
        const topic = known.get(name);
        return topic?.code !== ok || topic.partitions.some(({ leader }) => leader < 0);
      });
      if (waiting.length > 0) await sleep(pause);
    }
  };

  const explainDeletion = explain('DELETE');
  const heldNow = (name: string, afterMs: number): HeldByQuota =>
    new HeldByQuota(explainDeletion(name, throttlingQuotaExceeded).message, afterMs);

  /** Deletes the topics that `doomed` names, by id or, where that is null, by name. */
  const deleteThem = (
    doomed: ReadonlyMap<string, string | null>,
    { signal, once = false }: { signal?: AbortSignal; once?: boolean },
  ): Promise<Map<string, Row<void>>> =>
    gather<string, void>({
      keys: [...doomed.keys()],
      locate: locateController,
      once,
      ask: async (broker, names) => {
        const replies = new Map<string, Reply<void> | FerryError>();
        const nameOf = new Map(names.map((name) => [doomed.get(name), name]));
        for (const share of chunks(names, topicsPerRequest)) {
          const mutedMs = mutedUntil - Date.now();
          if (once && mutedMs > 0) {
            for (const name of share) replies.set(name, heldNow(name, mutedMs));
            continue;
          }
          const topics = share.map((name) => {
            const topicId = doomed.get(name) ?? null;
            return { name: topicId === null ? name : null, topicId };
          });
          const request = { topics, timeoutMs: controllerTimeoutMs };
          const { throttleMs, topics: deleted } = await brokers.ask(
            broker,
            deleteTopicsV6,
            request,
            'changes',
          );
          muted(throttleMs);
          for (const { name, topicId, code } of deleted) {
            const key = (topicId === null ? undefined : nameOf.get(topicId)) ?? name;
            if (key === null) continue;
            // What is not there under this id any more is as it was asked to be.
            const done = code === ok || code === unknownTopicId || code === unknownTopicOrPartition;
            const held = once && code === throttlingQuotaExceeded;
            if (done) replies.set(key, { value: undefined });
            else replies.set(key, held ? heldNow(key, throttleMs) : failed(code, throttleMs));
          }
        }
        return replies;
      },
      explain: explainDeletion,
      signal,
    });

  const deleteTopics: TopicCalls['deleteTopics'] = async (wanted, options = {}) => {
    const doomed = new Map(wanted.map(({ name, topicId }) => [name, topicId]));
    leaders.forget([...doomed.keys()]);
    const withoutId = [...doomed].filter(([, topicId]) => topicId === null).map(([name]) => name);
    const spared = new Map<string, Row<void>>();
    for (const [name, row] of withoutId.length > 0 ? await topics(withoutId) : []) {
      if (row.value?.topicId === null) continue;
      doomed.delete(name);
      if (row.error?.type === 'NotFound') spared.set(name, { value: undefined });
      else spared.set(name, { error: row.error ?? explainDeletion(name, inconsistentTopicId) });
    }
    return new Map([...spared, ...(await deleteThem(doomed, options))]);
  };

  return {
    topics,
    topicsById,
    createTopics,
    deleteTopics,
    identity: async () => {
      const { clusterId, controllerId, brokers: all } = await brokers.metadata({ names: [] });
      return { clusterId: clusterId ?? '', controllerId, brokers: all };
    },
  };
}

const anyBroker = -1;

/** A controller makes, or deletes, as many as its quota of mutations allows, and refuses the others (KIP-599). */
const failed = (code: number, throttleMs: number): Reply<never> =>
  code === throttlingQuotaExceeded ? heldBack(throttleMs) : { code };

function facts({ name, topicId, internal, partitions }: MetadataTopic): TopicFacts {
  return {
    name: name ?? '',
    topicId,
    internal,
    partitions: partitions
      .map(({ code: _, ...partition }) => partition)
      .sort((one, other) => one.partition - other.partition),
  };
}

const gone = (topicId: string): MetadataTopic => ({
  code: unknownTopicId,
  name: null,
  topicId,
  internal: false,
  partitions: [],
});

function sharesOf(topics: readonly NewTopic[]): NewTopic[][] {
  const shares: NewTopic[][] = [];
  let room = 0;
  for (const topic of topics) {
    const share = shares.at(-1);
    if (share && topic.partitions <= room) share.push(topic);
    else {
      shares.push([topic]);
      room = partitionsPerRequest;
    }
    room -= topic.partitions;
  }
  return shares;
}
