import type { MigrationState } from './state.js';
import { currentStep } from './state.js';
import { fleetName } from './membership.js';
import { statusOf } from './status.js';

/** Ferry's own search attributes, with the type under which each is registered. */
export const attributeTypes = {
  FerryFleet: 'Keyword',
  FerryWave: 'Keyword',
  FerryTeam: 'Keyword',
  FerryStrategy: 'Keyword',
  FerryState: 'Keyword',
  FerryStep: 'Keyword',
  FerrySource: 'Keyword',
  FerryTarget: 'Keyword',
  FerryWaitsFor: 'Keyword',
  FerrySince: 'Datetime',
} as const;

export type AttributeName = keyof typeof attributeTypes;

/**
 * What each says of a migration; `null`: nothing. `FerrySince` in ISO 8601.
 *
 * @param held whether its fleet holds it, so that it waits for nobody
 */
export function attributesOf(
  state: MigrationState,
  now: string,
  held: boolean,
): Record<AttributeName, string | null> {
  const { migration, fleet, outcome } = state;
  const status = statusOf(state);
  const step = currentStep(state);
  const asked = ['waiting', 'blocked', 'paused'].includes(status.state) && !held;
  return {
    FerryFleet: fleet ? fleetName(fleet.id) : null,
    FerryWave: fleet?.wave ?? null,
    FerryTeam: migration.team ?? null,
    FerryStrategy: migration.strategy,
    FerryState: status.state,
    FerryStep: outcome ? null : (step?.id ?? null),
    FerrySource: migration.source,
    FerryTarget: migration.target,
    // Who is to do something: the team of the file, else whoever looks after it.
    FerryWaitsFor: asked ? (migration.team ?? 'people') : null,
    FerrySince: outcome?.at ?? state.since?.at ?? step?.startedAt ?? state.startedAt ?? now,
  };
}
