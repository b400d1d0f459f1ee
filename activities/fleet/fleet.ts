import { FerryError } from '../../src/migration/errors.js';
import { openings, readHours, type Hours, type Opening } from '../../src/migration/hours.js';
import type { FleetActivities } from '../../src/migration/work/fleet.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import type { Dependencies } from '../kit/dependencies.js';

const aheadMs = 28 * 86_400_000;
const askedAtOnce = 16;

/** What a fleet and its migrations ask of this worker and of Temporal. */
export function fleetActivities({
  migrations,
  fleetRuns,
  attributes,
}: Pick<Dependencies, 'migrations' | 'fleetRuns' | 'attributes'>): Omit<FleetActivities, 'tellOfFleet'> {
  return {
    async openHours({ hours, now }) {
      const knownUntil = now + aheadMs;
      const of = (texts: readonly string[]): Opening[] => openings(texts.map(hoursOf), now, knownUntil);
      return {
        knownUntil,
        ...(hours.people && { people: of(hours.people) }),
        ...(hours.deletions && { deletions: of(hours.deletions) }),
      };
    },
    async seeMigrations({ names }) {
      if (!migrations) throw new FerryError('Unsupported', 'This worker cannot look after migrations.');
      const found = await inParallel(names, (name) => migrations(name), askedAtOnce);
      const seen = found.flatMap((one) => one ?? []);
      const fleets = [...new Set(seen.flatMap(({ fleet }) => fleet ?? []))];
      const run = await inParallel(fleets, async (id) => (await fleetRuns?.(id)) ?? true, askedAtOnce);
      const ended = new Set(fleets.filter((_, at) => !run[at]));
      return {
        seen: seen.map(({ fleet, ...one }) => ({
          ...one,
          ...(fleet !== undefined && !ended.has(fleet) && { fleet }),
        })),
      };
    },
    async knownAttributes() {
      return { names: (await attributes?.()) ?? [] };
    },
  };
}

function hoursOf(text: string): Hours {
  const read = readHours(text);
  if (typeof read === 'string') throw new FerryError('BadInput', read);
  return read;
}
