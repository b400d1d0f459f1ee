import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Declared } from '../../activities/plan/plan.js';
import type { Loss } from '../../src/provision/loss.js';
import { under } from '../../src/migration/by-name.js';
import type { Migration } from '../../src/migration/file.js';
import type { DeclaredFile } from '../../src/provision/declaring.js';
import type { Config } from '../config/config.js';
import { readText } from '../config/yaml-file.js';
import { badInput } from './failure.js';

/** What others make the topics of a migration from, as `ferry plan --json` tells it. */
export interface DeclaredReport {
  by: string;
  folder: string;
  files: DeclaredFile[];
  /** Everything that the files cannot say, with what happens instead; its key is that of its finding. */
  losses: Loss[];
}

/** @returns `undefined` where the ferry makes topics and grants itself, or could not read what they are made from */
export function declaredReport(
  { declarations }: Config,
  { name, target }: Migration,
  declared: Declared | undefined,
): DeclaredReport | undefined {
  const declaration = under(declarations, target);
  if (!declaration || !declared) return undefined;
  const { topics, access } = declared;
  return {
    by: declaration.declaring.by,
    folder: declaration.folder,
    files: declaration.declaring.files(name, topics, access),
    losses: [...topics.flatMap(({ losses }) => losses), ...access.losses],
  };
}

/**
 * Writes the files, and answers with their paths. What is there already with the same text stays; what says something else
 * is never written over, since a person may have changed it: then nothing is written at all.
 *
 * @throws CommandFailure `BadInput`
 */
export function writeDeclared({ folder, files }: Pick<DeclaredReport, 'folder' | 'files'>): string[] {
  const paths = files.map(({ path, text }) => ({ path: join(folder, path), text }));
  const due = paths.filter(({ path, text }) => {
    const there = readText(path);
    if (there.value === undefined || there.value === text) return there.value === undefined;
    throw badInput(
      `${path} is there already and says something else: put both together by hand (ferry plan --json shows what this one is to say), since what such a file no longer says may be taken away, or name another folder.`,
    );
  });
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    throw badInput(`${folder} cannot be made: name a folder that can.`);
  }
  for (const { path, text } of due)
    try {
      writeFileSync(path, text, { flag: 'wx' });
    } catch {
      throw badInput(`${path} cannot be written: see whether this user may.`);
    }
  return paths.map(({ path }) => path);
}
