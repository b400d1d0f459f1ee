import { WorkflowNotFoundError } from '@temporalio/client';
import type { FleetRow, FleetStatus } from '../../../src/fleet/status.js';
import { looking } from '../../connections/looking.js';
import { workflowId } from '../../../src/migration/messages.js';
import { inParallel } from '../../../src/parallel/in-parallel.js';
import { seenNow } from '../following.js';
import type { Temporal } from '../temporal.js';
import { statusOfFleet } from './temporal-fleet.js';

/** What a mirror of a fleet does now, as its heartbeats say. */
export interface Copying {
  bytesPerSecond: number;
  recordsPerSecond: number;
  /** Left, in offsets. */
  lag: number;
  records: number;
  /** ISO 8601: when it has copied what there is now; absent where that cannot be told. */
  endsAt?: string;
}

export interface FleetLook {
  status: FleetStatus;
  /** By the name of the migration. */
  copying: Record<string, Copying>;
  /** Bytes a second of all mirrors together, now. */
  bytesPerSecond: number;
  /** ISO 8601: when all that copies a history is expected to keep up, without what people take. */
  expected: string | null;
}

/** More are not asked each time: what they do now is shown by `ferry status`. */
const mostAsked = 100;

/**
 * The status of a fleet, with what its mirrors do now: heartbeats cost no history, and no worker is asked for them.
 * @throws CommandFailure `Refused` when it was terminated, or failed: what it last knew is no status any more.
 */
export async function lookAtFleet(temporal: Temporal, name: string): Promise<FleetLook> {
  const { status, brokenOff } = await statusOfFleet(temporal, name);
  if (brokenOff) throw brokenOff;
  const now = new Date();
  const rows = status.waves
    .flatMap(({ migrations }) => migrations)
    .filter(({ copying }) => copying === 'history' || copying === 'following')
    .slice(0, mostAsked);
  const asked = await inParallel(rows, async (row) => ({
    row,
    copies: await copyingNow(temporal, row, now),
  }));
  const copying = Object.fromEntries(
    asked.flatMap(({ row, copies }) => (copies ? [[row.name, copies]] : [])),
  );
  const histories = asked.filter(({ row }) => row.copying === 'history');
  const ends = histories.flatMap(({ copies }) => copies?.endsAt ?? []);
  return {
    status,
    copying,
    bytesPerSecond: Object.values(copying).reduce((sum, one) => sum + one.bytesPerSecond, 0),
    expected: ends.length > 0 && ends.length === histories.length ? (ends.sort().at(-1) ?? null) : null,
  };
}

async function copyingNow({ client }: Temporal, { name }: FleetRow, now: Date): Promise<Copying | undefined> {
  try {
    const described = await looking(client).getHandle(workflowId(name)).describe();
    const { live } = await seenNow(client, described, now);
    const mirror = live.find((one) => one.mirror)?.mirror;
    if (!mirror) return undefined;
    const { bytesPerSecond, recordsPerSecond, lag, records } = mirror;
    return {
      ...{ bytesPerSecond, recordsPerSecond, lag, records },
      ...(recordsPerSecond > 0 && {
        endsAt: new Date(now.getTime() + (lag / recordsPerSecond) * 1000).toISOString(),
      }),
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
