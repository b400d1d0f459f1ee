import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { parse, stringify } from 'yaml';
import { freePorts } from '../../lab/host/ports.js';
import type { Lab } from '../../lab/lab.js';
import { workflowId } from '../../src/migration/messages.js';
import { metrics } from '../../src/migration/metrics.js';
import type { Status } from '../../src/migration/status.js';
import { eventually } from '../eventually.js';
import { ferry, WorkerProcess } from '../hands/ferry.js';
import { Prometheus, promtool } from '../hands/prometheus.js';
import { Shop } from '../hands/shop.js';
import { sharedLab } from '../lab/shared.js';
import { run } from '../integration/kafka-cluster.js';

interface ConfigFile {
  temporal: { taskQueue?: string };
  clusters: Record<string, unknown>;
  worker?: { metrics: string };
}

interface Panel {
  title: string;
  targets?: { expr: string }[];
}

const taskQueue = `looked-after-${run}`;
const rulesFile = 'ops/prometheus/kafka-ferry.rules.yaml';
const board = JSON.parse(readFileSync('ops/grafana/kafka-ferry.json', 'utf8')) as { panels: Panel[] };

let lab: Lab;
let folder: string;
let port: number;
let worker: WorkerProcess;
let prometheus: Prometheus;
let connection: Connection;
let client: Client;
const shops: Shop[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-looked-after-'));
  const [metricsPort, closed] = (await freePorts(2)) as [number, number];
  port = metricsPort;
  const shared = await sharedLab();
  const config = parse(readFileSync(shared.ferryYaml, 'utf8')) as ConfigFile;
  config.temporal.taskQueue = taskQueue;
  config.clusters['gone'] = { bootstrap: [`127.0.0.1:${closed}`] };
  config.worker = { metrics: `127.0.0.1:${port}` };
  const ferryYaml = join(folder, 'ferry.yaml');
  writeFileSync(ferryYaml, stringify(config));
  lab = { ...shared, ferryYaml };
  worker = await WorkerProcess.start(lab);
  prometheus = await Prometheus.start([`127.0.0.1:${port}`], rulesFile);
  connection = await Connection.connect({ address: lab.temporal.address });
  client = new Client({ connection, namespace: lab.temporal.namespace });
});

afterAll(async () => {
  await prometheus?.stop();
  for (const shop of shops) await shop.close();
  await worker?.stop();
  await connection?.close();
  rmSync(folder, { recursive: true });
});

const metricsNow = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

