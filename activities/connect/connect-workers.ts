import { mirrorNames, type MirrorNames } from '../../src/connect/mirror-maker.js';
import type { Connect } from '../../src/connect/rest.js';
import { FerryError } from '../../src/migration/errors.js';
import type { Migration } from '../../src/migration/file.js';
import type { Dependencies, MirrorWorkers } from '../kit/dependencies.js';

export interface MirrorAt extends MirrorWorkers {
  names: MirrorNames;
}

/** The Kafka Connect that mirrors this migration. @throws FerryError `BadInput` when file or configuration names none. */
export function mirrorOf({ connects }: Pick<Dependencies, 'connects'>, migration: Migration): MirrorAt {
  if (migration.connect === undefined)
    throw new FerryError(
      'BadInput',
      `The migration mirrors by MirrorMaker and names no Kafka Connect: give connect, one of those under connect in ferry.yaml.`,
    );
  if (!connects) throw new FerryError('BadInput', `ferry.yaml has no Kafka Connect "${migration.connect}".`);
  return { ...connects(migration.connect), names: mirrorNames(migration.name) };
}

/** Whether the mirror cannot copy a record twice: what its connector was made with. */
export async function isExactlyOnce(rest: Connect, names: MirrorNames): Promise<boolean> {
  return (await connectorConfig(rest, names.source))['exactly.once.support'] === 'required';
}

/** @throws FerryError `NotFound` */
export async function connectorConfig(
  rest: Connect,
  connector: string,
): Promise<Record<string, string | null>> {
  const config = await rest.config(connector);
  if (config) return config;
  throw new FerryError(
    'NotFound',
    `Kafka Connect "${rest.name}" no longer has the connector ${connector}: find out who deleted it, then abort the migration; its position is lost.`,
  );
}

/** Whether a mirror of this migration was made before, by whatever run. */
export async function isMirroredAlready(
  dependencies: Pick<Dependencies, 'connects'>,
  migration: Migration,
): Promise<boolean> {
  const { rest, names } = mirrorOf(dependencies, migration);
  return (await rest.config(names.source)) !== undefined;
}
