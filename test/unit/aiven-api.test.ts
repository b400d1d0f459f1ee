import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { format } from 'prettier';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(path, 'utf8');

test('the types of Aiven’s API are those of the description beside them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-api-'));
  const made = join(folder, 'api.ts');
  const program = join(root, 'node_modules/openapi-typescript/bin/cli.js');
  await promisify(execFile)(process.execPath, [
    program,
    join(root, 'src/provision/aiven/api.yaml'),
    '-o',
    made,
  ]);
  const options = JSON.parse(read(join(root, '.prettierrc.json'))) as object;
  const expected = await format(read(made), { ...options, parser: 'typescript' });
  rmSync(folder, { recursive: true });
  expect(read(join(root, 'src/provision/aiven/api.ts'))).toBe(expected);
});
