import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { Lab } from '../../lab/lab.js';
import { eventually } from '../eventually.js';
import { codecServer } from '../hands/codec-server.js';
import { WorkerProcess } from '../hands/ferry.js';
import { sharedLab } from '../lab/shared.js';
import { WebUi } from '../browser/web-ui.js';

interface ConfigFile {
  temporal: { taskQueue?: string; codec?: object };
  codecServer?: object;
}

const name = 'sealed-in-the-browser';
const id = `migrate/${name}`;
const topic = 'patients-of-the-ward';

let folder: string;
let lab: Lab;
let worker: WorkerProcess;
let server: Awaited<ReturnType<typeof codecServer>>;
const browsers: WebUi[] = [];

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
  [worker, server] = await Promise.all([WorkerProcess.start(lab), codecServer(lab)]);
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await server?.stop();
  await worker?.stop();
  rmSync(folder, { recursive: true });
});

async function browser(): Promise<WebUi> {
  const ui = await WebUi.open(lab);
  browsers.push(ui);
  return ui;
}

/** What the page shows of the migration: history with inputs and results, and what is told of it. */
async function shown(ui: WebUi): Promise<string> {
  const texts: string[] = [];
  await ui.show(id);
  for (const tab of ['History', 'Memo']) {
    await ui.tab(tab);
    texts.push(await ui.text().innerText());
  }
  return texts.join('\n');
}

const encrypted = Buffer.from('binary/encrypted').toString('base64');

test('the web UI reads and writes through the codec server, and shows without it what nobody can read', async () => {
  const ui = await browser();
  await ui.useCodecServer(server.url);
  const json = JSON.stringify({
    ...{ name, strategy: 'simplestCase', source: 'nowhere', target: 'nowhere-else' },
    topics: [{ name: topic }],
  });
  await ui.start({ id, taskQueue: name, type: 'simplestCase', json });
  // The page shows each payload as it is first, and then what the codec server has made of it.
  await eventually(
    () => shown(ui),
    (text) => text.includes(topic) && !text.includes(encrypted),
  );
  // It blocks at once, since there are no such clusters: its details say so.
  expect(await (await opened(ui)).details(/has no cluster ["“]nowhere["”]/)).toContain('Check the plan');
  // What is sent is encrypted too: the worker has read it, and refuses it for what is in it.
  await ui.signal({ name: 'pause', json: '{"by":"the-matron","shout":true}' });
  await ui.details(/shout is not a key of pause/);

  const other = await browser();
  const sealed = await eventually(
    () => shown(other),
    (text) => text.includes(encrypted),
  );
  expect(sealed).not.toContain(topic);
  expect(sealed).not.toContain('the-matron');
});

async function opened(ui: WebUi): Promise<WebUi> {
  await ui.show(id);
  return ui;
}
