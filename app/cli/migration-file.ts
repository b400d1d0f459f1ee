import { dirname } from 'node:path';
import { withDefaults } from '../../src/fleet/defaults.js';
import { parseMigration, type Migration } from '../../src/migration/file.js';
import { noSuch } from '../connections/by-name.js';
import type { Config } from '../config/config.js';
import { readYaml } from '../config/yaml-file.js';
import { badFile } from './failure.js';
import { readDefaults } from './fleet/fleet-file.js';

export interface ReadMigration {
  migration: Migration;
  /**
   * What the person wrote, as JSON, with what `defaults.yaml` of its folder says for all files there: this is what the
   * workflow is given and its history shows.
   */
  written: unknown;
}

/** @throws CommandFailure `BadInput` with every mistake, clusters that `ferry.yaml` lacks among them. */
export function readMigration(file: string, config: Config): ReadMigration {
  return migrationOf(file, readWritten(file), config);
}

/**
 * @param written what the file says, and `defaults.yaml` beside it
 * @throws CommandFailure as `readMigration`
 */
export function migrationOf(file: string, written: unknown, { clusters }: Config): ReadMigration {
  const { migration, mistakes = [] } = parseMigration(written);
  if (!migration) throw badFile(file, mistakes);
  const unknown = (['source', 'target'] as const).filter((side) => !Object.hasOwn(clusters, migration[side]));
  if (unknown.length > 0)
    throw badFile(
      file,
      unknown.map((side) => ({
        path: side,
        expected: noSuch('clusters', migration[side], Object.keys(clusters)),
      })),
    );
  return { migration, written };
}

/**
 * One file means the same in every verb, alone and among the others of its folder.
 * @throws CommandFailure `BadInput` with every mistake of this file and of `defaults.yaml`
 */
export function readWritten(file: string): unknown {
  const read = readYaml(file);
  if (read.mistakes) throw badFile(file, read.mistakes);
  const defaults = readDefaults(dirname(file));
  if (defaults.mistakes) throw badFile(file, defaults.mistakes);
  return withDefaults(read.value, defaults.value);
}
