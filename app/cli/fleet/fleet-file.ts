import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withDefaults, type Defaults } from '../../../src/fleet/defaults.js';
import { fileOf, parseFleet, readFleet, type Fleet } from '../../../src/fleet/file.js';
import { pathText, type Mistake } from '../../../src/migration/mistakes.js';
import { noSuch } from '../../connections/by-name.js';
import type { Config } from '../../config/config.js';
import { readYaml, type Read } from '../../config/yaml-file.js';
import { badFile } from '../failure.js';

export interface ReadFleet {
  fleet: Fleet;
  /** With the files in it that it names: what the workflow is given. */
  written: unknown;
}

/**
 * Reads a fleet file with the migration files that it names, from its folder, and the `defaults.yaml` of theirs.
 * @throws CommandFailure `BadInput` with every mistake, clusters that `ferry.yaml` lacks among them.
 */
export function readFleetFile(path: string, { clusters }: Config): ReadFleet {
  const read = fleetIn(path);
  const unknown = read.fleet.members.flatMap(({ migration }) =>
    (['source', 'target'] as const)
      .filter((side) => !Object.hasOwn(clusters, migration[side]))
      .map((side) => noSuch('clusters', migration[side], Object.keys(clusters))),
  );
  if (unknown.length > 0)
    throw badFile(
      path,
      [...new Set(unknown)].map((expected) => ({ path: '', expected })),
    );
  return read;
}

/**
 * The same where no cluster is needed.
 * @throws CommandFailure `BadInput` with every mistake
 */
export function fleetIn(path: string): ReadFleet {
  const read = readYaml(path);
  if (read.mistakes) throw badFile(path, read.mistakes);
  const { shape, mistakes: wrong } = readFleet(read.value);
  if (!shape) throw badFile(path, wrong);
  const folder = dirname(path);
  const mistakes: Mistake[] = [];
  const files = new Map<string, string>();
  const waves = shape.waves.map((wave, at) => ({
    ...wave,
    migrations: wave.migrations.map((written, index) => {
      const file = fileOf(written);
      if (file === undefined) return written;
      const where = pathText(['waves', at, 'migrations', index]);
      files.set(where, file);
      const one = readMember(join(folder, file), shape.defaults);
      if (one.mistakes) {
        mistakes.push(
          ...one.mistakes.map(({ expected }) => ({ path: where, expected: `${file}: ${expected}` })),
        );
        return { name: 'unread' };
      }
      const after =
        typeof written === 'object' && Array.isArray(written['after']) ? written['after'] : undefined;
      return { migration: one.value as Record<string, unknown>, ...(after && { after }) };
    }),
  }));
  if (mistakes.length > 0) throw badFile(path, mistakes);
  const written = { ...(read.value as object), waves };
  const { fleet, mistakes: others = [] } = parseFleet(written);
  if (!fleet) throw badFile(path, others.map(inFile(files)));
  return { fleet, written };
}

const inFile =
  (files: ReadonlyMap<string, string>) =>
  ({ path, expected }: Mistake): Mistake => {
    const file = files.get(path);
    return { path, expected: file === undefined ? expected : `${file}: ${expected}` };
  };

/** One file with what its folder says for all of them; what the fleet says goes before that. */
function readMember(path: string, shared: Defaults | undefined): Read<unknown> {
  const read = readYaml(path);
  if (read.mistakes) return read;
  const folder = readDefaults(dirname(path));
  if (folder.mistakes) return folder;
  return { value: folder.value ? withDefaults(read.value, shared, folder.value) : read.value };
}

/** `defaults.yaml` of a folder; undefined where there is none. */
export function readDefaults(folder: string): Read<Defaults | undefined> {
  const path = join(folder, defaultsFile);
  if (!existsSync(path)) return { value: undefined };
  const read = readYaml(path);
  if (read.mistakes)
    return {
      mistakes: read.mistakes.map(({ path: at, expected }) => ({
        path: at,
        expected: `${path}: ${expected}`,
      })),
    };
  return typeof read.value === 'object' && read.value !== null && !Array.isArray(read.value)
    ? { value: read.value as Defaults }
    : { mistakes: [{ path: '', expected: `${path}: expected an object with keys of a migration file` }] };
}

export const defaultsFile = 'defaults.yaml';
