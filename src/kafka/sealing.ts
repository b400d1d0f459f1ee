import { setTimeout as sleep } from 'node:timers/promises';
import { FerryError } from '../migration/errors.js';
import type { Brokers } from './link/brokers.js';
import type { Cluster, Row, TopicPartition } from './cluster.js';
import { partitionKey } from './cluster.js';
import { Coordinators } from './link/coordinators.js';
import { gather } from './link/patience.js';
import type { Reply } from './link/patience.js';
import { batchesIn } from './records/batch.js';
import { ok, refusal } from './link/refusal.js';
import { TakenOver } from './taken-over.js';
import { addPartitionsToTxnV3 } from './wire/add-partitions-to-txn-v3.js';
import { endTxnV3 } from './wire/end-txn-v3.js';
import { initProducerIdV4 } from './wire/init-producer-id-v4.js';

/** A transaction that its writer leaves open, by dying here, is aborted by the coordinator after this long. */
const transactionTimeoutMs = 60_000;
/** How long the coordinator may take to end what an earlier attempt left open, and to write markers everywhere. */
const patienceMs = 60_000;
const fencedCodes = [47, 90];
const concurrentTransactions = 51;

interface ProducerIdentity {
  producerId: bigint;
  producerEpoch: number;
}

type SealingCalls = Pick<Cluster, 'seal'>;

export function sealingCalls(
  brokers: Brokers,
  { fetch, watermarks }: Pick<Cluster, 'fetch' | 'watermarks'>,
): SealingCalls {
  const coordinators = new Coordinators(brokers, 'transactionalId');

  /** One question to the coordinator of a transactional id, asked again while it moves, loads or still ends a transaction. */
  const coordinator = async <V>(
    transactionalId: string,
    signal: AbortSignal | undefined,
    ask: (broker: number) => Promise<Reply<V>>,
  ): Promise<V> => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      let busy = false;
      const rows = await gather({
        keys: [transactionalId],
        locate: (keys, anew) => coordinators.locate(keys, anew),
        ask: async (broker, keys) => {
          const reply = await ask(broker);
          busy = 'code' in reply && reply.code === concurrentTransactions;
          return new Map(keys.map((key) => [key, reply]));
        },
        explain: (_, code) =>
          fencedCodes.includes(code)
            ? new TakenOver(brokers.cluster, transactionalId)
            : refusal(code, {
                cluster: brokers.cluster,
                about: `transactional id "${transactionalId}"`,
                needs: `WRITE on transactional id "${transactionalId}"`,
              }),
        signal,
      });
      const row = rows.get(transactionalId);
      if (row?.error === undefined && row !== undefined) return row.value;
      if (!busy || Date.now() > deadline) throw row?.error ?? new TakenOver(brokers.cluster, transactionalId);
      await sleep(50, undefined, { signal });
    }
  };

  const seal: SealingCalls['seal'] = async (transactionalId, partitions, signal) => {
    const { producerId, producerEpoch } = await coordinator<ProducerIdentity>(
      transactionalId,
      signal,
      async (broker) => {
        const request = { transactionalId, timeoutMs: transactionTimeoutMs };
        const { code, ...id } = await brokers.ask(broker, initProducerIdV4, request);
        return code === ok ? { value: id } : { code };
      },
    );
    const producer = { transactionalId, producerId, producerEpoch };
    const from = ends(partitions, await watermarks(partitions));
    const added = await coordinator(transactionalId, signal, async (broker) => {
      const rows = await brokers.ask(broker, addPartitionsToTxnV3, { ...producer, partitions });
      // What one partition is refused for, the others are not tried with (OPERATION_NOT_ATTEMPTED).
      const failed = rows.find(({ code }) => code !== ok && code !== operationNotAttempted);
      if (!failed) return { value: undefined };
      if ([...fencedCodes, concurrentTransactions].includes(failed.code)) return { code: failed.code };
      if (isAboutCoordinator(failed.code)) return { code: failed.code };
      return { value: failed };
    });
    if (added)
      throw refusal(added.code, {
        cluster: brokers.cluster,
        about: `partition ${partitionKey(added)}`,
        needs: `WRITE on topic "${added.topic}"`,
      });
    await coordinator(transactionalId, signal, async (broker) => {
      const { code } = await brokers.ask(broker, endTxnV3, { ...producer, committed: true });
      return code === ok ? { value: undefined } : { code };
    });
    return { producerId, producerEpoch, ends: await findMarkers(producer, from, signal) };
  };

  /** Reads on from the ends seen before until each partition has shown the marker, hence also all of its replicas. */
  const findMarkers = async (
    { producerId, producerEpoch }: ProducerIdentity,
    from: Map<string, TopicPartition & { offset: bigint }>,
    signal: AbortSignal | undefined,
  ): Promise<Map<string, bigint>> => {
    const found = new Map<string, bigint>();
    let deadline = Date.now() + patienceMs;
    while (from.size > 0) {
      const rows = await fetch([...from.values()], {
        isolation: 'uncommitted',
        maxBytes: 8 * 1024 * 1024,
        maxBytesPerPartition: 1024 * 1024,
        maxWaitMs: 100,
        ...(signal && { signal }),
      });
      for (const [key, row] of rows) {
        const position = from.get(key);
        if (row.error?.type === 'Unreachable' && Date.now() < deadline) continue;
        if (row.error) throw row.error;
        if (!position) continue;
        // A quota may make the way there long.
        if (row.value.batches.length > 0) deadline = Date.now() + patienceMs;
        for (const batch of batchesIn(row.value.batches, row.value.place)) {
          position.offset = batch.lastOffset + 1n;
          if (batch.kind === 'legacy' || !batch.control) continue;
          if (batch.producerId !== producerId || batch.producerEpoch !== producerEpoch) continue;
          found.set(key, position.offset);
          from.delete(key);
          break;
        }
      }
      const [missing] = from.keys();
      if (missing !== undefined && Date.now() > deadline)
        throw new FerryError(
          'Unreachable',
          `The commit marker for partition ${missing} on cluster "${brokers.cluster}" is not in its log after ${patienceMs / 1000} s: check that its replicas are in sync.`,
        );
    }
    return found;
  };

  return { seal };
}

const operationNotAttempted = 55;

const isAboutCoordinator = (code: number) => [14, 15, 16].includes(code);

function ends(
  partitions: readonly TopicPartition[],
  rows: ReadonlyMap<string, Row<{ highWatermark: bigint }>>,
): Map<string, TopicPartition & { offset: bigint }> {
  return new Map(
    partitions.map((partition) => {
      const key = partitionKey(partition);
      const row = rows.get(key);
      if (!row || row.error) throw row?.error ?? new Error(`no row for ${key}`);
      return [key, { ...partition, offset: row.value.highWatermark }];
    }),
  );
}
