import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Migrations } from './migrations.js';
import type { TestMigration } from './test-migration.js';
import { asks, blocks, failure, type Held } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const arrived = 'orders/1 on onprem got a record at offset 131 at 12:00:03.';
const ends = { orders: ['120', '120'] };
const mirrored = { orders: ['110', '110'] };
const oneShare = { copying: { shares: 1 } };

/** How many shares of the mirror the server waits for: those that copy now. */
async function copying(migration: TestMigration): Promise<number> {
  const { pendingActivities } = (await migration.handle.describe()).raw;
  return pendingActivities?.filter(({ activityType }) => activityType?.name === 'mirror').length ?? 0;
}

const started = (migration: TestMigration): number => migration.cluster.inputs('mirror').length;

describe('the mirror', () => {
  it('copies in shares from its start until it has caught up, and is gone before anything is compared', async () => {
    const migration = await migrations.start('simpleMirroring');
    const parity = migration.cluster.hold('watchParity');
    await migration.reach('producerStopped', 'waiting');
    await migration.until(() => started(migration) === 2);
    expect(migration.cluster.inputs('mirror').sort((a, b) => a.share - b.share)).toMatchObject([
      { share: 0, shares: 2, partitions: { orders: 2 } },
      { share: 1, shares: 2, partitions: { orders: 2 } },
    ]);
    expect(await copying(migration)).toBe(2);

    await migration.say('producerStopped', { by: 'ann' });
    await migration.until(() => migration.cluster.inputs('watchParity').length === 1);
    expect(await copying(migration)).toBe(0);
    expect(migration.cluster.inputs('watchMirror')).toMatchObject([
      { partitions: { orders: 2 } },
      { to: ends, frozen: true, partitions: { orders: 2 } },
    ]);
    expect(migration.cluster.inputs('watchParity')).toMatchObject([{ ends, mirrored }]);
    parity.answer(await migration.cluster.agreed('watchParity', migration.cluster.inputs('watchParity')[0]!));
    await migration.reach('deleteSource', 'done');
    expect(started(migration)).toBe(2);
  });

  it('goes on with another slice when one is over', async () => {
    const over = { state: 'watching' as const, sentence: '', carry: null };
    const migration = await migrations.start('simpleMirroring', oneShare, (cluster) =>
      cluster.next('mirror', over, over),
    );
    await migration.reach('producerStopped', 'waiting');
    await migration.until(() => started(migration) === 3);
    expect(await copying(migration)).toBe(1);
    const { sliceMs } = migration.cluster.inputs('mirror')[0]!;
    expect(sliceMs).toBeGreaterThanOrEqual(12 * 3_600_000);
  });

  it('stops for a pause, and goes on after it', async () => {
    const migration = await migrations.start('simpleMirroring', oneShare);
    await migration.reach('producerStopped', 'waiting');
    await migration.until(() => started(migration) === 1);
    await migration.say('pause', { by: 'ann' });
    await migrations.eventually(() => copying(migration), 0);
    await migration.say('resume');
    await migrations.eventually(() => copying(migration), 1);
    await migration.until(() => started(migration) === 2);
    await migration.reach('deleteSource', 'done');
  });

  it('that fails for good blocks the step that is under way, and a retry starts it again', async () => {
    const other = failure('Changed', 'Another producer has written to orders/0 on aiven at offset 55.');
    const migration = await migrations.start('simpleMirroring', {}, (cluster) => {
      cluster.next('mirror', (input) => cluster.agreed('mirror', input), other);
    });
    await migration.at('producerStopped', 'blocked');
    await migrations.eventually(() => copying(migration), 0);
    const { waitingFor, next, steps } = await migration.status();
    expect(waitingFor).toBe(other.message);
    expect(next.map(({ message }) => message)).toEqual(['retry', 'abort']);
    expect(steps.find(({ id }) => id === 'producerStopped')?.problem).toMatchObject({ type: 'Changed' });
    await migration.say('retry', { by: 'ann' });
    await migration.at('producerStopped', 'waiting');
    await migrations.eventually(() => copying(migration), 2);
    expect(started(migration)).toBe(4);
    await migration.reach('deleteSource', 'done');
  });

  it('that stops at what a person may accept goes on when somebody has', async () => {
    const sentence = 'The value at offset 20 of orders/0 carries schema id 7, which nobody knows.';
    const key = 'schema-id-unknown:7';
    const migration = await migrations.start('simpleMirroring', oneShare, (cluster) => {
      cluster.next('mirror', failure('Conflict', sentence, asks(key, sentence)));
    });
    await migration.at('producerStopped', 'blocked');
    const { next, steps } = await migration.status();
    expect(next[1]).toMatchObject({ message: 'retry', input: { accept: expect.anything() as unknown } });
    expect(steps.find(({ id }) => id === 'producerStopped')?.problem).toMatchObject({
      type: 'Conflict',
      sentence,
      findings: [{ weight: 'asks', key }],
    });
    await migration.say('retry', { by: 'ann', override: { reason: 'a test record' } });
    await migration.until(() => started(migration) === 2);
    expect(migration.cluster.inputs('mirror').map(({ accepted }) => accepted)).toEqual([[], [key]]);
    expect((await migration.status()).accepted).toMatchObject([{ key, by: 'ann' }]);
  });

  it('that fails while it catches up blocks that step, and nothing is compared', async () => {
    const truncated = failure('Changed', 'orders/0 on onprem lost offsets 12 to 40 before they were copied.');
    let share!: Held<'mirror'>;
    const migration = await migrations.start('simpleMirroring', oneShare, (cluster) => {
      share = cluster.hold('mirror');
      cluster.next('watchMirror', (input) => cluster.agreed('watchMirror', input));
      cluster.hold('watchMirror');
    });
    await migration.reach('catchUp', 'active');
    await migration.until(() => migration.cluster.inputs('watchMirror').length === 2);
    share.fail(truncated);
    await migration.at('catchUp', 'blocked');
    expect((await migration.status()).waitingFor).toBe(truncated.message);
    expect(migration.cluster.inputs('watchParity')).toEqual([]);
    await migration.say('retry');
    await migration.reach('deleteSource', 'done');
  });

  it('that fails while its step is blocked by something else is told next', async () => {
    const share = failure('Unauthorized', 'User:ferry may not write to orders on aiven.');
    let held!: Held<'mirror'>;
    const migration = await migrations.start('simpleMirroring', oneShare, (cluster) => {
      held = cluster.hold('mirror');
      cluster.next('watchQuiet', failure('Unauthorized', 'User:ferry may not read orders on onprem.'));
    });
    await migration.reach('producerStopped', 'blocked');
    held.fail(share);
    await migrations.eventually(() => copying(migration), 0);
    expect((await migration.status()).waitingFor).toContain('may not read');
    await migration.say('retry');
    await migration.until(({ waitingFor }) => waitingFor === share.message);
    await migration.say('retry');
    await migration.reach('deleteSource', 'done');
  });

  it('is stopped and waited for by an abort, before anything is taken back', async () => {
    const migration = await migrations.start('simpleMirroring');
    await migration.reach('producerStopped', 'waiting');
    await migration.until(() => started(migration) === 2);
    await migration.say('abort', { by: 'ann' });
    const outcome = await migration.outcome();
    expect(outcome).toMatchObject({
      result: 'aborted',
      left: [],
      undone: ['topic orders', 'The mirror is removed.'],
    });
    expect(migration.cluster.names().slice(-3)).toEqual(['targetWrites', 'undo', 'removeMirror']);
    const events = await migration.events();
    const at = (name: string) =>
      events.findIndex(
        ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === name,
      );
    const ended = events.flatMap(({ activityTaskCompletedEventAttributes: completed }, index) => {
      const of = events[Number(completed?.scheduledEventId ?? 0) - 1];
      return of?.activityTaskScheduledEventAttributes?.activityType?.name === 'mirror' ? [index] : [];
    });
    expect(ended).toHaveLength(2);
    expect(Math.max(...ended)).toBeLessThan(at('targetWrites'));
  });

  it('keeps its map when producers have written to the target: a person has to decide', async () => {
    const written = 'orders on aiven has 3 records that are not the mirror’s.';
    const migration = await migrations.start('simpleMirroring', {}, (cluster) =>
      cluster.next('targetWrites', { written: [written] }),
    );
    await migration.reach('consumerSwitched', 'waiting');
    await migration.say('abort', { by: 'ann' });
    const { left } = await migration.outcome();
    expect(left).toEqual([
      written,
      'Decide what to do with them: they are only on aiven, so nothing there was taken back.',
      'What the mirror keeps there is left too: it knows where each record went.',
    ]);
    expect(migration.cluster.inputs('targetWrites')).toMatchObject([{ start: mirrored }]);
    expect(migration.cluster.names()).not.toContain('removeMirror');
  });

  it('is not started when its preparation finds something, which a person mends', async () => {
    const short = blocks('retention:orders', 'orders on aiven would delete records older than 7d.');
    const migration = await migrations.start('simpleMirroring', {}, (cluster) =>
      cluster.next('prepareMirror', { partitions: {}, findings: [short], sentence: '' }),
    );
    await migration.at('startMirror', 'blocked');
    expect(started(migration)).toBe(0);
    await migration.say('retry');
    await migration.reach('deleteSource', 'done');
  });
});

