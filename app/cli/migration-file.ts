import { parseMigration, type Migration } from '../../src/migration/file.js';
import { noSuch } from '../connections/by-name.js';
import type { Config } from '../config/config.js';
import { readYaml } from '../config/yaml-file.js';
import { badFile } from './failure.js';

export interface ReadMigration {
  migration: Migration;
  /** What the person wrote, as JSON: this is what the workflow is given and its history shows. */
  written: unknown;
}

/** @throws CommandFailure `BadInput` with every mistake, clusters that `ferry.yaml` lacks among them. */
export function readMigration(file: string, { clusters }: Config): ReadMigration {
  const read = readYaml(file);
  if (read.mistakes) throw badFile(file, read.mistakes);
  const { migration, mistakes = [] } = parseMigration(read.value);
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
  return { migration, written: read.value };
}
