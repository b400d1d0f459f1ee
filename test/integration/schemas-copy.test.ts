import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { Lab, LabRegistries } from '../../lab/lab.js';
import { startRegistryDouble, type RegistryDouble } from '../../lab/registry-double/server.js';
import { openRegistry } from '../../src/registry/open.js';
import type { Registry } from '../../src/registry/registry.js';
import type { Status } from '../../src/migration/status.js';
import { ferry, WorkerProcess } from '../hands/ferry.js';
import { sharedLab, stopRegistries } from '../lab/shared.js';
import { holdings } from '../registry/ground.js';
import { avro, json, proto } from '../registry/schemas.js';
import { run } from './kafka-cluster.js';

// From a real registry, which has no import mode, to one that has, by the command line and a worker of its own.
let folder: string;
let lab: Lab;
let registries: LabRegistries;
let double: RegistryDouble;
let source: Registry;
let target: Registry;
let worker: WorkerProcess;

beforeAll(async () => {
  const shared = await sharedLab();
  registries = await shared.startRegistries();
  double = await startRegistryDouble({ writesAnew: false });
  source = openRegistry('onprem', { url: registries.source.url });
  target = openRegistry('aiven', { url: double.url });
  folder = mkdtempSync(join(tmpdir(), 'ferry-schemas-'));
  const config = parse(readFileSync(shared.ferryYaml, 'utf8')) as {
    temporal: { taskQueue?: string };
    registries?: object;
  };
  config.temporal.taskQueue = `schemas-${run}`;
  config.registries = { onprem: { url: registries.source.url }, aiven: { url: double.url } };
  lab = { ...shared, ferryYaml: join(folder, 'ferry.yaml') };
  writeFileSync(lab.ferryYaml, stringify(config));
  worker = await WorkerProcess.start(lab);
});
afterAll(async () => {
  await worker.stop();
  source.close();
  target.close();
  await double.close();
  await stopRegistries(registries);
  rmSync(folder, { recursive: true });
});

const id = 'schemas/onprem/aiven';
const copying = ['schemas', 'copy', '--from', 'onprem', '--to', 'aiven'];
const parsed = <T>(text: string): T => JSON.parse(text) as T;

test('a registry is looked at, and then copied by a workflow that status tells of', async () => {
  expect(await source.contexts().then((contexts) => contexts ?? [])).toEqual([]);
  const base = `whole-${run}-common`;
  await source.register(base, proto('Common'));
  await source.register(
    `whole-${run}/käse 50%`,
    proto('Uses', [{ name: base, subject: base, version: 1, message: 'Common' }]),
  );
  await source.register(`whole-${run}-value`, avro('Order'));
  await source.register(`whole-${run}-value`, avro('Order', 'a'));
  await source.deleteVersion(`whole-${run}-value`, 1);
  await source.register(`other-${run}-key`, json('key'));

  const looked = await ferry(lab, ...copying, '--subjects', `whole-${run}*`, '--dry-run', '--json');
  expect(parsed(looked.stdout)).toMatchObject({ versions: 4, register: 4, subjects: 3, softDelete: 1 });
  expect(looked.code).toBe(0);
  expect(await target.subjects({ deleted: true })).toEqual([]);

  const started = await ferry(lab, ...copying, '--subjects', `whole-${run}*`);
  expect([started.code, started.stdout]).toEqual([
    0,
    expect.stringMatching(/Started schemas\/onprem\/aiven/),
  ]);
  const watched = await ferry(lab, 'status', id, '--watch', '--json');
  expect(watched.code).toBe(0);
  expect(parsed<Status>(watched.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
    state: 'done',
    outcome: {
      sentence:
        '4 schema versions registered on aiven with their ids, in import mode. 1 version deleted there as on the source.',
    },
  });
  const wanted = Object.entries(await holdings(source)).filter(([key]) => key.startsWith(`whole-${run}`));
  expect(Object.entries(await holdings(target)).sort()).toEqual(wanted.sort());

  const late = await ferry(lab, 'abort', id);
  expect([late.code, late.stderr]).toEqual([2, expect.stringMatching(/has ended: 4 schema versions/)]);
});

test('what is wrong with the command line is said before anything is asked', async () => {
  const unknown = await ferry(lab, 'schemas', 'copy', '--from', 'onprem', '--to', 'typo');
  expect([unknown.code, unknown.stderr]).toEqual([
    2,
    expect.stringMatching(/ferry.yaml has no schema registry/),
  ]);
  const same = await ferry(lab, 'schemas', 'copy', '--from', 'onprem', '--to', 'onprem');
  expect([same.code, same.stderr]).toEqual([2, expect.stringMatching(/two registries/)]);
});

test('what blocks is said, and nothing is started', async () => {
  const subject = `blocked-${run}`;
  const bound = await source.register(subject, avro(`Blocked${run.replace(/\W/g, '')}`));
  await target.setMode('elsewhere', 'IMPORT');
  await target.register('elsewhere', avro('Elsewhere'), { id: bound, version: 1 });
  await target.clearMode('elsewhere');
  const refused = await ferry(lab, ...copying, '--subjects', subject);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringMatching(new RegExp(`Id ${bound} .* belongs to another schema on aiven`)),
  ]);
  expect(parsed<Status>((await ferry(lab, 'status', id, '--json')).stdout)).toMatchObject({ state: 'done' });
});