describe('producers', () => {
  const left = 'up to 83,929 records left to copy at 9,000 a second, about 9.3s to go';
  const behind = { state: 'watching' as const, sentence: left, carry: 1 };

  it('are asked to stop when the mirror keeps up, and told what it does until then', async () => {
    const migration = await migrations.start('simpleMirroring', oneShare, (cluster) =>
      cluster.next('watchMirror', behind),
    );
    const held = migration.cluster.hold('watchMirror');
    const { next } = await migration.until(({ waitingFor }) => waitingFor.includes(left));
    await migration.until(() => migration.cluster.inputs('watchMirror').length === 2);
    expect(next).toEqual([]);
    expect((await migration.status()).waitingFor).toBe(
      `The mirror copies the history: ${left}. Let producers write on: you are asked to stop them when it keeps up.`,
    );
    expect(migration.cluster.inputs('watchMirror')).toMatchObject([{ sliceMs: 10_000 }, { carry: 1 }]);
    held.answer({ state: 'caught-up', sentence: 'It keeps up.', mirrored });
    await migration.reach('producerStopped', 'waiting');
    expect(migration.cluster.inputs('watchQuiet')).toEqual([]);
    await migration.reach('deleteSource', 'done');
  });

  it('that are said to have stopped before are kept, and warned about with the pause that they are in for', async () => {
    const migration = await migrations.start('simpleMirroring', oneShare);
    const first = migration.cluster.hold('watchMirror');
    await migration.until(() => migration.cluster.inputs('watchMirror').length === 1);
    migration.cluster.next('watchMirror', behind);
    const second = migration.cluster.hold('watchMirror');
    expect(await migration.say('producerStopped', { by: 'ann' })).toMatch(
      /^producerStopped is kept for orders-web, and early: the mirror does not keep up yet, so producers stand still/,
    );
    const { steps } = await migration.until(({ waitingFor }) => waitingFor.includes(left));
    await migration.until(() => first.cancelled);
    const warned = `Producers were said to have stopped before the mirror keeps up, so they stand still until it has copied what is left: ${left}.`;
    expect(steps.find(({ id }) => id === 'producerStopped')).toMatchObject({
      says: warned,
      evidence: [{ sentence: warned }],
    });
    expect(migration.cluster.inputs('watchQuiet')).toEqual([]);
    second.answer({ state: 'caught-up', sentence: 'It keeps up.', mirrored });
    await migration.at('catchUp', 'done');
    await migration.reach('deleteSource', 'done');
  });

  it('of which nobody waits for the proof do not wait for the mirror either', async () => {
    const migration = await migrations.start('simpleMirroring', oneShare);
    migration.cluster.hold('watchMirror');
    await migration.until(() => migration.cluster.inputs('watchMirror').length === 1);
    await migration.say('producerStopped', { by: 'ann', override: { reason: 'it never keeps up' } });
    await migration.at('producerStopped', 'done');
    expect(migration.cluster.inputs('watchQuiet')).toHaveLength(1);
  });

  it('hear it from the mirror when it comes no further', async () => {
    const stuck = 'The mirror has copied nothing for 10m.';
    const migration = await migrations.start('simpleMirroring', oneShare, (cluster) =>
      cluster.next('watchMirror', { state: 'contradicted', sentence: stuck }),
    );
    const { problem } = await migration.at('producerStopped', 'blocked');
    expect(problem).toMatchObject({ sentence: stuck, offers: ['retry', 'abort'] });
    await migration.say('retry');
    await migration.reach('deleteSource', 'done');
  });
});

