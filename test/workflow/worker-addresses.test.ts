import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { runProgram } from '../hands/program.js';
import { realServer } from './servers.js';

let environment: TestWorkflowEnvironment;
let folder: string;
let taken: Server;
let address: string;

beforeAll(async () => {
  environment = await realServer();
  folder = mkdtempSync(join(tmpdir(), 'ferry-addresses-'));
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
});
afterAll(async () => {
  taken.close();
  rmSync(folder, { recursive: true });
  await environment.teardown();
});

it.each(['health', 'metrics'])('a worker whose address for %s is taken says so, and ends', async (key) => {
  const file = join(folder, 'ferry.yaml');
  writeFileSync(
    file,
    JSON.stringify({ temporal: { address: environment.address }, worker: { [key]: address } }),
  );
  const { code, stderr } = await runProgram(
    process.execPath,
    ['--import', 'tsx', 'app/cli/main.ts', 'worker', '--config', file],
    {},
  );
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining(`worker.${key}: cannot listen on ${address}: another process has it`),
  ]);
});
