import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { parse, stringify } from 'yaml';
import { freePorts } from '../../lab/host/ports.js';
import type { Lab } from '../../lab/lab.js';
import { ferry } from '../../app/cli/program.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { workflowId } from '../../src/migration/messages.js';
import type { Status } from '../../src/migration/status.js';
import { WorkerProcess } from '../hands/ferry.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { connectionOf, run } from './kafka-cluster.js';

interface ConfigFile {
  temporal: { address: string; taskQueue?: string };
  clusters: Record<string, { bootstrap: string[]; sasl?: { passwordFile?: string; password?: string } }>;
  worker?: { health: string };
}

const taskQueue = `cli-${run}`;
const topic = `cli.${run}`;
const groups = [`cli.billing.${run}`, `cli.shipping.${run}`] as const;

let lab: Lab;
let folder: string;
let admin: Cluster;
let health: string;
let closedPort: number;

beforeAll(async () => {
  lab = await sharedLab();
  folder = mkdtempSync(join(tmpdir(), 'ferry-cli-'));
  const [healthPort, unused] = (await freePorts(2)) as [number, number];
  health = `127.0.0.1:${healthPort}`;
  closedPort = unused;
  configOf('ferry', (config) => {
    // A queue of its own: no other test's worker answers here.
    config.temporal.taskQueue = taskQueue;
    config.worker = { health };
  });
  admin = openCluster('source', connectionOf(lab.source, 'admin'));
  const made = await admin.createTopics([{ name: topic, partitions: 2, replicationFactor: 1, config: {} }]);
  expect(made.get(topic)?.error).toBeUndefined();
  for (const group of groups) await commit(group, 0n);
});

afterAll(async () => {
  await admin.close();
  rmSync(folder, { recursive: true });
});

async function commit(group: string, offset: bigint): Promise<void> {
  const rows = await admin.commitOffsets(
    group,
    [0, 1].map((partition) => ({ topic, partition, offset })),
  );
  expect([...rows.values()].flatMap(({ error }) => error ?? [])).toEqual([]);
}

/** A configuration of this lab with something about it changed. */
function configOf(name: string, change: (config: ConfigFile) => void): string {
  const config = parse(readFileSync(lab.ferryYaml, 'utf8')) as ConfigFile;
  change(config);
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, stringify(config));
  return path;
}

function migrationFile(change: Partial<MigrationFile> = {}): string {
  const file: MigrationFile = {
    name: topic,
    strategy: 'simplestCase',
    source: 'source',
    target: 'target',
    topics: [{ name: topic }],
    producers: [{ name: 'orders-web' }, { name: 'orders-batch' }],
    consumers: groups.map((group) => ({ group })),
    leaveBehind: { principals: ['User:ferry', 'User:connect'] },
    waits: { quiet: '2s', probe: '250ms', soak: '1s' },
    ...change,
  };
  const path = join(folder, `${file.name}.migration.yaml`);
  writeFileSync(path, stringify(file));
  return path;
}

interface Ended {
  code: number | undefined;
  out: string;
  err: string[];
}

/** The command line in this process; `lines` and `err` are given each line as it is printed. */
async function ferryOf(words: readonly string[], lines: string[] = [], err: string[] = []): Promise<Ended> {
  let code: number | undefined;
  await ferry(words, {
    terminal: {
      print: (text) => void lines.push(text),
      complain: (text) => void err.push(text),
      redraws: false,
      redraw: () => undefined,
    },
    environment: { FERRY_CONFIG: join(folder, 'ferry.yaml') },
    end: (exitCode) => (code = exitCode),
  });
  return { code, out: lines.join('\n'), err };
}

const statusOf = async (name: string): Promise<Status> =>
  JSON.parse((await ferryOf(['status', name, '--json'])).out) as Status;

async function names(): Promise<string[]> {
  const { out } = await ferryOf(['list', '--json']);
  return (JSON.parse(out) as { migrations: { name: string }[] }).migrations.map(({ name }) => name);
}

