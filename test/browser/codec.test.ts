import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { Lab } from '../../lab/lab.js';
import type { Status } from '../../src/migration/status.js';
import { eventually } from '../eventually.js';
import { codecServer } from '../hands/codec-server.js';
import { ferry, WorkerProcess } from '../hands/ferry.js';
import { Shop } from '../hands/shop.js';
import { sharedLab } from '../lab/shared.js';
import { WebUi } from './web-ui.js';

interface ConfigFile {
  temporal: { taskQueue?: string; codec?: object };
  codecServer?: object;
}

const name = 'sealed-in-the-browser';
const topic = 'patients-of-the-ward';

let folder: string;
let lab: Lab;
let worker: WorkerProcess;
let shop: Shop;
let ui: WebUi;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-browser-codec-'));
  const shared = await sharedLab();
  const config = parse(readFileSync(shared.ferryYaml, 'utf8')) as ConfigFile;
  config.temporal.taskQueue = name;
  config.temporal.codec = { module: 'aes-gcm', options: { key: 'a', keys: { a: { file: 'a.key' } } } };
  config.codecServer = { address: '127.0.0.1:0', origins: [shared.temporal.ui], authorization: 'none' };
  writeFileSync(join(folder, 'a.key'), randomBytes(32).toString('hex'));
  const ferryYaml = join(folder, 'ferry.yaml');
  writeFileSync(ferryYaml, stringify(config));
  lab = { ...shared, ferryYaml };
  [worker, shop, ui] = await Promise.all([WorkerProcess.start(lab), Shop.open(lab, topic), WebUi.open(lab)]);
  const file = join(folder, 'migration.json');
  writeFileSync(file, JSON.stringify({ ...shop.migration(), name }));
  const { stderr } = await ferry(lab, 'start', file);
  expect(stderr).toBe('');
  await eventually(
    async () => JSON.parse((await ferry(lab, 'status', name, '--json')).stdout) as Status,
    ({ state }) => state === 'waiting',
  );
});
afterAll(async () => {
  await ui?.close();
  await shop?.close();
  await worker?.stop();
  rmSync(folder, { recursive: true });
});

/** What the page shows of a migration: history with inputs and results, and what is told of it. */
async function shown(): Promise<string> {
  const texts: string[] = [];
  await ui.show(`migrate/${name}`);
  for (const tab of ['History', 'Memo', 'User Metadata']) {
    await ui.tab(tab);
    texts.push(await ui.text().innerText());
  }
  return texts.join('\n');
}

test('the web UI shows names through the codec server, and without it what nobody can read', async () => {
  const sealed = await eventually(
    shown,
    (text) => text.includes('binary/encrypted') || text.includes('encoding'),
  );
  expect(sealed).not.toContain(topic);

  const server = await codecServer(lab);
  try {
    await ui.show(`migrate/${name}`);
    await ui.useCodecServer(server.url);
    await eventually(shown, (text) => text.includes(topic));
    const details = await ui.details(/waiting for a person to say so for orders-web/);
    expect(details).toContain('Producers write to the target only');
    // What is sent from the page is taken too.
    await ui.signal({ name: 'pause', json: '{"by":"ann"}' });
    await ui.details(/Paused by ann/);
  } finally {
    await server.stop();
  }
});
