import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { Lab } from '../../lab/lab.js';
import type { FleetLook } from '../../app/cli/fleet/look.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { eventually } from '../eventually.js';
import { ferry, WorkerProcess } from '../hands/ferry.js';
import { sharedLab } from '../lab/shared.js';
import { connectionOf, run } from './kafka-cluster.js';

let lab: Lab;
let here: Lab;
let folder: string;
let admin: Cluster;
let worker: WorkerProcess;
const names = ['a', 'b', 'c', 'd'].map((letter) => `fleet-${letter}.${run}`);
const [copied, plain, later, missing] = names as [string, string, string, string];
const fleet = `fleet-${run}`;

beforeAll(async () => {
  lab = await sharedLab();
  folder = mkdtempSync(join(tmpdir(), 'ferry-fleet-'));
  const config = parse(readFileSync(lab.ferryYaml, 'utf8')) as { temporal: { taskQueue?: string } };
  config.temporal.taskQueue = `fleet-${run}`;
  const ferryYaml = join(folder, 'ferry.yaml');
  writeFileSync(ferryYaml, stringify(config));
  here = { ...lab, ferryYaml };
  admin = openCluster('source', connectionOf(lab.source, 'admin'));
  await admin.createTopics(
    [copied, plain, later].map((name) => ({ name, partitions: 1, replicationFactor: 1, config: {} })),
  );
  const producer = lab.source.kafkajs('admin').producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  // Four megabytes, in batches of 50 kB.
  for (let at = 0; at < 80; at += 1)
    await producer.send({ topic: copied, messages: [{ value: Buffer.alloc(50_000, at) }] });
  await producer.disconnect();
  worker = await WorkerProcess.start(here);
});
afterAll(async () => {
  await worker.stop();
  await admin.close();
  rmSync(folder, { recursive: true });
});

const file = (name: string, change: Partial<MigrationFile> = {}): Partial<MigrationFile> => ({
  ...{ name, strategy: 'simplestCase', topics: [{ name }] },
  ...change,
});
const defaults = {
  ...{ source: 'source', target: 'target', team: 'shop' },
  leaveBehind: { principals: ['User:ferry', 'User:connect'] },
  waits: { quiet: '2s', probe: '250ms', soak: '1s' },
};

async function write(path: string, value: object): Promise<string> {
  const whole = join(folder, path);
  mkdirSync(join(whole, '..'), { recursive: true });
  writeFileSync(whole, stringify(value));
  return whole;
}

const lookAt = async (): Promise<FleetLook> => {
  const { stdout } = await ferry(here, 'fleet', 'status', fleet, '--json');
  return JSON.parse(stdout) as FleetLook;
};
const stateIn = (look: FleetLook, name: string): string | undefined =>
  look.status.waves.flatMap(({ migrations }) => migrations).find((one) => one.name === name)?.state;
/** No group reads here, so the plan asks. */
async function accept(name: string): Promise<void> {
  await eventually(
    async () => ferry(here, 'retry', name, '--accept-all', '--note', 'only a try', '--by', 'ann'),
    ({ code }) => code === 0,
  );
}
/** As a person says it; nobody writes or reads here, so what cannot be seen is overridden. */
const confirm = (name: string, step: string, ...words: string[]) =>
  ferry(here, 'confirm', name, step, '--by', 'ann', ...words);

test('a folder is planned at once, with what its files share, totals and a page', async () => {
  await write('all/defaults.yaml', defaults);
  await write('all/a.yaml', file(copied, { strategy: 'simpleMirroring' }));
  await write('all/b.yaml', file(plain));
  const page = join(folder, 'plan.html');
  const { code, stdout } = await ferry(here, 'plan', join(folder, 'all'), '--json', '--html', page);
  const { migrations, totals } = JSON.parse(stdout) as {
    migrations: { name: string; bytes: number; hours: number }[];
    totals: { topics: number; bytesToCopy: number; people: Record<string, Record<string, number>> };
  };
  expect({ code, names: migrations.map(({ name }) => name) }).toEqual({ code: 3, names: [copied, plain] });
  expect(totals.topics).toBe(2);
  expect(totals.bytesToCopy).toBeGreaterThan(3_900_000);
  expect(totals.people).toEqual({
    shop: {
      ...{ producerStopped: 1, consumerSwitched: 2, producerSwitched: 2, deletionApproved: 2 },
    },
  });
  expect(readFileSync(page, 'utf8')).toContain(copied);
  await write('all/c.yaml', file(missing));
  const blocked = await ferry(here, 'plan', join(folder, 'all'));
  expect(blocked.code).toBe(2);
  expect(blocked.stderr).toContain(missing);
});

test('a fleet file with mistakes is refused, with the file that has each, before anything starts', async () => {
  await write('bad/x.yaml', { ...file('x'), colour: 'blue' });
  const path = await write('bad/fleet.yaml', {
    ...{ name: fleet, defaults },
    waves: [{ name: 'one', migrations: ['x.yaml', 'y.yaml'] }],
  });
  const { code, stderr } = await ferry(here, 'fleet', 'start', path);
  expect(code).toBe(2);
  expect(stderr).toContain('waves[0].migrations[1]: y.yaml: there is no such file');
});