describe('a record that arrives on the source after its end was frozen', () => {
  it.each([
    ['catchUp', 'watchMirror'],
    ['parity', 'watchParity'],
    ['translateOffsets', 'translateGroups'],
    ['consumerSwitched', 'watchConsumers'],
    ['producerSwitched', 'watchProducers'],
  ] as const)(
    'while %s is checked opens the producers’ step again, and the mirror goes on',
    async (id, activity) => {
      const migration = await migrations.start('simpleMirroring', oneShare, (cluster) => {
        if (activity === 'watchMirror') cluster.next(activity, (input) => cluster.agreed(activity, input));
        cluster.next(activity, { state: 'grew', sentence: arrived });
      });
      const said = id === 'consumerSwitched' || id === 'producerSwitched' ? id : 'producerStopped';
      await migration.reach(said, 'waiting');
      await migration.say(said, { by: 'ann' });
      const reopened = await migration.until(({ steps }) =>
        steps.some((step) => step.id === 'producerStopped' && step.evidence.length === 2),
      );
      const producers = reopened.steps.find((step) => step.id === 'producerStopped');
      expect(producers?.evidence.at(-1)?.sentence).toBe(`Open again: ${arrived}`);
      await migration.at('producerStopped', 'waiting');
      await migrations.eventually(() => copying(migration), 1);
      await migration.reach('deleteSource', 'done');
      const names = migration.cluster.names();
      expect(names.filter((name) => name === 'watchParity')).toHaveLength(id === 'catchUp' ? 1 : 2);
      expect(names.filter((name) => name === 'watchQuiet')).toHaveLength(2);
      expect(names.filter((name) => name === 'prepareMirror')).toHaveLength(1);
    },
  );

  it('that a group has read while its step waited is told by the look after its offsets, and asked about once producers write to the target', async () => {
    const late = asks('late-record:orders+1', `${arrived} Accept that it stays behind.`);
    const migration = await migrations.start('simpleMirroring', oneShare, (cluster) =>
      cluster.next('watchProducers', failure('Unauthorized', 'User:ferry may not read orders on aiven.'), {
        state: 'asks',
        findings: [late],
      }),
    );
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('producerSwitched', { by: 'ann' });
    await migration.at('producerSwitched', 'blocked');
    // A step that begins anew looks after the offsets first.
    migration.cluster.next('translateGroups', { state: 'grew', sentence: arrived });
    await migration.say('retry');
    await migration.until(({ steps }) =>
      steps.some(({ problem }) => problem?.findings.some(({ key }) => key === late.key)),
    );
    await migration.say('retry', { by: 'ann', override: { reason: 'known' } });
    await migration.reach('deleteSource', 'done');
    expect(migration.cluster.names().filter((name) => name === 'watchQuiet')).toHaveLength(1);
  });

  it('behind an end that was not proved is none of the mirror’s: groups are told where the copy ends', async () => {
    const migration = await migrations.start('simpleMirroring', oneShare);
    await migration.reach('producerStopped', 'waiting');
    await migration.say('producerStopped', { by: 'ann', override: { reason: 'a probe writes for ever' } });
    await migration.reach('consumerSwitched', 'waiting');
    expect(migration.cluster.inputs('translateGroups')[0]).toMatchObject({
      copied: { to: ends, frozen: false },
    });
    expect(migration.cluster.inputs('watchParity')).toMatchObject([{ frozen: false }]);
  });

  it('asks when producers are at work on the target: it cannot be mirrored in order any more', async () => {
    const late = asks(
      'late-record:orders+3',
      `${arrived} Write it to aiven by hand, or accept that it is left.`,
    );
    const migration = await migrations.start('simpleMirroring', {}, (cluster) =>
      cluster.next('watchProducers', { state: 'asks', findings: [late] }),
    );
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('producerSwitched', { by: 'ann' });
    await migration.at('producerSwitched', 'blocked');
    await migration.say('retry', { by: 'ann', override: { reason: 'written by hand' } });
    await migration.at('producerSwitched', 'done');
    expect(migration.cluster.inputs('watchProducers').at(-1)).toMatchObject({ accepted: [late.key] });
  });
});

