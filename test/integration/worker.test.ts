import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { freePorts } from '../../lab/host/ports.js';
import type { Lab } from '../../lab/lab.js';
import { eventually } from '../eventually.js';
import { ferry, WorkerProcess } from '../hands/ferry.js';
import { sharedLab } from '../lab/shared.js';

interface ConfigFile {
  temporal: { address: string; namespace?: string; tls?: boolean; taskQueue?: string };
  worker?: { health: string };
}

let lab: Lab;
let folder: string;

beforeAll(async () => {
  lab = await sharedLab();
  folder = mkdtempSync(join(tmpdir(), 'ferry-worker-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function configured(change: (config: ConfigFile) => void): Lab {
  const config = parse(readFileSync(lab.ferryYaml, 'utf8')) as ConfigFile;
  change(config);
  const ferryYaml = join(folder, 'ferry.yaml');
  writeFileSync(ferryYaml, stringify(config));
  return { ...lab, ferryYaml };
}

test.each([['worker'], ['list'], ['status', 'nothing'], ['pause', 'nothing']])(
  '%s %s: a namespace that is not there is one sentence',
  async (...words) => {
    const { code, stderr } = await ferry(
      configured(({ temporal }) => (temporal.namespace = 'nowhere')),
      ...words,
    );
    expect([code, stderr.trim()]).toEqual([
      2,
      `Temporal at ${lab.temporal.address} has no namespace nowhere: check temporal.namespace in ferry.yaml (or TEMPORAL_NAMESPACE).`,
    ]);
  },
);

test('a worker says what kept it from connecting', async () => {
  const [closed] = (await freePorts(1)) as [number];
  const [refused, plain] = [
    await ferry(
      configured(({ temporal }) => (temporal.address = `127.0.0.1:${closed}`)),
      'worker',
    ),
    await ferry(
      configured(({ temporal }) => (temporal.tls = true)),
      'worker',
    ),
  ];
  expect(refused.stderr).toContain('refused the connection');
  expect(plain.stderr).toContain('does not speak TLS');
});

test('a worker is ready only while Temporal answers', async () => {
  const [port] = (await freePorts(1)) as [number];
  const worker = await WorkerProcess.start(
    configured((config) => {
      config.worker = { health: `127.0.0.1:${port}` };
      config.temporal.taskQueue = 'ready';
    }),
  );
  const ready = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    return { code: answer.status, ...((await answer.json()) as { temporal: string }) };
  };
  try {
    expect(await ready()).toMatchObject({ code: 200, temporal: 'RUNNING' });
    await lab.temporal.kill();
    try {
      expect(await ready()).toMatchObject({ code: 503, temporal: 'UNREACHABLE' });
    } finally {
      await lab.temporal.start();
    }
    await eventually(ready, ({ code }) => code === 200);
  } finally {
    await worker.stop();
  }
});
