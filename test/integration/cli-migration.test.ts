import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { parse } from 'yaml';
import { freePorts } from '../../lab/host/ports.js';
import type { Lab } from '../../lab/lab.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { workflowId } from '../../src/migration/messages.js';
import type { Status } from '../../src/migration/status.js';
import { WorkerProcess } from '../hands/ferry.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { CommandLine } from './command-line.js';
import { run } from './kafka-cluster.js';
import { movable, type Movable } from './movable.js';

const taskQueue = `cli-${run}`;

let lab: Lab;
let cli: CommandLine;
let moved: Movable;
let admin: Movable['admin'];
let topic: Movable['topic'];
let groups: Movable['groups'];
let health: string;

beforeAll(async () => {
  lab = await sharedLab();
  const [port] = (await freePorts(1)) as [number];
  health = `127.0.0.1:${port}`;
  cli = new CommandLine(lab, (config) => {
    // A queue of its own: no other test's worker answers here.
    config.temporal.taskQueue = taskQueue;
    config.worker = { health };
  });
  moved = await movable(lab, cli, 'cli.moved');
  ({ admin, topic, groups } = moved);
});

afterAll(() => moved.close());

const migrationFile: Movable['file'] = (change) => moved.file(change);

const statusOf = async (name: string): Promise<Status> =>
  JSON.parse((await cli.run(['status', name, '--json'])).out) as Status;

async function names(): Promise<string[]> {
  const { out } = await cli.run(['list', '--json']);
  return (JSON.parse(out) as { migrations: { name: string }[] }).migrations.map(({ name }) => name);
}