describe('ferry plan', () => {
  test('says what will happen', async () => {
    const { code, out, err } = await ferryOf(['plan', migrationFile()]);
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out).toContain(`Create ${topic} on target with 2 partitions`);
  });

  test('asks a person with exit code 3', async () => {
    const { code, out } = await ferryOf([
      'plan',
      migrationFile({ consumers: [{ group: `unseen.${run}` }] }),
      '--json',
    ]);
    expect(code).toBe(3);
    const { findings } = JSON.parse(out) as { findings: { weight: string; sentence: string }[] };
    expect(findings.filter(({ weight }) => weight === 'asks').map(({ sentence }) => sentence)).toContainEqual(
      expect.stringContaining(`unseen.${run}`),
    );
  });

  test('blocks on a topic that is not on the source, in one sentence', async () => {
    const missing = `missing.${run}`;
    const { code, err } = await ferryOf([
      'plan',
      migrationFile({ topics: [{ name: missing }], consumers: [] }),
    ]);
    expect({ code, lines: err.length }).toEqual({ code: 2, lines: 1 });
    expect(err[0]).toContain(`There is no topic ${missing} on source`);
  });

  test('names a cluster that does not answer and its address', async () => {
    const config = configOf('unreachable', ({ clusters }) => {
      Object.assign(clusters['target'] ?? {}, { bootstrap: [`127.0.0.1:${closedPort}`] });
    });
    const { code, err } = await ferryOf(['plan', migrationFile(), '--config', config]);
    expect({ code, lines: err.length }).toEqual({ code: 2, lines: 1 });
    expect(err[0]).toContain(`"target" at 127.0.0.1:${closedPort} did not answer`);
  });

  test('names cluster, address, mechanism and user where the password is wrong, and not the password', async () => {
    const config = configOf('wrong-password', ({ clusters }) => {
      Object.assign(clusters['source']?.sasl ?? {}, { passwordFile: undefined, password: 'hunter2' });
    });
    const { code, err } = await ferryOf(['plan', migrationFile(), '--config', config]);
    expect({ code, lines: err.length }).toEqual({ code: 2, lines: 1 });
    expect(err[0]).toContain(`"source" at ${lab.source.bootstrap[0] ?? ''}`);
    expect(err[0]).toContain('scram-sha-512, user "ferry"');
    expect(err[0]).not.toContain('hunter2');
  });

  test('needs no Temporal, and notes what it could not check without', async () => {
    const config = configOf('no-temporal', ({ temporal }) => (temporal.address = `127.0.0.1:${closedPort}`));
    const { code, out } = await ferryOf(['plan', migrationFile(), '--config', config]);
    expect(code).toBe(0);
    expect(out).toContain(
      `Not checked whether another migration has these groups: Temporal at 127.0.0.1:${closedPort}`,
    );
  });
});

describe('ferry drain', () => {
  test('tells a group that has read everything from one that has not, with the reason', async () => {
    const producer = lab.source.kafkajs('admin').producer();
    const read = `cli.read.${run}`;
    await admin.createTopics([{ name: read, partitions: 1, replicationFactor: 1, config: {} }]);
    await producer.connect();
    await producer.send({ topic: read, messages: [{ value: 'one' }, { value: 'two' }] });
    await producer.disconnect();
    const at = { topic: read, partition: 0 };
    await admin.commitOffsets(`behind.${run}`, [{ ...at, offset: 1n }]);
    await admin.commitOffsets(`done.${run}`, [{ ...at, offset: 2n }]);

    const done = await ferryOf(['drain', '--cluster', 'source', '--topic', read, '--group', `done.${run}`]);
    expect(done).toMatchObject({ code: 0, err: [] });
    const all = await ferryOf(['drain', '--cluster', 'source', '--topic', read, '--json']);
    expect(all.code).toBe(1);
    expect(JSON.parse(all.out)).toMatchObject({
      groups: [
        {
          group: `behind.${run}`,
          drained: false,
          partitions: [{ committed: '1', to: '2', verdict: { verdict: 'lagging', count: '1' } }],
        },
        { group: `done.${run}`, drained: true, partitions: [{ verdict: { verdict: 'drained' } }] },
      ],
    });
  });

  test('takes a topic without groups for no proof, and a topic that is not there for bad input', async () => {
    const unread = `cli.unread.${run}`;
    await admin.createTopics([{ name: unread, partitions: 1, replicationFactor: 1, config: {} }]);
    const nobody = await ferryOf(['drain', '--cluster', 'source', '--topic', unread]);
    expect({ code: nobody.code, err: nobody.err }).toEqual({
      code: 1,
      err: [expect.stringContaining('no proof that nobody reads it')],
    });
    const missing = await ferryOf(['drain', '--cluster', 'source', '--topic', `gone.${run}`]);
    expect({ code: missing.code, err: missing.err }).toEqual({
      code: 2,
      err: [expect.stringContaining(`gone.${run}`)],
    });
  });
});

