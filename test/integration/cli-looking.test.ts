import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePorts } from '../../lab/host/ports.js';
import type { Lab } from '../../lab/lab.js';
import { sharedLab } from '../lab/shared.js';
import { CommandLine } from './command-line.js';
import { run } from './kafka-cluster.js';
import { movable, type Movable } from './movable.js';

let lab: Lab;
let cli: CommandLine;
let moved: Movable;
let admin: Movable['admin'];
let topic: Movable['topic'];
let closedPort: number;

beforeAll(async () => {
  lab = await sharedLab();
  cli = new CommandLine(lab);
  [closedPort] = (await freePorts(1)) as [number];
  moved = await movable(lab, cli, 'cli');
  ({ admin, topic } = moved);
});

afterAll(() => moved.close());

const migrationFile: Movable['file'] = (change) => moved.file(change);

describe('ferry plan', () => {
  test('says what will happen', async () => {
    const { code, out, err } = await cli.run(['plan', migrationFile()]);
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out).toContain(`Create ${topic} on target with 2 partitions`);
  });

  test('asks a person with exit code 3', async () => {
    const { code, out } = await cli.run([
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
    const { code, err } = await cli.run([
      'plan',
      migrationFile({ topics: [{ name: missing }], consumers: [] }),
    ]);
    expect({ code, lines: err.length }).toEqual({ code: 2, lines: 1 });
    expect(err[0]).toContain(`There is no topic ${missing} on source`);
  });

  test('names a cluster that does not answer and its address', async () => {
    const config = cli.config('unreachable', ({ clusters }) => {
      Object.assign(clusters['target'] ?? {}, { bootstrap: [`127.0.0.1:${closedPort}`] });
    });
    const { code, err } = await cli.run(['plan', migrationFile(), '--config', config]);
    expect({ code, lines: err.length }).toEqual({ code: 2, lines: 1 });
    expect(err[0]).toContain(`"target" at 127.0.0.1:${closedPort} did not answer`);
  });

  test('names cluster, address, mechanism and user where the password is wrong, and not the password', async () => {
    const config = cli.config('wrong-password', ({ clusters }) => {
      Object.assign(clusters['source']?.sasl ?? {}, { passwordFile: undefined, password: 'hunter2' });
    });
    const { code, err } = await cli.run(['plan', migrationFile(), '--config', config]);
    expect({ code, lines: err.length }).toEqual({ code: 2, lines: 1 });
    expect(err[0]).toContain(`"source" at ${lab.source.bootstrap[0] ?? ''}`);
    expect(err[0]).toContain('scram-sha-512, user "ferry"');
    expect(err[0]).not.toContain('hunter2');
  });

  test('needs no Temporal, and notes what it could not check without', async () => {
    const config = cli.config(
      'no-temporal',
      ({ temporal }) => (temporal.address = `127.0.0.1:${closedPort}`),
    );
    const { code, out } = await cli.run(['plan', migrationFile(), '--config', config]);
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

    const done = await cli.run(['drain', '--cluster', 'source', '--topic', read, '--group', `done.${run}`]);
    expect(done).toMatchObject({ code: 0, err: [] });
    const all = await cli.run(['drain', '--cluster', 'source', '--topic', read, '--json']);
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
    const nobody = await cli.run(['drain', '--cluster', 'source', '--topic', unread]);
    expect({ code: nobody.code, err: nobody.err }).toEqual({
      code: 1,
      err: [expect.stringContaining('no proof that nobody reads it')],
    });
    const missing = await cli.run(['drain', '--cluster', 'source', '--topic', `gone.${run}`]);
    expect({ code: missing.code, err: missing.err }).toEqual({
      code: 2,
      err: [expect.stringContaining(`gone.${run}`)],
    });
  });
});
