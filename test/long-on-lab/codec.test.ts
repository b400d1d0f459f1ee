import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { Lab } from '../../lab/lab.js';
import { temporalCli } from '../../lab/temporal-cli.js';
import type { Status } from '../../src/migration/status.js';
import { eventually } from '../eventually.js';
import { codecServer } from '../hands/codec-server.js';
import { ferry, WorkerProcess } from '../hands/ferry.js';
import { runProgram } from '../hands/program.js';
import { Shop } from '../hands/shop.js';
import { sharedLab } from '../lab/shared.js';
import { run } from '../integration/kafka-cluster.js';

interface ConfigFile {
  temporal: { taskQueue?: string; codec?: object };
  codecServer?: object;
}

const name = `sealed-${run}`;
const topic = `patients.${run}`;
const note = `talked-to-ward-${run}`;
const taskQueue = `sealed-queue-${run}`;
const keys = { old: randomBytes(32).toString('base64'), new: randomBytes(32).toString('base64') };
const token = randomBytes(16).toString('hex');

let lab: Lab;
let folder: string;
let shop: Shop;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-codec-'));
  const shared = await sharedLab();
  const config = parse(readFileSync(shared.ferryYaml, 'utf8')) as ConfigFile;
  config.temporal.taskQueue = taskQueue;
  config.temporal.codec = { module: 'aes-gcm', options: { key: 'old', keys: { old: { file: 'old.key' } } } };
  config.codecServer = { address: '127.0.0.1:0', authorization: 'token', tokenFile: 'codec.token' };
  writeFileSync(join(folder, 'old.key'), keys.old);
  writeFileSync(join(folder, 'new.key'), keys.new);
  writeFileSync(join(folder, 'codec.token'), token);
  const ferryYaml = join(folder, 'ferry.yaml');
  writeFileSync(ferryYaml, stringify(config));
  lab = { ...shared, ferryYaml };
  shop = await Shop.open(lab, topic);
});
afterAll(async () => {
  await shop?.close();
  rmSync(folder, { recursive: true });
});

const status = async (): Promise<Status> =>
  JSON.parse((await ferry(lab, 'status', name, '--json')).stdout) as Status;

function rotated(): Lab {
  const config = parse(readFileSync(lab.ferryYaml, 'utf8')) as ConfigFile;
  config.temporal.codec = {
    module: 'aes-gcm',
    options: { key: 'new', keys: { old: { file: 'old.key' }, new: { file: 'new.key' } } },
  };
  const ferryYaml = join(folder, 'rotated.yaml');
  writeFileSync(ferryYaml, stringify(config));
  return { ...lab, ferryYaml };
}

/** Everything that Temporal's server keeps, byte for byte. */
function kept(): Buffer {
  const store = join(lab.folder, 'temporal');
  return Buffer.concat(
    readdirSync(store)
      .filter((file) => file.startsWith('temporal.db'))
      .map((file) => readFileSync(join(store, file))),
  );
}

const temporal = async (...args: string[]) => {
  const { code, stdout, stderr } = await runProgram(await temporalCli(), [
    ...args,
    ...['--address', lab.temporal.address, '-w', `migrate/${name}`],
  ]);
  return { code, text: stdout + stderr };
};

test('a migration leaves no name and no word of people in clear at Temporal, and those who have the key read all of it', async () => {
  const worker = await WorkerProcess.start(lab);
  const file = join(folder, 'migration.json');
  writeFileSync(file, JSON.stringify({ ...shop.migration({ patience: '5s' }), name }));
  const started = await ferry(lab, 'start', file);
  expect([started.stderr, started.code === 0 || started.code === 3]).toEqual(['', true]);
  await eventually(status, ({ state }) => state === 'waiting');

  // A claim that is not so, with a note, so that sentences of evidence hold names; then a drain, whose heartbeats do.
  const words = ['confirm', name, 'producerSwitched', '--name', 'orders-web', '--note', note];
  expect((await ferry(lab, ...words)).stderr).toBe('');
  await eventually(status, ({ contradicted }) => contradicted !== null);
  expect((await status()).contradicted?.why).toContain(topic);
  await shop.stopConsumer('billing');
  await shop.wroteOneMore();
  await shop.switchProducer();
  await ferry(lab, ...words);
  const behind = await eventually(
    async () => (await ferry(lab, 'status', name)).stdout,
    // On a busy machine the drain has lost its patience before it is asked.
    (text) => /-billing (\d+ records? behind|has not read)/.test(text),
  );
  expect(behind).toContain(topic);
  const listed = JSON.parse((await ferry(lab, 'list', '--running', '--json')).stdout) as {
    migrations: { name: string; topics: string[] }[];
  };
  expect(listed.migrations.find((one) => one.name === name)?.topics).toEqual([topic]);

  const bytes = kept();
  expect(bytes.includes(`migrate/${name}`)).toBe(true);
  expect(bytes.includes('binary/encrypted')).toBe(true);
  for (const secret of [topic, note, shop.group('billing')])
    expect([secret, bytes.includes(secret)]).toEqual([secret, false]);

  // Temporal's own tools see nothing without the codec server, and all with it and its token.
  const server = await codecServer(lab);
  try {
    const show = ['workflow', 'show', '--detailed'];
    const codec = ['--codec-endpoint', server.url];
    const authorized = ['--codec-auth', `Bearer ${token}`];
    expect((await temporal(...show)).text).not.toContain(topic);
    expect((await temporal(...show, ...codec)).text).not.toContain(topic);
    expect((await temporal(...show, ...codec, ...authorized)).text).toContain(topic);
    expect((await temporal('workflow', 'query', '--type', 'status', ...codec, ...authorized)).text).toContain(
      topic,
    );
    // What a person sends by it is not in clear either.
    const word = `by-hand-${run}`;
    const sent = ['signal', '--name', 'pause', '--input', JSON.stringify({ by: 'ann', note: word })];
    expect(await temporal('workflow', ...sent, ...codec, ...authorized)).toMatchObject({ code: 0 });
    // The drain may have lost its patience by now, which is shown first.
    await eventually(status, ({ next }) => next.some(({ message }) => message === 'resume'));
    expect(kept().includes(word)).toBe(false);
  } finally {
    await server.stop();
    await worker.stop();
  }

  // A new key is taken up while the migration runs; what the old one wrote is read as before.
  const rotatedLab = rotated();
  const next = await WorkerProcess.start(rotatedLab);
  try {
    expect((await ferry(rotatedLab, 'resume', name)).stderr).toBe('');
    await shop.startConsumer('billing');
    await eventually(
      async () => {
        const now = JSON.parse((await ferry(rotatedLab, 'status', name, '--json')).stdout) as Status;
        // The group was away for longer than the drain has patience.
        if (now.state === 'blocked') await ferry(rotatedLab, 'retry', name);
        return now;
      },
      ({ steps }) => steps.find(({ id }) => id === 'drain')?.status === 'done',
    );
    const without = await ferry(lab, 'status', name);
    expect([without.code, without.stderr]).toEqual([
      2,
      expect.stringContaining(
        'A payload is encrypted with the key new: add it to temporal.codec.options.keys',
      ),
    ]);
    await ferry(rotatedLab, 'abort', name);
  } finally {
    await next.stop();
  }
}, 400_000);