test('a fleet runs its waves; a mirror of it obeys a rate within seconds; what runs is applied and not started again', async () => {
  await write('own/copied.yaml', file(copied, { strategy: 'simpleMirroring' }));
  await write('own/plain.yaml', file(plain));
  await write('own/later.yaml', file(later));
  const path = await write('own/fleet.yaml', {
    ...{ name: fleet, defaults, budget: '20kB/s' },
    waves: [
      { name: 'one', migrations: ['copied.yaml', 'plain.yaml'] },
      { name: 'two', migrations: ['later.yaml'] },
    ],
  });
  // What the fleet says for all of them counts in a plan of it.
  const planned = await ferry(here, 'plan', path, '--json');
  expect(planned.code).toBe(3);
  const { migrations } = JSON.parse(planned.stdout) as { migrations: { name: string; team: string }[] };
  expect(migrations.map(({ name, team }) => `${name} of ${team}`)).toEqual(
    [copied, plain, later].map((name) => `${name} of shop`),
  );
  expect((await ferry(here, 'fleet', 'start', path)).code).toBe(0);
  const again = await ferry(here, 'fleet', 'start', path);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('runs already') });

  await accept(copied);
  await accept(plain);
  const look = await eventually(lookAt, ({ copying }) => (copying[copied]?.bytesPerSecond ?? 0) > 0);
  // Batches of 50 kB at 20 kB/s: four megabytes would take more than three minutes.
  expect(look.copying[copied]?.bytesPerSecond).toBeLessThan(60_000);
  expect((await ferry(here, 'fleet', 'status', fleet)).stdout).toContain('at most 20 kB/s for all mirrors');
  const applied = await ferry(here, 'apply', path, '--json');
  expect(JSON.parse(applied.stdout)).toMatchObject({
    applied: [
      { name: copied, what: 'same' },
      { name: plain, what: 'same' },
      { name: later, what: 'pending' },
    ],
    fleet: { name: fleet, what: 'runs' },
  });
  await write('own/plain.yaml', file(plain, { description: 'the plainest' }));
  const alone = await ferry(here, 'amend', plain, join(folder, 'own/plain.yaml'));
  expect(alone).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`${plain} was started by fleet/${fleet}: name the file of the fleet`),
  });
  const amended = await ferry(here, 'amend', plain, path);
  expect(amended).toMatchObject({ code: 0, stdout: expect.stringContaining('the plainest') });
  expect(amended.stdout).not.toContain('waits');
  const byHand = await write('by-hand.yaml', { ...defaults, ...file(later) });
  const begun = await ferry(here, 'apply', byHand);
  expect(begun.code).toBe(3);
  expect(begun.stdout).toMatch(new RegExp(`^${later}: started\nAsks a person [^]*--accept \\S+`));
  await accept(later);
  // What is left would take longer than this waits.
  expect((await ferry(here, 'fleet', 'throttle', fleet, 'none')).code).toBe(0);
  await eventually(lookAt, ({ status }) =>
    status.waiting.some(({ name, step }) => name === copied && step === 'producerStopped'),
  );

  // One that was started meanwhile, by hand, is adopted when its wave begins.
  const approve = await ferry(here, 'fleet', 'approve', fleet, 'two', '--reason', 'one went well');
  expect(approve.stdout).toContain('two is approved');
  await eventually(lookAt, (seen) => stateIn(seen, later) === 'waiting');
  const adopted = (await lookAt()).status.waves[1]?.migrations[0];
  expect(adopted).toMatchObject({ name: later, adopted: true, team: 'shop' });

  const abort = await ferry(here, 'fleet', 'abort', fleet, '--reason', 'only a test', '--json');
  expect(Object.keys((JSON.parse(abort.stdout) as { each: object }).each).sort()).toEqual(
    [copied, plain, later].sort(),
  );
  const end = await eventually(lookAt, ({ status }) => status.outcome !== null);
  expect(end.status.outcome?.others.map(({ ended }) => ended)).toEqual(['aborted', 'aborted', 'aborted']);
  const said = await ferry(here, 'fleet', 'freeze', fleet, '--until', '2999-01-01T00:00Z', '--reason', 'x');
  expect(said.code).toBe(2);
  expect(said.stderr.trim()).toBe(
    `${fleet} has ended (0 of 3 migrations are done; 3 are not): ferry fleet status ${fleet} shows what became of each, and ferry fleet start FILE begins it again.`,
  );
});

test('a single mirror is throttled by name, and what has none says so', async () => {
  const name = await write('own/plain-again.yaml', { ...defaults, ...file(plain) });
  await ferry(here, 'start', name);
  await accept(plain);
  const { code, stderr } = await ferry(here, 'throttle', plain, '20MB/s');
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('has no mirror') });
  expect((await ferry(here, 'throttle', plain, 'fast')).code).toBe(2);
  expect((await confirm(plain, 'producerSwitched')).code).toBe(0);
  expect((await ferry(here, 'abort', plain)).code).toBe(0);
});
