import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parseMigration } from '../../src/migration/file.js';
import { strategyNames } from '../../src/migration/strategies.js';
import { readYaml } from '../../app/config/yaml-file.js';

const folder = fileURLToPath(new URL('../../migrations/', import.meta.url));
const files = readdirSync(folder);
const parsed = files.map((file) => parseMigration(readYaml(`${folder}${file}`).value));

describe('the examples in migrations/', () => {
  it.each(files.map((file, index) => [file, parsed[index]?.mistakes]))('%s is valid', (_, mistakes) => {
    expect(mistakes).toBeUndefined();
  });

  it('are one for each strategy, each under a name of its own', () => {
    expect(parsed.map(({ migration }) => migration?.strategy).sort()).toEqual([...strategyNames].sort());
    expect(new Set(parsed.map(({ migration }) => migration?.name)).size).toBe(files.length);
  });
});