/** The value of one series; undefined where it is not served. */
async function valueOf(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const line = (await metricsNow())
    .split('\n')
    .find(
      (one) =>
        (one.startsWith(`${name}{`) || one.startsWith(`${name} `)) &&
        Object.entries(labels).every(([key, value]) => one.includes(`${key}="${value}"`)),
    );
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

async function started(strategy: 'simplestCase' | 'simpleMirroring'): Promise<Shop> {
  const shop = await Shop.open(lab, `looked-${strategy.toLowerCase()}-${run}`);
  shops.push(shop);
  const file = join(folder, `${shop.topic}.json`);
  writeFileSync(file, JSON.stringify({ ...shop.migration({ patience: '120s' }), strategy }));
  const { code, stderr } = await ferry(lab, 'start', file);
  expect([code === 0 || code === 3, stderr]).toEqual([true, '']);
  return shop;
}

describe('the metrics of a worker', () => {
  test('tell how much is left to be consumed, and do not know it once the drain is over', async () => {
    const shop = await started('simplestCase');
    const labels = { migration: shop.topic };
    await eventually(
      async () => (await ferry(lab, 'status', shop.topic, '--json')).stdout,
      (text) => (JSON.parse(text) as Status).state === 'waiting',
    );
    await shop.stopConsumer('billing');
    await shop.wroteOneMore();
    await shop.switchProducer();
    await ferry(lab, 'confirm', shop.topic, 'producerSwitched', '--name', 'orders-web');
    await eventually(
      () => valueOf(metrics.drainLag.name, labels),
      (left) => (left ?? 0) > 0,
    );
    await shop.startConsumer('billing');
    await eventually(
      () => valueOf(metrics.drainLag.name, labels),
      (left) => Number.isNaN(left),
    );
    expect(await valueOf(metrics.verdicts.name, { verdict: 'drained' })).toBeGreaterThan(0);
  });

  test('tell how far a mirror is', async () => {
    const shop = await started('simpleMirroring');
    const labels = { migration: shop.topic, share: '0' };
    await eventually(
      () => valueOf(metrics.mirrorBytes.name, labels),
      (bytes) => (bytes ?? 0) > 0,
    );
    await eventually(
      () => valueOf(metrics.mirrorRate.name, labels),
      (rate) => (rate ?? 0) > 0,
    );
    expect(await valueOf(metrics.mirrorLag.name, labels)).toBeGreaterThanOrEqual(0);
    expect(await valueOf(metrics.mirrorLagSeconds.name, labels)).toBeGreaterThanOrEqual(0);
    await ferry(lab, 'pause', shop.topic);
    await eventually(
      () => valueOf(metrics.mirrorRate.name, labels),
      (rate) => Number.isNaN(rate),
    );
    expect(await valueOf(metrics.mirrorLag.name, labels)).toBeNaN();
    await ferry(lab, 'resume', shop.topic);
    await eventually(
      () => valueOf(metrics.mirrorRate.name, labels),
      (rate) => (rate ?? 0) > 0,
    );
  });

  test('count what was refused, by names that are the ferry’s', async () => {
    const [{ topic }] = shops as [Shop];
    const handle = client.workflow.getHandle(workflowId(topic));
    await handle.signal('say "nonsense"');
    const { code } = await ferry(lab, 'approve', topic, '--delete', 'another.topic');
    expect(code).not.toBe(0);
    const refused = (message: string, sent: string) => valueOf(metrics.refused.name, { message, sent });
    await eventually(
      () => refused('unknown', 'signal'),
      (seen) => seen === 1,
    );
    await eventually(
      () => refused('deletionApproved', 'update'),
      (seen) => seen === 1,
    );
    expect(await metricsNow()).not.toContain('nonsense');
  });

  test('count failed activities by type, and migrations by what Temporal lists', async () => {
    const begin = (name: string, source: string) =>
      client.workflow.start('simplestCase', {
        workflowId: workflowId(name),
        taskQueue,
        args: [{ ...(shops[0] as Shop).migration(), name, source, target: lab.target.name }],
      });
    const [nowhere, gone] = [`nowhere-${run}`, `gone-${run}`];
    const lost = await begin(nowhere, 'nowhere');
    const unreachable = await begin(gone, 'gone');
    await eventually(
      () => valueOf(metrics.failed.name, { type: 'Unreachable' }),
      (failed) => (failed ?? 0) > 0,
    );
    await unreachable.terminate();
    const count = (labels: Record<string, string>) =>
      valueOf(metrics.migrations.name, { strategy: 'simplestCase', task_queue: taskQueue, ...labels });
    const blocked = { state: 'blocked', step: 'checkPlan' };
    await eventually(
      () => count(blocked),
      (seen) => seen === 1,
    );
    expect(await count({ state: 'waiting', step: 'consumerSwitched' })).toBe(1);
    const waited = await valueOf(metrics.oldestWait.name, { state: 'blocked' });
    expect(waited).toBeGreaterThan(0);
    expect(waited).toBeLessThan(600);
    const readAt = await valueOf(metrics.read.name);
    expect(Math.abs(Date.now() / 1000 - (readAt ?? 0))).toBeLessThan(120);

    await lost.terminate();
    await eventually(
      () => count(blocked),
      (seen) => seen === 0,
    );
  });

  test('are as Prometheus wants them, and all that are documented', async () => {
    // What no worker of this build can carry out.
    const unknown = await client.workflow.start('noSuchStrategy', {
      workflowId: `unknown-${run}`,
      taskQueue,
    });
    await eventually(
      () => valueOf('temporal_workflow_task_execution_failed'),
      (seen) => (seen ?? 0) > 0,
    );
    await unknown.terminate();
    const text = await metricsNow();
    const own = text.split('\n').filter((line) => /^(# (HELP|TYPE) )?ferry_/.test(line));
    const file = join(folder, 'metrics.txt');
    writeFileSync(file, `${own.join('\n')}\n`);
    const families = new Map(
      [...text.matchAll(/^# TYPE (ferry_\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]),
    );
    expect(Object.fromEntries(families)).toEqual(
      Object.fromEntries(Object.values(metrics).map(({ name, kind }) => [name, kind])),
    );
    const checked = await import('node:child_process').then(({ spawnSync }) =>
      spawnSync('promtool', ['check', 'metrics'], { input: readFileSync(file) }),
    );
    // Labels that the SDK's own meter adds are written as it writes them.
    const told = `${String(checked.stdout)}${String(checked.stderr)}`.split('\n');
    expect(told.filter((line) => line !== '' && !/should be written in 'snake_case'/.test(line))).toEqual([]);
  });
});

describe('the alert rules', () => {
  test('are rules, and say what their own tests say', async () => {
    await promtool('check', 'rules', '--lint=all', '--lint-fatal', rulesFile);
    await promtool('test', 'rules', 'ops/prometheus/test/kafka-ferry.test.yaml');
  });

  test('find every metric that they name at a worker', async () => {
    const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: { expr: string }[] }[] };
    const expressions = groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
    expect(namesIn(expressions).length).toBeGreaterThan(6);
    await served(namesIn(expressions));
  });

  test('are evaluated by Prometheus on what a worker tells', async () => {
    const rules = await eventually(
      () => prometheus.rules(),
      (all) => [...all.values()].every(({ health }) => health === 'ok'),
    );
    expect(rules.size).toBeGreaterThan(8);
    expect(rules.get('FerryWorkersAreGone')).toMatchObject({ state: 'inactive' });
    expect(rules.get('FerryMigrationsUnknown')).toMatchObject({ state: 'inactive' });
    expect(rules.get('FerryMetADefect')).toMatchObject({ state: 'inactive' });
  });
});

describe('the board', () => {
  const panels = board.panels.filter(({ targets }) => targets);
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  test('names what a worker serves, and all of the ferry’s own metrics', async () => {
    await served(namesIn(expressions));
    expect(namesIn(expressions)).toEqual(
      expect.arrayContaining(Object.values(metrics).map(({ name }) => name)),
    );
  });

  test.each(panels.map(({ title, targets = [] }) => ({ title, targets })))(
    'shows $title',
    async ({ targets }) => {
      for (const { expr } of targets) {
        const query = expr
          .replaceAll('$__rate_interval', '1m')
          .replaceAll(/\$(namespace|task_queue|migration)/g, '.*');
        expect(query).not.toContain('$');
        await eventually(
          () => prometheus.query(query),
          (series) => series.length > 0,
        );
      }
    },
  );
});

const namesIn = (expressions: readonly string[]): string[] => [
  ...new Set(expressions.flatMap((expr) => expr.match(/\b(ferry|temporal)_\w+\b/g) ?? [])),
];

/** Prometheus has a sample of each, once it has asked the worker again. */
async function served(names: readonly string[]): Promise<void> {
  await eventually(
    async () => {
      const found = await Promise.all(
        names.map(async (name) => ((await prometheus.query(name)).length > 0 ? [] : [name])),
      );
      return found.flat();
    },
    (missing) => missing.length === 0,
  );
}
