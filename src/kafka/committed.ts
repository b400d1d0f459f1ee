import type { Brokers } from './link/brokers.js';
import type { Cluster, Committed, Row, TopicPartition } from './cluster.js';
import { partitionKey } from './cluster.js';
import type { Coordinators } from './link/coordinators.js';
import { FerryError } from '../migration/errors.js';
import { chunks, gather } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { groupIdNotFound, noAnswer, ok, refusal, unknownTopicOrPartition } from './link/refusal.js';
import { offsetCommitV8 } from './wire/offset-commit-v8.js';
import { offsetDeleteV0 } from './wire/offset-delete-v0.js';
import type { GroupOffsets } from './wire/offset-fetch.js';
import { offsetFetchV7 } from './wire/offset-fetch-v7.js';
import { offsetFetchV8 } from './wire/offset-fetch-v8.js';

const groupsPerRequest = 500;
const partitionsPerRequest = 5_000;

type CommittedCalls = Pick<Cluster, 'committedOffsets' | 'commitOffsets' | 'deleteOffsets'>;

export function committedCalls(brokers: Brokers, coordinators: Coordinators): CommittedCalls {
  const about = (group: string, code: number, operation: string) =>
    refusal(code, {
      cluster: brokers.cluster,
      about: `group "${group}"`,
      needs: `${operation} on group "${group}"`,
    });

  const committedOffsets: CommittedCalls['committedOffsets'] = (groups, partitions, arrived) => {
    const wantedBy = (group: string) =>
      partitions === undefined
        ? null
        : partitions instanceof Map
          ? ((partitions as ReadonlyMap<string, readonly TopicPartition[]>).get(group) ?? [])
          : (partitions as readonly TopicPartition[]);
    /** Where the code came from, for the sentence: a partition's topic, or the group itself. */
    const blamed = new Map<string, string>();
    return gather<string, Map<string, Committed>>({
      keys: groups,
      arrived,
      locate: (keys, anew) => coordinators.locate(keys, anew),
      ask: async (broker, groups) => {
        const wanted = groups.map((group) => ({ group, partitions: wantedBy(group) }));
        const answers = (await brokers.speaks(offsetFetchV8, broker))
          ? (
              await Promise.all(
                chunks(wanted, groupsPerRequest).map((share) => brokers.ask(broker, offsetFetchV8, share)),
              )
            ).flat()
          : await Promise.all(
              wanted.map(async (one) => ({
                group: one.group,
                ...(await brokers.ask(broker, offsetFetchV7, one)),
              })),
            );
        return new Map(answers.map((answer) => [answer.group, committed(answer, blamed)]));
      },
      explain: (group, code) => {
        const topic = blamed.get(group);
        return topic === undefined || code === 88
          ? about(group, code, 'DESCRIBE')
          : refusal(code, {
              cluster: brokers.cluster,
              about: `topic "${topic}"`,
              needs: `DESCRIBE on topic "${topic}"`,
            });
      },
    });
  };

  /** One request, or a few, to the coordinator of one group; a row per partition. */
  const perPartition = (
    group: string,
    partitions: readonly TopicPartition[],
    ask: (
      broker: number,
      share: readonly TopicPartition[],
    ) => Promise<readonly (TopicPartition & { code: number })[]>,
    isDone: (code: number) => boolean,
    operation: 'READ' | 'DELETE',
  ): Promise<Map<string, Row<void>>> => {
    const byKey = new Map(partitions.map((partition) => [partitionKey(partition), partition]));
    return gather<string, void>({
      keys: [...byKey.keys()],
      locate: async (keys, anew) => {
        const coordinator = (await coordinators.locate([group], anew)).get(group) ?? { code: noAnswer };
        return new Map(keys.map((key) => [key, coordinator]));
      },
      ask: async (broker, keys) => {
        const replies = new Map<string, Reply<void>>();
        for (const share of chunks(keys, partitionsPerRequest)) {
          const partitions = share.flatMap((key) => byKey.get(key) ?? []);
          for (const row of await ask(broker, partitions))
            replies.set(partitionKey(row), isDone(row.code) ? { value: undefined } : row);
        }
        return replies;
      },
      explain: (key, code) => {
        const topic = byKey.get(key)?.topic ?? key;
        return code === 29 || code === 3
          ? refusal(code, {
              cluster: brokers.cluster,
              about: `partition ${key}`,
              needs: `READ on topic "${topic}"`,
            })
          : about(group, code, operation);
      },
    });
  };

  const commitOffsets: CommittedCalls['commitOffsets'] = async (group, offsets) => {
    const wanted = new Map(offsets.map((offset) => [partitionKey(offset), offset]));
    const rows = await perPartition(
      group,
      offsets,
      (broker, share) =>
        brokers.ask(broker, offsetCommitV8, {
          group,
          offsets: share.flatMap((partition) => {
            const offset = wanted.get(partitionKey(partition));
            return offset ? { ...offset, metadata: offset.metadata ?? '' } : [];
          }),
        }),
      (code) => code === ok,
      'READ',
    );

    const accepted = offsets.filter((offset) => !rows.get(partitionKey(offset))?.error);
    if (accepted.length === 0) return rows;
    const back = (await committedOffsets([group], accepted)).get(group);
    for (const offset of accepted) {
      const key = partitionKey(offset);
      const found = back?.value?.get(key);
      if (back?.error) rows.set(key, { error: back.error });
      else if (found?.offset !== offset.offset || found.metadata !== (offset.metadata ?? ''))
        rows.set(key, {
          error: new FerryError(
            'Changed',
            `Group "${group}" on cluster "${brokers.cluster}" has ${found?.offset ?? 'nothing'} committed for ${key} right after ${offset.offset} was: somebody else commits for it; stop them, then try again.`,
          ),
        });
    }
    return rows;
  };

  const deleteOffsets: CommittedCalls['deleteOffsets'] = (group, partitions) =>
    perPartition(
      group,
      partitions,
      async (broker, share) => {
        const answer = await brokers.ask(broker, offsetDeleteV0, { group, partitions: share });
        return answer.code === ok ? answer.partitions : share.map((of) => ({ ...of, code: answer.code }));
      },
      // What is not there has been deleted already.
      (code) => code === ok || code === groupIdNotFound || code === unknownTopicOrPartition,
      'DELETE',
    );

  return { committedOffsets, commitOffsets, deleteOffsets };
}

function committed(
  { group, code, offsets }: GroupOffsets,
  blamed: Map<string, string>,
): Reply<Map<string, Committed>> {
  blamed.delete(group);
  if (code !== ok) return { code };
  const failed = offsets.find(({ code }) => code !== ok && code !== unknownTopicOrPartition);
  if (failed) {
    blamed.set(group, failed.topic);
    return { code: failed.code };
  }
  return {
    value: new Map(
      offsets
        .filter(({ code, offset }) => code === ok && offset >= 0n)
        .map((row) => [
          partitionKey(row),
          { offset: row.offset, leaderEpoch: row.leaderEpoch, metadata: row.metadata },
        ]),
    ),
  };
}
