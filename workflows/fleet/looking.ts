import { getExternalWorkflowHandle, patched, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Member } from '../../src/fleet/file.js';
import { isRunning, memberOf, type MemberState } from '../../src/fleet/state.js';
import { fleetName, fleetSignal } from '../../src/migration/membership.js';
import { workflowId } from '../../src/migration/messages.js';
import { isStrategy } from '../../src/migration/strategies.js';
import type { FleetActivities, SeenMigration } from '../../src/migration/work/fleet.js';
import { membershipOf } from './membership.js';
import type { Running } from './running.js';
import { doubt, tellsAnew } from './telling.js';

const asks = proxyActivities<FleetActivities>({
  startToCloseTimeout: '5 minutes',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

const dayMs = 86_400_000;
/** Hours are asked for so long before what is known of them is over: the fleet may be away for as long. */
const hoursAheadMs = 21 * dayMs;
/** How often it is looked after migrations that have said nothing for as long. */
const lookEveryMs = 2 * 60 * 60_000;

/** When the hours of the file are: asked anew every week. */
export async function readHoursAhead(run: Running): Promise<void> {
  const { people, deletions } = run.fleet.shape.hours;
  if (!people && !deletions) return;
  const now = Date.now();
  if (run.state.hours && run.state.hours.knownUntil - now > hoursAheadMs) return;
  run.state.hours = await asks.openHours({
    hours: { ...(people && { people }), ...(deletions && { deletions }) },
    now,
  });
  run.changes();
}

/** When to look next, ms since the epoch. */
export function nextLook(run: Running): number {
  const silent = run.fleet.members.flatMap(({ migration }) => {
    const at = memberOf(run.state, migration.name);
    return at && isRunning(at) ? [Date.parse(at.heardAt ?? at.at) + lookEveryMs] : [];
  });
  return silent.length > 0 ? Math.min(...silent) : Infinity;
}

/**
 * Silence is no answer: one that was terminated tells nobody, and one that was started by hand may run by a worker that
 * knows no fleets. They are looked for together, so that looking costs little.
 */
export async function lookAfter(run: Running): Promise<void> {
  if (nextLook(run) > Date.now()) return;
  const since = Date.now() - lookEveryMs / 2;
  const isSilent = (at: MemberState): boolean => Date.parse(at.heardAt ?? at.at) <= since;
  const silent = run.fleet.members.filter(({ migration }) => {
    const at = memberOf(run.state, migration.name);
    return at && isRunning(at) && isSilent(at);
  });
  const { seen } = await asks.seeMigrations({ names: silent.map(({ migration }) => migration.name) });
  const found = new Map(seen.map((one) => [one.name, one]));
  for (const member of silent) {
    const { name } = member.migration;
    const at = memberOf(run.state, name);
    if (!at || !isRunning(at)) continue;
    const one = found.get(name);
    // What it has told meanwhile is newer than what was seen of it; that it has ended is newer than all.
    if (one?.running && !isSilent(at)) continue;
    if (one?.running && isOfAnotherFleet(one)) run.leaves(name, whyLeft(one));
    else if (one?.running && isAnother(at, one)) await takeIn(run, member, at, one);
    else saw(run, at, one);
  }
}

function saw(run: Running, at: MemberState, seen: SeenMigration | undefined): void {
  at.heardAt = run.now();
  if (!seen) run.ends(at, 'gone: Temporal knows nothing of it any more');
  else if (!seen.running) run.ends(at, seen.state);
  // Its codec or key is not here. It runs, and what it said itself is all that is known.
  else if (seen.unread) return;
  else if (isNews(at.report, seen)) {
    at.report = { ...(at.report ?? unreported(seen)), ...asReported(seen, run.now()) };
    run.changes();
  }
}

/** Somebody has ended it, and has started it again under its name: that one knows of no fleet. */
const isAnother = ({ report }: MemberState, { startedAt }: SeenMigration): boolean =>
  report !== undefined && report.startedAt !== startedAt && patched(tellsAnew);

/** Between two steps it writes down none. */
const isNews = (known: MemberState['report'], { state, step }: SeenMigration): boolean =>
  known?.state !== state || (step !== null && known.step !== step);

/** Of one that runs by a worker of before, and tells no fleet: what Temporal says of it is all there is. */
const unreported = ({ startedAt }: SeenMigration) =>
  ({ startedAt, step: null, done: 0, of: 1, copying: 'no' }) as const;

type Reported = NonNullable<MemberState['report']>;

/** What it said last was said of where it was then. */
const asReported = ({ state, step, since }: SeenMigration, now: string) => ({
  state: state as Reported['state'],
  ...(step !== null && { step: step as Reported['step'] }),
  ...{ since: since ?? now, says: '' },
});

/** A migration that was there when the fleet came to it. */
export async function adopt(run: Running, member: Member, at: MemberState): Promise<void> {
  const { name } = member.migration;
  const { seen } = await asks.seeMigrations({ names: [name] });
  const [found] = seen;
  if (!found?.running) {
    run.ends(at, found?.state ?? 'gone');
    return;
  }
  if (isOfAnotherFleet(found)) run.leaves(name, whyLeft(found));
  else await takeIn(run, member, at, found);
}

/** Two fleets would each hold it and let it go, by waves and freezes of their own, and it tells one alone how it is. */
const isOfAnotherFleet = ({ fleet }: SeenMigration): boolean =>
  fleet !== undefined && fleet !== workflowInfo().workflowId && patched('leaves-to-other-fleets');

const whyLeft = ({ name, fleet = '' }: SeenMigration): string =>
  `It is of the fleet ${fleetName(fleet)}, which runs: ferry fleet status ${fleetName(fleet)} shows it. Cancel that fleet, or leave ${name} out of this one.`;

/** Tells one that runs of its fleet, and what is to be so in it: how it was left is unknown. */
async function takeIn(run: Running, member: Member, at: MemberState, found: SeenMigration): Promise<void> {
  at.is = 'adopted';
  delete at.report;
  delete at.strategy;
  const { strategy } = found;
  if (strategy !== member.migration.strategy && isStrategy(strategy) && patched('adopts-what-it-is'))
    at.strategy = strategy;
  // A fleet of the same name, that was terminated or cancelled, may have paused it, or given it a rate.
  if (patched(tellsAnew)) at.told = { ...at.told, hold: 'unknown', rate: 'unknown' };
  saw(run, at, found);
  await getExternalWorkflowHandle(workflowId(found.name))
    .signal(fleetSignal, membershipOf(run, member))
    .catch(() => doubt(at));
  run.changes();
}
