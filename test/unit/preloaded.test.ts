import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from '@jest/globals';

const sources = readdirSync('workflows', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('workflows', file));

/** What a file imports of `src/` that is more than types, from the root of the project. */
const vocabularyOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^import (?!type )(?:([^;']*) from )?'(\.[^']+)'/gm)]
    .filter(([, names]) => !names || !/^\{(\s*type [^,}]+,?)+\s*\}$/.test(names))
    .map(([, , path = '']) => normalize(join(dirname(file), path)))
    .filter((path) => path.startsWith('src/'));

const preloaded = vocabularyOf('workflows/preloaded.ts');

/** With what these import themselves. */
function whole(paths: readonly string[], all = new Set<string>()): Set<string> {
  for (const path of paths)
    if (!all.has(path)) whole(vocabularyOf(path.replace(/\.js$/, '.ts')), all.add(path));
  return all;
}

test('what workflows use of the vocabulary is loaded once for all of them, each named once', () => {
  const used = new Set(sources.filter((file) => !file.endsWith('preloaded.ts')).flatMap(vocabularyOf));
  expect([...new Set(preloaded)]).toEqual(preloaded);
  expect([...preloaded].sort()).toEqual([...used].sort());
});

test('nothing in it that workflows share writes into itself: what is exported is frozen', async () => {
  const writing: string[] = [];
  const seen = new Set<unknown>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if ('_zod' in value || value instanceof RegExp || value instanceof Map || value instanceof Set)
      writing.push(path);
    else for (const [name, inner] of Object.entries(value)) walk(inner, `${path}.${name}`);
  };
  for (const path of whole(preloaded)) walk(await import(`../../${path}`), path);
  expect(writing).toEqual([]);
});
