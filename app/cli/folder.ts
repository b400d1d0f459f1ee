import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { readYaml } from '../config/yaml-file.js';
import { badInput, CommandFailure } from './failure.js';
import { defaultsFile, readDefaults } from './fleet/fleet-file.js';
import { readMigration, type ReadMigration } from './migration-file.js';

export interface FileOfMany extends ReadMigration {
  /** As a person would name it. */
  file: string;
}

export const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

export function isFleet(path: string): boolean {
  const { value } = readYaml(path);
  return typeof value === 'object' && value !== null && 'waves' in value;
}

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
      return readOne(join(path, name), config);
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
function readOne(file: string, config: Config): FileOfMany[] {
  return isFleet(file) ? [] : [{ file, ...readMigration(file, config) }];
}
