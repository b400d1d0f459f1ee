import type { Brokers } from './link/brokers.js';
import type { Cluster, OpenTransaction, ProducerState } from './cluster.js';
import { partitionKey } from './cluster.js';
import type { Leaders } from './link/leaders.js';
import { chunks, gather } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { ok, refusal } from './link/refusal.js';
import { describeProducersV0 } from './wire/describe-producers-v0.js';
import { describeTransactionsV0 } from './wire/describe-transactions-v0.js';
import { listTransactionsV0 } from './wire/list-transactions-v0.js';

const partitionsPerRequest = 2_000;
const transactionsPerRequest = 500;

/** States in which a transaction still holds back the last stable offset of its partitions. */
const openStates = ['Ongoing', 'PrepareCommit', 'PrepareAbort', 'PrepareEpochFence'];

type ProducerCalls = Pick<Cluster, 'producers' | 'openTransactions'>;

/** TRANSACTIONAL_ID_NOT_FOUND */
const transactionalIdNotFound = 105;

export function producerCalls(brokers: Brokers, leaders: Leaders): ProducerCalls {
  const producers: ProducerCalls['producers'] = (partitions) => {
    const byKey = new Map(partitions.map((partition) => [partitionKey(partition), partition]));
    const of = (keys: readonly string[]) => keys.flatMap((key) => byKey.get(key) ?? []);
    return gather({
      keys: [...byKey.keys()],
      remembered: true,
      locate: (keys, anew) => leaders.locate(of(keys), anew),
      ask: async (broker, keys) => {
        const replies = new Map<string, Reply<ProducerState[]>>();
        for (const share of chunks(of(keys), partitionsPerRequest))
          for (const row of await brokers.ask(broker, describeProducersV0, share))
            replies.set(
              partitionKey(row),
              row.code !== ok
                ? row
                : {
                    value: row.producers.map(({ lastTimestamp, openTransactionStart, ...producer }) => ({
                      ...producer,
                      lastTimestamp: Number(lastTimestamp),
                      openTransactionStart: openTransactionStart < 0n ? null : openTransactionStart,
                    })),
                  },
            );
        return replies;
      },
      explain: (key, code) =>
        refusal(code, {
          cluster: brokers.cluster,
          about: `partition ${key}`,
          needs: `READ on topic "${byKey.get(key)?.topic ?? key}"`,
        }),
    });
  };

  /** Transactions are listed and described by the broker that coordinates them. */
  const coordinated = async (broker: number): Promise<Reply<OpenTransaction[]>> => {
    if (!(await brokers.speaks(listTransactionsV0, broker))) return { value: [] };
    const { code, transactionalIds } = await brokers.ask(broker, listTransactionsV0, openStates);
    if (code !== ok) return { code };
    const described = await Promise.all(
      chunks(transactionalIds, transactionsPerRequest).map((share) =>
        brokers.ask(broker, describeTransactionsV0, share),
      ),
    );
    const all = described.flat();
    // One that has ended since it was listed is not known any more; what else is answered says nothing of it.
    const untold = all.find(({ code }) => code !== ok && code !== transactionalIdNotFound);
    if (untold) return { code: untold.code };
    const open = all.filter(({ code, state }) => code === ok && openStates.includes(state));
    return { value: open.map(({ code: _, ...transaction }) => transaction) };
  };

  const openTransactions: ProducerCalls['openTransactions'] = async (topics) => {
    const rows = await gather({
      keys: await brokers.ids(),
      locate: async (ids) => new Map(ids.map((id) => [id, { value: id }])),
      ask: async (broker, ids) => {
        const reply = await coordinated(broker);
        return new Map(ids.map((id) => [id, reply]));
      },
      explain: (id, code) =>
        refusal(code, {
          cluster: brokers.cluster,
          about: `transactions that broker ${id} coordinates`,
          needs: 'DESCRIBE on their transactional ids',
        }),
    });
    const wanted = new Set(topics);
    return [...rows.values()]
      .flatMap((row) => {
        if (row.error) throw row.error;
        return row.value;
      })
      .filter(({ partitions }) => partitions.some(({ topic }) => wanted.has(topic)));
  };

  return { producers, openTransactions };
}