it('a producer of a topic that nobody writes to passes by an override, and the source is checked all the same', async () => {
  const migration = await migrations.start('simpleMirroring', {}, (cluster) =>
    cluster.next('watchProducers', { state: 'contradicted', sentence: 'Nobody writes to orders on aiven.' }),
  );
  await migration.reach('producerSwitched', 'waiting');
  await migration.say('producerSwitched', { by: 'ann' });
  await migration.until(({ waitingFor }) => waitingFor.startsWith('Not so: Nobody writes'));
  await migration.say('producerSwitched', { by: 'ann', override: { reason: 'it writes once a month' } });
  await migration.at('producerSwitched', 'done');
  expect(migration.cluster.inputs('watchProducers')).toMatchObject([
    { ends, mirrored, frozen: true },
    { ends, mirrored, accepted: ['not-written'] },
  ]);
});

it('a topic to which nobody has written yet leaves the step of its producers unverified', async () => {
  const migration = await migrations.start(
    'simpleMirroring',
    { topics: [{ name: 'orders' }, { name: 'corrections' }] },
    (cluster) =>
      cluster.next('watchProducers', {
        ...{ state: 'writing', written: ['orders'] },
        sentence: 'Producers write to orders; to corrections nobody has written yet.',
      }),
  );
  await migration.reach('producerSwitched', 'waiting');
  await migration.say('producerSwitched', { by: 'ann' });
  await migration.at('producerSwitched', 'done');
  const { steps, unverified } = await migration.status();
  expect(steps.find(({ id }) => id === 'producerSwitched')).toMatchObject({ unverified: 'not-measured' });
  expect(unverified.join()).toContain('to corrections nobody has written yet');
});

it('moves topics and groups whose names every plain object has an answer for', async () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty'];
  const migration = await migrations.start('simpleMirroring', {
    topics: names.map((name) => ({ name })),
    consumers: names.map((group) => ({ group })),
    copying: { shares: 1 },
  });
  await migration.reach('producerStopped', 'waiting');
  await migration.until(() => started(migration) === 1);
  const [copied] = migration.cluster.inputs('mirror');
  expect(Object.entries(copied?.partitions ?? {})).toEqual(names.map((name) => [name, 2]));
  const [watched] = migration.cluster.inputs('watchMirror');
  expect(Object.entries(watched?.topicIds ?? {})).toEqual(names.map((name) => [name, `id-of-${name}`]));
  await migration.reach('deleteSource', 'done');
  expect(await migration.outcome()).toMatchObject({ result: 'done' });
  const { steps } = await migration.status();
  const moved = steps.find(({ id }) => id === 'consumerSwitched')?.parts;
  expect(moved?.map(({ name, verified }) => [name, verified])).toEqual(names.map((name) => [name, true]));
});