describe('a migration', () => {
  test('is not started when something blocks', async () => {
    const name = `blocked.${run}`;
    const { code, out, err } = await cli.run([
      'start',
      migrationFile({ name, topics: [{ name: `missing.${run}` }], consumers: [] }),
    ]);
    expect({ code, out, lines: err.length }).toEqual({ code: 2, out: '', lines: 1 });
    expect(await names()).not.toContain(name);
    expect(await cli.run(['status', name])).toMatchObject({
      code: 2,
      err: [`There is no migration "${name}": ferry list shows those there are.`],
    });
  });

  test('is started once, and says when no worker answers', async () => {
    const file = migrationFile();
    const { code, out } = await cli.run(['start', file]);
    expect(code).toBe(0);
    expect(out).toContain(`ferry status ${topic} --watch`);
    expect(out).toContain(`No worker has asked queue ${taskQueue} for work lately`);
    expect(out).toContain(`${lab.temporal.ui}/namespaces/default/workflows/migrate%2F${topic}`);
    expect(await cli.run(['start', file])).toMatchObject({
      code: 2,
      err: [expect.stringContaining(`${topic} runs already`)],
    });
    const noWorker = [`No worker answers on queue ${taskQueue}: start one with ferry worker.`];
    expect(await cli.run(['status', topic])).toMatchObject({ code: 1, err: noWorker });
    expect(await cli.run(['confirm', topic, 'producerSwitched', '--name', '*'])).toMatchObject({
      code: 1,
      err: noWorker,
    });
  });

  test('keeps its group from another one', async () => {
    await eventually(names, (all) => all.includes(topic));
    const { code, err } = await cli.run([
      'plan',
      migrationFile({ name: `second.${run}`, consumers: [{ group: groups[0] }] }),
    ]);
    expect(code).toBe(2);
    expect(err.join('\n')).toMatch(new RegExp(`group ${groups[0]} is in migration migrate/${topic}`));
  });

  describe('with a worker', () => {
    let worker: WorkerProcess;
    const started = () => WorkerProcess.start({ ...lab, ferryYaml: cli.ferryYaml });
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
      const { code, out } = await cli.run(['status', topic]);
      expect(code).toBe(3);
      expect(out).toContain(`ferry confirm ${topic} producerSwitched --name orders-web`);
      const ready = await fetch(`http://${health}/readyz`);
      expect([ready.status, await ready.json()]).toEqual([
        200,
        { changes: 'RUNNING', watches: 'RUNNING', mirrors: 'RUNNING', temporal: 'RUNNING' },
      ]);
    });

    test('is amended by its file as far as it can be', async () => {
      expect(await cli.run(['amend', topic, migrationFile({ description: 'at last' })])).toMatchObject({
        code: 0,
        out: `${topic}: amended: description: nothing → at last`,
      });
      expect(
        await cli.run(['amend', topic, migrationFile({ source: 'target', target: 'source' })]),
      ).toMatchObject({
        code: 2,
        err: [expect.stringContaining('source: source → target: this is fixed while a migration runs')],
      });
      expect(await cli.run(['retry', topic, '--accept', 'x', '--accept-all'])).toMatchObject({
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
        const held = JSON.parse((await cli.run(['holds', '--json'])).out) as {
          clusters: { holders: { migration: string; topics: string[] }[] }[];
        };
        const holders = held.clusters.flatMap(({ holders }) => holders);
        expect(
          holders.filter(({ topics }) => topics.includes(topic)).map(({ migration }) => migration),
        ).toEqual([workflowId(topic), workflowId(topic)]);
        expect((await cli.run(['holds'])).out).toMatch(new RegExp(`source +group +${groups[0]} `));
        expect(await cli.run(['holds', '--free', 'nothing', '--reason', 'a try'])).toMatchObject({
          code: 2,
          err: ['nothing is not held: ferry holds shows what is.'],
        });
        expect((await cli.run(['holds', '--free', 'nothing'])).code).toBe(2);
        expect((await cli.run(['abort', name])).code).toBe(0);
        await eventually(
          () => statusOf(name),
          ({ state }) => state === 'aborted',
        );
      } finally {
        await connection.close();
      }
    });

    test('takes a claim before its turn, and refuses with a sentence what makes no sense', async () => {
      const early = await cli.run([
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
        const { code, out, err } = await cli.run(words);
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
      const watched = cli.run(['status', topic, '--watch'], lines, troubles);
      const seen = (pattern: RegExp, among = lines) =>
        eventually(
          async () => among,
          (all) => all.some((line) => pattern.test(line)),
        );
      await seen(/ waiting producerSwitched: /);
      await worker.kill();
      await seen(/^No worker answers on queue /, troubles);
      worker = await started();
      expect((await cli.run(['pause', topic, '--by', 'ann'])).code).toBe(0);
      await seen(/ paused producerSwitched: Paused by ann: waits for resume\./);
      expect((await cli.run(['resume', topic])).code).toBe(0);
      expect((await cli.run(['confirm', topic, 'producerSwitched', '--name', '*'])).code).toBe(0);
      await seen(/ consumerSwitched: /);
      const listed = await eventually(
        async () =>
          (
            JSON.parse((await cli.run(['list', '--running', '--json'])).out) as {
              migrations: { name: string; step: string }[];
            }
          ).migrations.find(({ name }) => name === topic),
        (migration) => migration?.step === 'consumerSwitched',
      );
      expect(listed).toMatchObject({ strategy: 'simplestCase', source: 'source', target: 'target' });
      expect((await cli.run(['abort', topic])).code).toBe(0);
      expect((await watched).code).toBe(0);
      expect(lines.at(-1)).toMatch(/ aborted: /);
      expect(new Set(lines.map((line) => line.slice(line.indexOf(' ')))).size).toBeGreaterThan(3);
    });

    test('has ended, takes no more messages, and may be started anew under its name', async () => {
      expect((await cli.run(['status', topic])).code).toBe(0);
      expect(await cli.run(['pause', topic])).toMatchObject({
        code: 2,
        err: [expect.stringContaining('has ended')],
      });
      // What it held is given back after its outcome is shown.
      await eventually(
        () => cli.run(['start', migrationFile()]),
        ({ code }) => code === 0,
      );
      await eventually(
        () => statusOf(topic),
        ({ state }) => state === 'waiting',
      );
      expect((await cli.run(['abort', topic])).code).toBe(0);
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
      expect((await cli.run(['start', file])).code).toBe(0);
      interface Seen {
        live: { says: string; mirror?: { shares: number; records: number } }[];
      }
      const { live } = await eventually(
        async () => JSON.parse((await cli.run(['status', mirrored, '--json'])).out) as Seen,
        (seen) => seen.live.some(({ mirror }) => mirror?.records === 2),
      );
      // What waits for the mirror may be told beside it.
      expect(live.filter(({ mirror }) => mirror)).toMatchObject([
        { says: expect.stringMatching(/^the mirror has copied 2 records/), mirror: { shares: 1, lag: 0 } },
      ]);
      const { out } = await eventually(
        () => cli.run(['offsets', mirrored, '--json']),
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
      const text = await cli.run(['offsets', mirrored, '--group', group]);
      expect(text.out.replaceAll(/ +/g, ' ')).toBe(
        `${group}, source → target\n ${mirrored}/0 1 1 offset ahead → 2 1 offset ahead not committed`,
      );
      expect(await cli.run(['offsets', mirrored, '--group', 'nobody'])).toMatchObject({
        code: 2,
        err: [`${mirrored} has no group nobody: it has ${group}.`],
      });
      expect(await cli.run(['offsets', topic])).toMatchObject({
        code: 2,
        err: [expect.stringContaining('moves by simplestCase, which takes no history along')],
      });

      expect((await cli.run(['abort', mirrored])).code).toBe(0);
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
