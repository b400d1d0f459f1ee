import type { Brokers } from './link/brokers.js';
import type { Arrived, Cluster, Row, TopicPartition, Watermarks } from './cluster.js';
import { partitionKey } from './cluster.js';
import { uncountable } from './countable.js';
import type { FerryError } from '../migration/errors.js';
import type { Leaders } from './link/leaders.js';
import { chunks, gather } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { noAnswer, ok, refusal } from './link/refusal.js';
import { earliest, latest, listOffsetsV6 } from './wire/list-offsets-v6.js';
import type { ListedOffset, ListOffsetsRequest } from './wire/list-offsets-v6.js';

const partitionsPerRequest = 10_000;

type OffsetCalls = Pick<Cluster, 'watermarks' | 'offsetsAtTime'>;

export function offsetCalls(brokers: Brokers, leaders: Leaders): OffsetCalls {
  const perLeader = <V>(
    partitions: readonly TopicPartition[],
    ask: (broker: number, partitions: TopicPartition[]) => Promise<Map<string, Reply<V> | FerryError>>,
    arrived?: Arrived<V>,
  ): Promise<Map<string, Row<V>>> => {
    const byKey = new Map(partitions.map((partition) => [partitionKey(partition), partition]));
    const of = (keys: readonly string[]) => keys.flatMap((key) => byKey.get(key) ?? []);
    return gather({
      keys: [...byKey.keys()],
      remembered: true,
      arrived,
      locate: (keys, anew) => leaders.locate(of(keys), anew),
      ask: async (broker, keys) => {
        const shares = chunks(of(keys), partitionsPerRequest).map((share) => ask(broker, share));
        return new Map((await Promise.all(shares)).flatMap((replies) => [...replies]));
      },
      explain: (key, code) =>
        refusal(code, {
          cluster: brokers.cluster,
          about: `partition ${key}`,
          needs: `DESCRIBE on topic "${byKey.get(key)?.topic ?? key}"`,
        }),
    });
  };

  const list = async (broker: number, request: ListOffsetsRequest) =>
    new Map((await brokers.ask(broker, listOffsetsV6, request)).map((row) => [partitionKey(row), row]));

  return {
    watermarks: (partitions, arrived) =>
      perLeader(
        partitions,
        async (broker, partitions) => {
          // A broker answers one connection in order. The last stable offset is asked for after the high watermark:
          // if it has reached that by then, no transaction was open below it.
          const [starts, ends, stable] = await Promise.all([
            list(broker, { isolation: 0, timestamp: earliest, partitions }),
            list(broker, { isolation: 0, timestamp: latest, partitions }),
            list(broker, { isolation: 1, timestamp: latest, partitions }),
          ]);
          return new Map(
            partitions.map((partition) => {
              const key = partitionKey(partition);
              const found = watermarks(starts.get(key), ends.get(key), stable.get(key));
              const wrong = 'value' in found && uncountable(brokers.cluster, partition, found.value);
              return [key, wrong || found];
            }),
          );
        },
        arrived,
      ),

    offsetsAtTime: (partitions, timestamp) =>
      perLeader(partitions, async (broker, partitions) => {
        const found = await list(broker, { isolation: 0, timestamp: BigInt(timestamp), partitions });
        return new Map(
          [...found].map(([key, row]): [string, Reply<{ offset: bigint; timestamp: number } | null>] => {
            if (row.code !== ok) return [key, row];
            const { offset, timestamp } = row;
            return [key, { value: offset < 0n ? null : { offset, timestamp: Number(timestamp) } }];
          }),
        );
      }),
  };
}

function watermarks(start?: ListedOffset, end?: ListedOffset, stable?: ListedOffset): Reply<Watermarks> {
  if (!start || !end || !stable) return { code: noAnswer };
  const failed = [start, end, stable].find(({ code }) => code !== ok);
  if (failed) return { code: failed.code };
  return {
    value: {
      logStart: start.offset,
      highWatermark: end.offset,
      lastStable: stable.offset < end.offset ? stable.offset : end.offset,
    },
  };
}
