import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withDefaults, type Defaults } from '../../src/fleet/defaults.js';
import type { Config } from '../config/config.js';
import { readYaml } from '../config/yaml-file.js';
import { badFile, badInput, CommandFailure } from './failure.js';
import { defaultsFile, readDefaults } from './fleet/fleet-file.js';
import { migrationOf, type ReadMigration } from './migration-file.js';

export interface FileOfMany extends ReadMigration {
  /** As a person would name it. */
  file: string;
}

export const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

export const isFleet = (path: string): boolean => hasWaves(readYaml(path).value);

const hasWaves = (value: unknown): boolean => typeof value === 'object' && value !== null && 'waves' in value;

/**
 * The migrations of a folder with what its `defaults.yaml` says for all of them.
 * @throws CommandFailure `BadInput` with every mistake of every file
 */
export function readMany(path: string, config: Config): FileOfMany[] {
  const defaults = readDefaults(path);
  if (defaults.mistakes) throw badInput(...defaults.mistakes.map(({ expected }) => `${path}: ${expected}`));
  const files = readdirSync(path)
    .filter((name) => /\.(ya?ml|json)$/.test(name) && name !== defaultsFile)
    .sort();
  const failures: string[] = [];
  const read = files.flatMap((name): FileOfMany[] => {
    try {
      return readOne(join(path, name), defaults.value, config);
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      failures.push(...error.sentences);
      return [];
    }
  });
  const names = read.map(({ migration }) => migration.name);
  for (const twice of new Set(names.filter((name, at) => names.indexOf(name) !== at)))
    failures.push(
      `${path}: expected each migration in one file: ${twice} is in ${read
        .filter(({ migration }) => migration.name === twice)
        .map(({ file }) => file)
        .join(' and ')}`,
    );
  if (failures.length > 0) throw badInput(...failures);
  if (read.length === 0) throw badInput(`${path} holds no migration file.`);
  return read;
}

/** None where the file is that of a fleet: its migrations are in files of their own, or in it. */
function readOne(file: string, defaults: Defaults | undefined, config: Config): FileOfMany[] {
  const read = readYaml(file);
  if (read.mistakes) throw badFile(file, read.mistakes);
  if (hasWaves(read.value)) return [];
  return [{ file, ...migrationOf(file, withDefaults(read.value, defaults), config) }];
}
