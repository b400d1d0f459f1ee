import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { fleetType } from '../../src/fleet/messages.js';
import { holdsType } from '../../src/migration/holds.js';
import { registryCopyType } from '../../src/migration/registry-copy.js';
import { surveyType } from '../../src/migration/survey.js';
import { strategyNames } from '../../src/migration/strategies.js';
import * as workflows from '../../workflows/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the code of a folder may import: `/folder/` is the project's own, the rest are packages. The first match counts. */
const arrows: { from: RegExp; may: RegExp }[] = [
  { from: /^src\/migration\//, may: /^(\/src\/migration\/|zod$)/ },
  { from: /^src\/fleet\//, may: /^(\/src\/(migration|fleet)\/|zod$)/ },
  {
    from: /^workflows\//,
    may: /^(\/src\/(migration|fleet)\/|\/workflows\/|@temporalio\/(workflow|common)$)/,
  },
  {
    from: /^activities\//,
    may: /^(\/activities\/|\/src\/|(?!@temporalio\/(worker|workflow|client|testing))[^/])/,
  },
  { from: /^src\//, may: /^(\/src\/|(?!@temporalio\/)[^/])/ },
  { from: /^app\//, may: /^(\/app\/|\/src\/|\/workflows\/|\/activities\/|[^/])/ },
];

interface Import {
  file: string;
  imported: string;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

/** Relative imports as paths from the root with a slash before them, packages by their specifier. */
function importsOf(file: string): Import[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true);
  return importedFiles.map(({ fileName }) => ({
    file,
    imported: fileName.startsWith('.') ? `/${join(dirname(file), fileName)}` : fileName,
  }));
}

const all = ['app', 'src', 'workflows', 'activities'].flatMap(sources).flatMap(importsOf);
const against = (imports: Import[]) =>
  imports.filter(({ file, imported }) => {
    const arrow = arrows.find(({ from }) => from.test(file));
    return !(arrow?.may.test(imported) ?? false);
  });
describe('the arrows between folders', () => {
  it('point one way: programs, workflows and activities, libraries, vocabulary', () => {
    expect(against(all)).toEqual([]);
  });

  it('are really followed: there are imports of every kind', () => {
    const followed = (from: RegExp, to: RegExp) =>
      all.filter(({ file, imported }) => from.test(file) && to.test(imported)).length;
    expect(followed(/^workflows\//, /^\/src\/migration\//)).toBeGreaterThan(10);
    expect(followed(/^activities\//, /^\/src\/kafka\//)).toBeGreaterThan(10);
    expect(followed(/^src\/kafka\//, /^\/src\/migration\//)).toBeGreaterThan(0);
  });

  it.each([
    ['src/migration/file.ts', '/src/kafka/cluster.js'],
    ['src/migration/file.ts', '@temporalio/common'],
    ['src/migration/file.ts', 'node:fs'],
    ['workflows/simplest-case.ts', '/activities/drain/drain.js'],
    ['workflows/steps/run.ts', '/src/kafka/cluster.js'],
    ['workflows/steps/run.ts', '@temporalio/activity'],
    ['activities/drain/drain.ts', '/workflows/index.js'],
    ['activities/drain/drain.ts', '/app/cli/main.js'],
    ['activities/drain/drain.ts', '@temporalio/worker'],
    ['src/kafka/groups.ts', '/activities/drain/drain.js'],
    ['src/kafka/groups.ts', '@temporalio/activity'],
    ['src/kafka/groups.ts', '/app/config/config.js'],
    ['app/worker/worker.ts', '/lab/lab.js'],
    ['app/worker/worker.ts', '/test/unit/arrows.test.js'],
  ])('forbid %s to import %s', (file, imported) => {
    expect(against([{ file, imported }])).toHaveLength(1);
  });
});

it('no file imports itself by a way around', () => {
  const files = new Set(['app', 'src', 'workflows', 'activities'].flatMap(sources));
  const to = new Map<string, string[]>();
  for (const { file, imported } of all) {
    const target = imported.replace(/^\//, '').replace(/\.js$/, '.ts');
    if (files.has(target)) to.set(file, [...(to.get(file) ?? []), target]);
  }
  const done = new Set<string>();
  const circles: string[][] = [];
  const walk = (file: string, path: string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file]);
    if (path.includes(file) || done.has(file)) return;
    for (const next of to.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
  expect(circles).toEqual([]);
});

it('workflows/index.ts exports the workflow of every strategy, fleets, what holds of topics are kept by, what copies a registry, what surveys a cluster, and nothing else', () => {
  expect(Object.keys(workflows).sort()).toEqual(
    [...strategyNames, fleetType, holdsType, registryCopyType, surveyType].sort(),
  );
  for (const workflow of Object.values(workflows)) expect(typeof workflow).toBe('function');
});

it('every @temporalio package has one and the same exact version', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(([name]) =>
    name.startsWith('@temporalio/'),
  );
  const installed = Object.entries(lock.packages).filter(([path]) =>
    /node_modules\/@temporalio\//.test(path),
  );
  const versions = new Set([
    ...asked.map(([, version]) => version),
    ...installed.map(([, { version }]) => version),
  ]);
  expect(asked.length).toBeGreaterThan(5);
  expect([...versions]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
});
