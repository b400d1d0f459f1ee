import { z } from 'zod';
import { parseFleet } from '../../../src/fleet/file.js';
import { fleetId } from '../../../src/migration/membership.js';
import { historiesOf } from '../../connections/histories.js';
import { described } from '../described.js';
import { badInput, CommandFailure } from '../failure.js';
import type { Temporal } from '../temporal.js';
import { statusOfFleet } from './temporal-fleet.js';

/**
 * The names of a fleet's migrations that have begun. Where no worker can answer for the fleet, all of its file but those that
 * ended before it began: whether Temporal has one no longer, or it has never begun, cannot be told then.
 *
 * @throws CommandFailure `BadInput` when there is no such fleet, or nothing of it has begun
 */
export async function begunInFleet(temporal: Temporal, fleet: string): Promise<string[]> {
  const names = (await byItsStatus(temporal, fleet)) ?? (await byItsHistory(temporal, fleet));
  if (names.length === 0)
    throw badInput(`No migration of the fleet ${fleet} has begun: there is nothing to report.`);
  return names;
}

/** What was left out was aborted before it began. */
const notBegun = ['pending', 'starting', 'left'];

async function byItsStatus(temporal: Temporal, fleet: string): Promise<string[] | undefined> {
  const look = await statusOfFleet(temporal, fleet).catch((error: unknown) => {
    // No worker, one that cannot replay it, or it has failed over its file: its history is there all the same.
    if (error instanceof CommandFailure && error.type !== 'BadInput') return undefined;
    throw error;
  });
  return look?.status.waves.flatMap(({ migrations }) =>
    migrations.flatMap(({ name, state }) => (notBegun.includes(state) ? [] : [name])),
  );
}

const carried = z.object({ startedAt: z.string() });

async function byItsHistory(temporal: Temporal, fleet: string): Promise<string[]> {
  const { runs } = await historiesOf(temporal.client, fleetId(fleet));
  const [file, state] = runs.at(-1)?.input ?? [];
  // What it was taken with when it began counts, and not what is asked of files since.
  const read = parseFleet(file, () => false);
  if (!read.fleet)
    throw badInput(
      `The file of the fleet ${fleet} cannot be read from its history: name its migrations, ferry report NAME NAME.`,
    );
  const began = carried.safeParse(state).data?.startedAt ?? runs[0]?.startedAt ?? '';
  const names: string[] = [];
  for (const { migration } of read.fleet.members)
    if (!(await endedBefore(temporal, migration.name, Date.parse(began)))) names.push(migration.name);
  return names;
}

async function endedBefore(temporal: Temporal, name: string, at: number): Promise<boolean> {
  const closedAt = (await described(temporal, name))?.closeTime;
  return closedAt !== undefined && closedAt.getTime() < at;
}
