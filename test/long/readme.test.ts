import { readFileSync, writeFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, expect, test } from '@jest/globals';
import { runProgram, type Ended } from '../hands/program.js';
import { eventually } from '../eventually.js';

const readme = readFileSync('README.md', 'utf8');
const name = 'readme';
const configured = `export FERRY_CONFIG=.lab/${name}/ferry.yaml`;
const folder = mkdtempSync(join(tmpdir(), 'readme-'));
const file = join(folder, 'orders.yaml');

let worker: ChildProcess | undefined;
afterAll(async () => {
  if (worker) {
    process.kill(-worker.pid!, 'SIGTERM');
    await once(worker, 'close');
  }
  await shell(`npm run lab -- down --name ${name}`);
  rmSync(folder, { recursive: true });
});

const shell = (command: string): Promise<Ended> => runProgram('bash', ['-c', command]);

/** The command as the README has it, for a lab and a file of this test. */
function said(command: string): string {
  expect(readme).toContain(command);
  return `${configured}; ${command.replace('migrations/simplest-case.yaml', file).replace('npm run ', 'npm run -s ')}`;
}

interface Now {
  state: string;
  /** Of the step that is under way. */
  step: { id: string; status: string; parts?: { name: string }[] } | undefined;
}

async function status(): Promise<Now> {
  const asked = await shell(`${configured}; npm run -s ferry -- status orders --json`);
  if (asked.stdout === '') throw new Error(asked.stderr);
  const answer = JSON.parse(asked.stdout) as
    { error: { message: string } } | { error?: undefined; state: string; steps: NonNullable<Now['step']>[] };
  // A worker with much to do has not answered in time.
  if (answer.error) return { state: answer.error.message, step: undefined };
  const { state, steps } = answer;
  return { state, step: steps.find((step) => ['active', 'waiting', 'blocked'].includes(step.status)) };
}

const at = (id: string, is: string) =>
  eventually(status, ({ step }) => step?.id === id && step.status === is, 240_000);

test('a new user moves a topic of the lab by what the README says, word for word', async () => {
  const up = await shell(`npm run lab -- up --fresh --name ${name}`);
  expect(up.code).toBe(0);
  const tool = up.stdout.split('\n').find((line) => line.trim().endsWith('--list'));
  expect(readme).toContain('`--create --topic orders --partitions 6` in place of `--list`');
  const create = '--create --topic orders --partitions 6';
  expect(await shell(tool!.trim().replace(/--list$/, create))).toMatchObject({ code: 0 });

  expect(readme).toContain('`quiet: 10s` and `soak: 1m`');
  const example = readFileSync('migrations/simplest-case.yaml', 'utf8');
  const short = example.replace(/quiet: \S+/, 'quiet: 10s').replace(/soak: \S+/, 'soak: 1m');
  writeFileSync(file, short);

  expect(await shell(said('npm run ferry -- plan migrations/simplest-case.yaml'))).toMatchObject({ code: 3 });
  worker = spawn('bash', ['-c', said('npm run ferry -- worker')], { stdio: 'ignore', detached: true });
  expect(await shell(said('npm run ferry -- start migrations/simplest-case.yaml'))).toMatchObject({
    code: 3,
  });

  await at('checkPlan', 'blocked');
  const accept = 'npm run ferry -- retry orders --accept-all --note "only a try"';
  expect(await shell(said(accept))).toMatchObject({ code: 0 });

  const { step } = await at('producerSwitched', 'waiting');
  const confirm = 'npm run ferry -- confirm orders producerSwitched --name orders-web';
  expect(await shell(said(confirm))).toMatchObject({ code: 0 });
  // The README shows one producer of the two, and the status says so of both.
  expect(step?.parts?.map((part) => part.name)).toEqual(['orders-web', 'orders-batch']);
  expect(await shell(said(confirm).replace('orders-web', 'orders-batch'))).toMatchObject({ code: 0 });

  await at('consumerSwitched', 'waiting');
  const override = `npm run ferry -- confirm orders consumerSwitched --name '*' --override "only a try"`;
  expect(await shell(said(override))).toMatchObject({ code: 0 });

  await at('deletionApproved', 'waiting');
  expect(await shell(said('npm run ferry -- approve orders --delete orders'))).toMatchObject({ code: 0 });
  await eventually(status, ({ state }) => state === 'done', 120_000);
}, 900_000);
