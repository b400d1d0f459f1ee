import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { serveHealth } from '../../app/worker/health.js';
import type { Listening } from '../../src/http/listen.js';
import { runProgram } from '../hands/program.js';

let folder: string;
let server: Listening | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-health-'));
});
afterEach(async () => {
  await server?.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const serving = async (): Promise<string> => {
  // Temporal does not answer, and the worker lives all the same.
  server = await serveHealth('127.0.0.1:0', async () => ({ temporal: 'UNREACHABLE' }));
  return `127.0.0.1:${server.port}`;
};

async function check(worker: object, environment: Record<string, string> = {}) {
  const file = join(folder, 'ferry.yaml');
  writeFileSync(file, JSON.stringify({ worker }));
  const { code, stderr } = await runProgram(
    process.execPath,
    ['--import', 'tsx', 'app/worker/healthcheck.ts'],
    { FERRY_CONFIG: file, ...environment },
  );
  return [code, stderr.trim()];
}

it('asks the worker where ferry.yaml says, also where that is everywhere', async () => {
  const health = await serving();
  expect(await check({ health })).toEqual([0, '']);
  expect(await check({ health: health.replace('127.0.0.1', '0.0.0.0') })).toEqual([0, '']);
});

it('asks where the image says, if ferry.yaml says nothing', async () => {
  expect(await check({}, { FERRY_HEALTH: await serving() })).toEqual([0, '']);
});

it('is no health where nobody answers, or nobody knows whom to ask', async () => {
  const health = await serving();
  await server?.close();
  expect(await check({ health })).toEqual([1, `The worker does not answer at ${health}.`]);
  expect(await check({})).toEqual([1, 'ferry.yaml cannot be read, or names no worker.health.']);
});
