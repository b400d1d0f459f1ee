import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { MigrationFile } from '../../src/migration/file.js';
import { LabError } from '../host/failure.js';
import type { Lab } from '../lab.js';
import { migrationOf, type Names } from '../rehearsal/script.js';
import { runFerry } from './ferry-program.js';

/** What was made on the way. */
export interface Advised {
  /** The written file, with what a person has filled in. */
  file: MigrationFile;
  folder: string;
  sets: number;
  waves: number;
  idle: number;
  reportBytes: number;
}

/** Answers of the demo's person: what is kept in the shop may be left behind, and everybody may pause. */
const answered: [RegExp, string][] = [
  [/(historyNeeded): .*/g, '$1: no'],
  [/(producersOurs|consumersOurs|mayPause): .*/g, '$1: yes'],
];

/** Scans the source, answers, has the files written, and fills in what only a person knows of the one with this topic. */
export async function adviseShop(lab: Lab, names: Names, say: (line: string) => void): Promise<Advised> {
  const folder = join(lab.folder, 'shop');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  say(await runFerry(lab, 'scan', 'source', '--out', at('inventory.json'), '--html', at('report.html')));

  const questions = await runFerry(lab, 'advise', at('inventory.json'), '--ask');
  writeFileSync(
    at('answers.yaml'),
    answered.reduce((text, [question, answer]) => text.replaceAll(question, answer), questions),
  );
  const words = [
    at('inventory.json'),
    at('answers.yaml'),
    '--waves',
    '--target',
    'target',
    '--write',
    at('advised'),
  ];
  const told = JSON.parse(await runFerry(lab, 'advise', ...words, '--json')) as {
    fleet: string;
    waves: unknown[];
    idle: unknown[];
    sets: { topics: string[] }[];
  };
  say(
    `${told.sets.length} sets in ${told.waves.length} waves, ${told.idle.length} idle topics: ${told.fleet}`,
  );

  const written = readdirSync(at('advised'))
    .filter((name) => name !== 'fleet.yaml')
    .map((name) => parse(readFileSync(join(at('advised'), name), 'utf8')) as MigrationFile)
    .find(({ topics }) => topics.some(({ name }) => name === names.topic));
  if (!written) throw new LabError(`No file was written for ${names.topic}.`);
  return {
    file: filledIn(written, names),
    folder,
    sets: told.sets.length,
    waves: told.waves.length,
    idle: told.idle.length,
    reportBytes: statSync(at('report.html')).size,
  };
}

/** What no cluster tells: the principals' names on the target, which groups read transactions, and short waits for the show. */
function filledIn(written: MigrationFile, names: Names): MigrationFile {
  const script = migrationOf(written.strategy, names);
  const isolation = new Map(script.consumers?.map((one) => [one.group, one]));
  return {
    ...written,
    topics: script.topics,
    consumers: written.consumers?.map((one) => ({ ...one, ...isolation.get(one.group) })),
    principals: script.principals,
    leaveBehind: script.leaveBehind,
    waits: script.waits,
  };
}
