import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../../lab/lab.js';
import { readCommitted } from '../translate/committed.js';
import type { Stage } from '../stage.js';
import { consumerApp, type LoadedGroup, type Names, partitions } from './loaded-group.js';

const withinMs = 300_000;

/**
 * Moves the group by MirrorMaker's `sync.group.offsets`: stop, wait until it has committed nothing new on the target for
 * as long as it may take to do so (a checkpoint, and a commit of it), start.
 * @returns nothing is left to end.
 */
export async function movedByMirrorMaker(
  { lab, target }: Stage,
  { copy, group }: Names,
  loaded: LoadedGroup,
  intervalSeconds: number,
): Promise<() => Promise<void>> {
  await lab.target.allow(consumerApp, { read: [copy], groups: [group] });
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic: copy, partition }));
  const committed = async (): Promise<ReadonlyMap<string, bigint>> =>
    (await readCommitted(target, [group], all)).get(group) ?? new Map<string, bigint>();
  const deadline = Date.now() + withinMs;
  while ((await committed()).size < partitions) {
    if (Date.now() > deadline) throw new LabError(`MirrorMaker has committed nothing for ${group}.`);
    await sleep(500);
  }
  await loaded.leaveSource();
  let seen = '';
  for (let since = Date.now(); Date.now() - since < 2 * intervalSeconds * 1000; await sleep(100)) {
    const now = [...(await committed())].map(([key, offset]) => `${key} ${offset}`).join();
    if (now !== seen) since = Date.now();
    seen = now;
  }
  await loaded.startOnTarget();
  return async () => undefined;
}
