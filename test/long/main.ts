/**
 * `npm run test:long`: what takes too long for `npm test`. Runs its parts one after another, goes on after one has failed,
 * and ends with a table of what was run, as text and as JSON.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { Row } from './table.js';

const table = '.lab/long/table.jsonl';
const jest = [
  '--experimental-vm-modules',
  '--no-warnings=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
const long = (file: string) => [
  process.execPath,
  ...jest,
  '--selectProjects',
  'long',
  '--',
  `test/long/${file}`,
];
const onLab = (file: string) => [
  process.execPath,
  ...jest,
  '--selectProjects',
  'long-on-lab',
  '--',
  `test/long-on-lab/${file}`,
];
const onNode = (version: number) => [
  ...['npx', '--yes', '-p', `node@${version}`, 'node', ...jest],
  ...['--selectProjects', 'unit', 'workflow'],
];

/** The command of each part, by its name. */
const parts: Record<string, readonly string[]> = {
  'node-24': onNode(24),
  'node-26': onNode(26),
  readme: long('readme.test.ts'),
  large: long('large.test.ts'),
  'looking-after': onLab('looking-after.test.ts'),
  traces: onLab('traces.test.ts'),
  codec: onLab('codec.test.ts'),
  'codec-web-ui': onLab('codec-web-ui.test.ts'),
  lab: onLab('lab'),
  ledger: onLab('ledger.test.ts'),
  'lab-brokers': long('lab-brokers.test.ts'),
  'lab-tiered': long('lab-tiered.test.ts'),
  'mirror-brokers': long('mirror-brokers.test.ts'),
  'kill-matrix': long('kill-matrix.test.ts'),
  'kill-matrix-brokers': long('kill-matrix-brokers.test.ts'),
};

const usage = `npm run test:long [-- [PART ...] [--slice 1/3 | --whole]]
Parts: ${Object.keys(parts).join(', ')}; all of them unless told.
--slice 1/3   of the kill matrix the first third, as without it; 2/3 and 3/3 are the rest of it
--whole       all of the kill matrix, which takes some three hours`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    slice: { type: 'string', default: '1/3' },
    whole: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(parts);
const slice = values.whole ? '1/1' : values.slice;
if (values.help || !/^[1-9]\/[1-9]$/.test(slice) || chosen.some((name) => !parts[name])) {
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}

rmSync(table, { force: true });
mkdirSync(dirname(table), { recursive: true });
const failed: string[] = [];
const rows: Row[] = [];
for (const name of chosen) {
  const [program = '', ...args] = parts[name] ?? [];
  console.log(`\n${name}`);
  const began = Date.now();
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...process.env, FERRY_LONG_TABLE: table, FERRY_LONG_SLICE: slice },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) failed.push(name);
  rows.push({ test: name, seconds: Math.round((Date.now() - began) / 1000) });
}
if (existsSync(table))
  rows.push(
    ...readFileSync(table, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row),
  );

const columns = ['test', 'seconds', 'kills', 'messages', 'lost', 'duplicates', 'reordered'] as const;
const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))];
const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
console.log('');
for (const line of lines)
  console.log(
    line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '),
  );
console.log(JSON.stringify({ slice, failed, rows }));
if (failed.length > 0) console.error(`Failed: ${failed.join(', ')}.`);
process.exitCode = failed.length > 0 ? 1 : 0;
