import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openHolds } from '../../app/connections/holds.js';
import type { Holds } from '../../activities/kit/dependencies.js';
import { freeUpdate, holdsId, takeUpdate, type Want } from '../../src/migration/holds.js';
import { Migrations } from './migrations.js';
import type { TestMigration } from './test-migration.js';

let migrations: Migrations;
let holds: Holds;
let taskQueue: string;

beforeAll(async () => {
  migrations = await Migrations.onRealServer('held-', [
    '--dynamic-config-value',
    'limit.historyCount.suggestContinueAsNew=60',
  ]);
  ({ taskQueue } = migrations.prepare());
  holds = openHolds(migrations.client, taskQueue);
});
afterAll(() => migrations.close());

let count = 0;
const cluster = () => ({ cluster: 'onprem', clusterId: `cluster-${++count}` });

/** A migration that runs, and waits for a person. */
async function running(): Promise<TestMigration> {
  const migration = await migrations.start('simplestCase');
  await migration.at('producerSwitched', 'waiting');
  return migration;
}

async function wantOf({ handle }: TestMigration, topics: string[], groups: string[] = []): Promise<Want> {
  const { runId, raw } = await handle.describe();
  // Histories are short here: it may have gone on in a new run by now.
  const run = raw.workflowExecutionInfo?.firstRunId || runId;
  return { migration: handle.workflowId, run, topics, groups };
}

describe('a topic or a group', () => {
  it('is had by one of those who ask for it at the same moment, and by that one wholly', async () => {
    const wants = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (own) => wantOf(await running(), ['orders', own], ['billing'])),
    );
    for (let round = 0; round < 5; round += 1) {
      const of = cluster();
      const answers = await Promise.all(wants.map((want) => holds.take(of, want)));
      const winners = wants.filter((_, at) => answers[at]?.length === 0);
      expect(winners).toHaveLength(1);
      expect(await holds.held(of)).toMatchObject(winners);
      const [loser] = answers.filter((taken) => taken.length > 0);
      expect(loser?.map(({ kind, name, migration }) => [kind, name, migration])).toEqual([
        ['topic', 'orders', winners[0]?.migration],
        ['group', 'billing', winners[0]?.migration],
      ]);
    }
  });

  it('is had whatever it is called', async () => {
    const of = cluster();
    const [one, other] = [await running(), await running()];
    const names = ['__proto__', 'constructor', 'toString', '*', ' \u001b[2K\n'];
    expect(await holds.take(of, await wantOf(one, ['orders']))).toEqual([]);
    for (const name of names) {
      expect(await holds.take(of, await wantOf(other, [name], [name]))).toEqual([]);
      expect(await holds.take(of, await wantOf(one, ['orders', name], [name]))).toHaveLength(2);
    }
  });

  it('is had by the same again, with what it wants now, also after many runs of the one who keeps it', async () => {
    const of = cluster();
    const [one, other] = [await running(), await running()];
    for (let time = 0; time < 40; time += 1)
      expect(await holds.take(of, await wantOf(one, ['orders', `topic-${time}`]))).toEqual([]);
    const { historyLength } = await migrations.client.workflow
      .getHandle(holdsId(taskQueue, of.clusterId))
      .describe();
    expect(Number(historyLength)).toBeLessThan(120);
    expect((await holds.held(of)).map(({ topics }) => topics)).toEqual([['orders', 'topic-39']]);
    expect(await holds.take(of, await wantOf(other, ['topic-39']))).toHaveLength(1);
    expect(await holds.take(of, await wantOf(other, ['topic-38']))).toEqual([]);
  });

  it('is given back, and taken from who has ended without a word', async () => {
    const of = cluster();
    const [one, other, last] = [await running(), await running(), await running()];
    const want = await wantOf(one, ['orders']);
    await holds.take(of, want);
    await holds.release(of, want);
    await holds.release(of, want);
    expect(await holds.take(of, await wantOf(other, ['orders']))).toEqual([]);
    expect(await holds.take(of, await wantOf(last, ['orders']))).toHaveLength(1);
    await other.handle.terminate();
    expect(await holds.take(of, await wantOf(last, ['orders']))).toEqual([]);
  });

  it('is freed by a person with a reason, and by nonsense not', async () => {
    const of = cluster();
    const one = await running();
    await holds.take(of, await wantOf(one, ['orders', 'refunds'], ['billing']));
    const handle = migrations.client.workflow.getHandle(holdsId(taskQueue, of.clusterId));
    const say = (update: string, input: unknown) =>
      handle.executeUpdate<string, [unknown]>(update, { args: [input] });
    for (const nonsense of [null, {}, 'migrate/x', { by: 'ann', migration: one.handle.workflowId }])
      await expect(say(freeUpdate, nonsense)).rejects.toMatchObject({
        cause: { message: expect.stringContaining('free takes by, reason') },
      });
    await expect(say(takeUpdate, { topics: 3 })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('by migrations alone') },
    });
    expect(await say(freeUpdate, { by: 'ann', reason: 'a try', name: 'nothing' })).toContain('nothing');
    expect(await say(freeUpdate, { by: 'ann', reason: 'a try', name: 'orders' })).toBe('freed 1 of onprem');
    expect((await holds.held(of)).map(({ topics, groups }) => [topics, groups])).toEqual([
      [['refunds'], ['billing']],
    ]);
    await say(freeUpdate, { by: 'ann', reason: 'all of it', migration: one.handle.workflowId });
    expect(await holds.held(of)).toEqual([]);
  });

  it('of a cluster of which nobody ever held anything is nobody’s', async () => {
    expect(await holds.held(cluster())).toEqual([]);
  });
});

describe('a migration', () => {
  it('blocks before anything is made when another has what it wants, and lets go when it has ended', async () => {
    const taken = { weight: 'blocks' as const, key: 'topic-in-two-migrations:orders', sentence: 'Held.' };
    const blocked = await migrations.start('simplestCase', {}, (scripted) =>
      scripted.next('takeHolds', { held: [], findings: [taken], sentence: 'Others hold it.' }),
    );
    expect(await blocked.at('checkPlan', 'blocked')).toMatchObject({ problem: { findings: [taken] } });
    expect(blocked.cluster.names()).toEqual(['checkPlan']);
    expect(blocked.cluster.inputs('takeHolds')).toHaveLength(1);
    await blocked.say('retry');
    await blocked.at('producerSwitched', 'waiting');
    await blocked.say('abort');
    await blocked.outcome();
    const [first] = blocked.cluster.inputs('takeHolds');
    expect(blocked.cluster.inputs('releaseHolds')).toMatchObject([
      {
        run: first?.run,
        held: [
          { cluster: 'onprem', clusterId: 'id-of-onprem' },
          { cluster: 'aiven', clusterId: 'id-of-aiven' },
        ],
      },
    ]);
  });
});
