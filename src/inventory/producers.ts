import type { ProducerState } from '../kafka/cluster.js';
import type { SeenProducer } from '../migration/survey-seen.js';

/** The producers of several partitions, each once, those that wrote last before the others. */
export function producersOf(states: readonly ProducerState[]): SeenProducer[] {
  const byId = new Map<bigint, SeenProducer>();
  for (const { producerId: id, lastTimestamp, coordinatorEpoch, openTransactionStart } of states) {
    const before = byId.get(id);
    const open = [before?.openFrom, openTransactionStart].filter((from) => typeof from === 'bigint');
    byId.set(id, {
      id,
      lastWrote: Math.max(before?.lastWrote ?? lastTimestamp, lastTimestamp),
      transactional: before?.transactional === true || open.length > 0 || coordinatorEpoch >= 0,
      ...(open.length > 0 && { openFrom: open.reduce((a, b) => (a > b ? a : b)) }),
    });
  }
  return [...byId.values()].sort((a, b) => b.lastWrote - a.lastWrote || (a.id < b.id ? -1 : 1));
}