describe('a migration', () => {
  test('is not started when something blocks', async () => {
    const name = `blocked.${run}`;
    const { code, out, err } = await ferryOf([
      'start',
      migrationFile({ name, topics: [{ name: `missing.${run}` }], consumers: [] }),
    ]);
    expect({ code, out, lines: err.length }).toEqual({ code: 2, out: '', lines: 1 });
    expect(await names()).not.toContain(name);
    expect(await ferryOf(['status', name])).toMatchObject({
      code: 2,
      err: [`There is no migration "${name}": ferry list shows those there are.`],
    });
  });

  test('is started once, and says when no worker answers', async () => {
    const file = migrationFile();
    const { code, out } = await ferryOf(['start', file]);
    expect(code).toBe(0);
    expect(out).toContain(`ferry status ${topic} --watch`);
    expect(out).toContain(`No worker has asked queue ${taskQueue} for work lately`);
    expect(out).toContain(`${lab.temporal.ui}/namespaces/default/workflows/migrate%2F${topic}`);
    expect(await ferryOf(['start', file])).toMatchObject({
      code: 2,
      err: [expect.stringContaining(`${topic} runs already`)],
    });
    const noWorker = [`No worker answers on queue ${taskQueue}: start one with ferry worker.`];
    expect(await ferryOf(['status', topic])).toMatchObject({ code: 1, err: noWorker });
    expect(await ferryOf(['confirm', topic, 'producerSwitched', '--name', '*'])).toMatchObject({
      code: 1,
      err: noWorker,
    });
  });

  test('keeps its group from another one', async () => {
    await eventually(names, (all) => all.includes(topic));
    const { code, err } = await ferryOf([
      'plan',
      migrationFile({ name: `second.${run}`, consumers: [{ group: groups[0] }] }),
    ]);
    expect(code).toBe(2);
    expect(err.join('\n')).toMatch(new RegExp(`group ${groups[0]} is in migration migrate/${topic}`));
  });

  describe('with a worker', () => {
    let worker: WorkerProcess;
    const started = () => WorkerProcess.start({ ...lab, ferryYaml: join(folder, 'ferry.yaml') });
    beforeAll(async () => {
      worker = await started();
    });
    afterAll(async () => {
      await worker.stop();
      await expect(fetch(`http://${health}/healthz`)).rejects.toThrow();
    });

    test('waits for a person, with exit code 3', async () => {
      await eventually(
        () => statusOf(topic),
        ({ state }) => state === 'waiting',
      );
      const { code, out } = await ferryOf(['status', topic]);
      expect(code).toBe(3);
      expect(out).toContain(`ferry confirm ${topic} producerSwitched --name orders-web`);
      const ready = await fetch(`http://${health}/readyz`);
      expect([ready.status, await ready.json()]).toEqual([
        200,
        { changes: 'RUNNING', watches: 'RUNNING', mirrors: 'RUNNING', temporal: 'RUNNING' },
      ]);
    });

    test('is amended by its file as far as it can be', async () => {
      expect(await ferryOf(['amend', topic, migrationFile({ description: 'at last' })])).toMatchObject({
        code: 0,
        out: `${topic}: amended: description: nothing → at last`,
      });
      expect(
        await ferryOf(['amend', topic, migrationFile({ source: 'target', target: 'source' })]),
      ).toMatchObject({
        code: 2,
        err: [expect.stringContaining('source: source → target: this is fixed while a migration runs')],
      });
      expect(await ferryOf(['retry', topic, '--accept', 'x', '--accept-all'])).toMatchObject({
        code: 2,
        err: ['Say either --accept KEY or --accept-all.'],
      });
    });

    test('keeps its topics and groups from another migration, however that was started', async () => {
      const name = `${topic}.other`;
      const connection = await Connection.connect({ address: lab.temporal.address });
      try {
        await new Client({ connection }).workflow.start('simplestCase', {
          workflowId: workflowId(name),
          taskQueue,
          args: [{ ...(parse(readFileSync(migrationFile(), 'utf8')) as MigrationFile), name }],
        });
        const { steps } = await eventually(
          () => statusOf(name),
          ({ state }) => state === 'blocked',
        );
        expect(
          (steps.find(({ id }) => id === 'checkPlan')?.problem?.findings ?? []).map(({ key }) => key),
        ).toEqual(expect.arrayContaining([`topic-in-two-migrations:${topic}`]));
        const held = JSON.parse((await ferryOf(['holds', '--json'])).out) as {
          clusters: { holders: { migration: string; topics: string[] }[] }[];
        };
        const holders = held.clusters.flatMap(({ holders }) => holders);
        expect(
          holders.filter(({ topics }) => topics.includes(topic)).map(({ migration }) => migration),
        ).toEqual([workflowId(topic), workflowId(topic)]);
        expect((await ferryOf(['holds'])).out).toMatch(new RegExp(`source +group +${groups[0]} `));
        expect(await ferryOf(['holds', '--free', 'nothing', '--reason', 'a try'])).toMatchObject({
          code: 2,
          err: ['nothing is not held: ferry holds shows what is.'],
        });
        expect((await ferryOf(['holds', '--free', 'nothing'])).code).toBe(2);
        expect((await ferryOf(['abort', name])).code).toBe(0);
        await eventually(
          () => statusOf(name),
          ({ state }) => state === 'aborted',
        );
      } finally {
        await connection.close();
      }
    });

    test('takes a claim before its turn, and refuses with a sentence what makes no sense', async () => {
      const early = await ferryOf([
        'confirm',
        topic,
        'consumerSwitched',
        '--name',
        groups[0],
        '--by',
        'ann',
        '--json',
      ]);
      expect(early.code).toBe(0);
      expect(JSON.parse(early.out)).toMatchObject({
        input: { by: 'ann', name: groups[0] },
        answer: expect.stringContaining('is kept for'),
      });
      const refused = async (...words: string[]) => {
        const { code, out, err } = await ferryOf(words);
        expect({ code, out, lines: err.length }).toEqual({ code: 2, out: '', lines: 1 });
        return err[0];
      };
      expect(await refused('confirm', topic, 'producerSwitched', '--name', 'nobody')).toContain(
        'name is one of orders-web, orders-batch',
      );
      expect(await refused('confirm', topic, 'producerWritesBoth')).toContain(
        'is a simplestCase, which has no step producerWritesBoth',
      );
      expect(await refused('approve', topic, '--delete', topic)).toContain('is not kept');
      expect(await refused('retry', topic)).toContain('nothing is blocked');
      expect(await refused('skip', topic)).toContain('cannot be skipped');
      const { steps } = await statusOf(topic);
      expect(steps.find(({ id }) => id === 'consumerSwitched')?.parts?.[0]?.claim).toMatchObject({
        by: 'ann',
      });
      expect(steps.find(({ id }) => id === 'producerSwitched')?.parts?.map(({ claim }) => claim)).toEqual([
        undefined,
        undefined,
      ]);
    });

    test('is watched from pause to the end, past a killed worker, one line per change', async () => {
      const lines: string[] = [];
      const troubles: string[] = [];
      const watched = ferryOf(['status', topic, '--watch'], lines, troubles);
      const seen = (pattern: RegExp, among = lines) =>
        eventually(
          async () => among,
          (all) => all.some((line) => pattern.test(line)),
        );
      await seen(/ waiting producerSwitched: /);
      await worker.kill();
      await seen(/^No worker answers on queue /, troubles);
      worker = await started();
      expect((await ferryOf(['pause', topic, '--by', 'ann'])).code).toBe(0);
      await seen(/ paused producerSwitched: Paused by ann: waits for resume\./);
      expect((await ferryOf(['resume', topic])).code).toBe(0);
      expect((await ferryOf(['confirm', topic, 'producerSwitched', '--name', '*'])).code).toBe(0);
      await seen(/ consumerSwitched: /);
      const listed = await eventually(
        async () =>
          (
            JSON.parse((await ferryOf(['list', '--running', '--json'])).out) as {
              migrations: { name: string; step: string }[];
            }
          ).migrations.find(({ name }) => name === topic),
        (migration) => migration?.step === 'consumerSwitched',
      );
      expect(listed).toMatchObject({ strategy: 'simplestCase', source: 'source', target: 'target' });
      expect((await ferryOf(['abort', topic])).code).toBe(0);
      expect((await watched).code).toBe(0);
      expect(lines.at(-1)).toMatch(/ aborted: /);
      expect(new Set(lines.map((line) => line.slice(line.indexOf(' ')))).size).toBeGreaterThan(3);
    });

    test('has ended, takes no more messages, and may be started anew under its name', async () => {
      expect((await ferryOf(['status', topic])).code).toBe(0);
      expect(await ferryOf(['pause', topic])).toMatchObject({
        code: 2,
        err: [expect.stringContaining('has ended')],
      });
      // What it held is given back after its outcome is shown.
      await eventually(
        () => ferryOf(['start', migrationFile()]),
        ({ code }) => code === 0,
      );
      await eventually(
        () => statusOf(topic),
        ({ state }) => state === 'waiting',
      );
      expect((await ferryOf(['abort', topic])).code).toBe(0);
      await eventually(
        () => statusOf(topic),
        ({ state }) => state === 'aborted',
      );
    });

    test('with a mirror shows what it copies, and where groups are on both clusters; an abort takes the copy back', async () => {
      const mirrored = `cli.mirrored.${run}`;
      const group = `cli.mirrored.group.${run}`;
      const at = { topic: mirrored, partition: 0 };
      await admin.createTopics([{ name: mirrored, partitions: 1, replicationFactor: 1, config: {} }]);
      const producer = lab.source.kafkajs('admin').producer();
      await producer.connect();
      await producer.send({ topic: mirrored, messages: [{ value: 'one' }, { value: 'two' }] });
      await producer.disconnect();
      await admin.commitOffsets(group, [{ ...at, offset: 1n }]);
      const file = migrationFile({
        name: mirrored,
        strategy: 'simpleMirroring',
        topics: [{ name: mirrored }],
        consumers: [{ group }],
      });
      expect((await ferryOf(['start', file])).code).toBe(0);
      interface Seen {
        live: { says: string; mirror?: { shares: number; records: number } }[];
      }
      const { live } = await eventually(
        async () => JSON.parse((await ferryOf(['status', mirrored, '--json'])).out) as Seen,
        (seen) => seen.live.some(({ mirror }) => mirror?.records === 2),
      );
      // What waits for the mirror may be told beside it.
      expect(live.filter(({ mirror }) => mirror)).toMatchObject([
        { says: expect.stringMatching(/^the mirror has copied 2 records/), mirror: { shares: 1, lag: 0 } },
      ]);
      const { out } = await eventually(
        () => ferryOf(['offsets', mirrored, '--json']),
        (seen) => !seen.out.includes('"translated":null'),
      );
      expect(JSON.parse(out)).toEqual({
        migration: mirrored,
        groups: [
          {
            group,
            onTarget: group,
            // A marker, with which the mirror shuts out any attempt before it, is at offset 0.
            partitions: [
              {
                ...{ ...at, source: '1', aheadOnSource: '1' },
                ...{ translated: '2', aheadOnTarget: '1', committed: null },
              },
            ],
          },
        ],
      });
      const text = await ferryOf(['offsets', mirrored, '--group', group]);
      expect(text.out.replaceAll(/ +/g, ' ')).toBe(
        `${group}, source → target\n ${mirrored}/0 1 1 offset ahead → 2 1 offset ahead not committed`,
      );
      expect(await ferryOf(['offsets', mirrored, '--group', 'nobody'])).toMatchObject({
        code: 2,
        err: [`${mirrored} has no group nobody: it has ${group}.`],
      });
      expect(await ferryOf(['offsets', topic])).toMatchObject({
        code: 2,
        err: [expect.stringContaining('moves by simplestCase, which takes no history along')],
      });

      expect((await ferryOf(['abort', mirrored])).code).toBe(0);
      const { outcome } = await eventually(
        () => statusOf(mirrored),
        ({ state }) => state === 'aborted',
      );
      expect(outcome).toMatchObject({
        left: [],
        undone: [
          `Deleted the topic ${mirrored} on target, which held nothing but what the mirror had copied.`,
          `The mirror is removed, and its kafka-ferry.${mirrored}.map on target.`,
        ],
      });
    });
  });
});
