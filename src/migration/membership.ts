import { z } from 'zod';
import { opensIn } from './hours.js';

/** The workflow of a fleet: no migration has a slash in its name. */
export const fleetId = (name: string): string => `fleet/${name}`;
/** Whether a fleet says it, and no person. */
export const isFleetsWord = ({ by }: { by?: string | undefined }): boolean =>
  by?.startsWith(fleetId('')) ?? false;
/** Whether a freeze, or a fleet that was paused, holds a migration: it goes on with that, and nobody is to do anything. */
export const isHeldByFleet = (state: string, paused: { by?: string | undefined } | null): boolean =>
  state === 'paused' && paused !== null && isFleetsWord(paused);
export const fleetName = (id: string): string => id.slice(fleetId('').length);

/** Of fleets alone, to a migration: a `Membership`. */
export const fleetSignal = 'fleet';
/** Of migrations alone, to the fleet that they are in: a `FleetReport`. */
export const reportSignal = 'reported';

const opening = z.tuple([z.number(), z.number()]);
const membership = z.object({
  id: z.string().regex(/^fleet\/\S{1,100}$/),
  wave: z.string().max(100),
  hours: z
    .object({
      knownUntil: z.number(),
      people: z.array(opening).max(500).optional(),
      deletions: z.array(opening).max(500).optional(),
    })
    .optional(),
});

/**
 * What a migration knows of the fleet that it is in. `hours`: when people may be asked and when topics may be deleted, ms
 * since the epoch, as far as the fleet has told; a fleet that has told nothing for long holds nothing back any more.
 */
export type Membership = z.output<typeof membership>;

export const readMembership = (input: unknown): Membership | undefined => membership.safeParse(input).data;

/** How long a migration has to wait until its fleet lets it do this, ms; 0: it may now. */
export function heldBackFor(
  fleet: Pick<Membership, 'hours'> | undefined,
  what: 'people' | 'deletions',
  now: number,
): number {
  const known = fleet?.hours?.[what];
  if (!known || !fleet?.hours || now >= fleet.hours.knownUntil) return 0;
  return opensIn(known, now) ?? fleet.hours.knownUntil - now;
}

/** Until when a migration may do this that may do it now, ms since the epoch; undefined: its fleet says no end. */
export function closesFor(
  fleet: Membership | undefined,
  what: 'people' | 'deletions',
  now: number,
): number | undefined {
  const known = fleet?.hours?.[what];
  if (!known || !fleet?.hours || now >= fleet.hours.knownUntil) return undefined;
  return known.find(([from, until]) => from <= now && now < until)?.[1];
}
