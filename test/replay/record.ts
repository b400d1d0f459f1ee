import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { isMirrored, strategyNames, type StepId, type Strategy } from '../../src/migration/strategies.js';
import { prepare, startFleet } from '../workflow/fleets.js';
import { Migrations } from '../workflow/migrations.js';
import type { TestMigration } from '../workflow/test-migration.js';
import { asks, failure } from '../workflow/scripted-cluster.js';

/**
 * Records histories for the replay test: real workflows on a real Temporal server, clusters scripted. To be run again
 * (`npm run record`, with the names of strategies or of paths, `fleet` or `asked`, for those alone) when a change of the workflows is meant to
 * break runs that are under way. What was recorded before a change that is patched stays: new paths get new names.
 */
const named = process.argv.slice(2);
const someStrategies = strategyNames.some((name) => named.includes(name));
const chosen = strategyNames.filter((name) => !someStrategies || named.includes(name));
const isChosen = (path: string): boolean =>
  named.every((name) => (strategyNames as readonly string[]).includes(name)) || named.includes(path);
const folder = fileURLToPath(new URL('histories', import.meta.url));

const finding = asks('group-not-in-file:audit', 'audit reads orders and is not in the file.');
/** Where each strategy waits first once the target is prepared. */
const firstWait: Record<Strategy, StepId> = {
  simplestCase: 'producerSwitched',
  doubleProducer: 'producerWritesBoth',
  doubleConsumers: 'consumerReadsBoth',
  simpleMirroring: 'producerStopped',
  advancedMirroring: 'mirrorSteady',
};

/** The long wait of each strategy, in which it is stopped and goes on in new runs. */
const longWait = (strategy: Strategy): { step: StepId; activity: 'watchDrain' | 'watchMirror' } =>
  isMirrored(strategy)
    ? { step: strategy === 'simpleMirroring' ? 'catchUp' : 'mirrorSteady', activity: 'watchMirror' }
    : { step: 'drain', activity: 'watchDrain' };

const paths: Record<string, (migrations: Migrations, strategy: Strategy) => Promise<TestMigration>> = {
  async straight(migrations, strategy) {
    const migration = await migrations.start(strategy, {
      topics: [
        { name: 'orders' },
        // MirrorMaker cannot rename.
        {
          name: 'refunds',
          createdBy: 'people',
          ...(strategy !== 'advancedMirroring' && { newName: 'refunds-v2' }),
        },
      ],
      consumers: [{ group: 'billing' }, { group: 'audit', topics: ['orders'] }],
      ...(strategy === 'advancedMirroring' && { schemas: { source: 'old', target: 'new' } }),
    });
    await migration.reach('topicCreated', 'waiting');
    await migration.signal('consumerSwitched', { name: 'audit', note: 'early' });
    await migration.reach('deleteSource', 'done');
    return migration;
  },

  async mended(migrations, strategy) {
    const unlike = { state: 'contradicted' as const, sentence: 'It is not so.' };
    const migration = await migrations.start(strategy, {}, (cluster) =>
      cluster
        .next('checkPlan', { findings: [finding], will: [], topicIds: {} })
        .next('copyAcls', failure('Unauthorized', 'User:ferry may not alter ACLs.'))
        .next('watchQuiet', unlike)
        .next('watchDoubling', unlike)
        .next('watchConsumers', unlike)
        .next('watchDrain', { state: 'watching', sentence: 'billing lags by 3.', carry: 3 })
        .next('watchDrain', unlike)
        .next('watchMirror', (input) => cluster.agreed('watchMirror', input))
        .next('watchMirror', { state: 'watching', sentence: 'The mirror lags by 3.', carry: 3 })
        .next('watchMirror', unlike)
        .next('watchProducers', unlike),
    );
    await migration.reach('checkPlan', 'blocked');
    await migration.say('retry', { by: 'ann', override: { reason: 'audit stays' } });
    await migration.at('copyAcls', 'blocked');
    await migration.say('skip', { by: 'ann' });
    await migration.at(firstWait[strategy], 'waiting', 'blocked');
    await migration.signal('producerSwiched', { by: 'ann' });
    await migration.reach(longWait(strategy).step, 'blocked');
    await migration.say('retry');
    await migration.reach('deletionApproved', 'waiting');
    await migration.say('skip', { by: 'ann' });
    return migration;
  },

  async stopped(migrations, strategy) {
    const migration = await migrations.start(strategy);
    const { step, activity } = longWait(strategy);
    migration.cluster.hold(activity);
    await migration.reach(step, 'active');
    await migration.until(() => migration.cluster.inputs(activity).length === 1);
    await migration.say('pause', { by: 'ann' });
    await migration.until(({ state }) => state === 'paused');
    await migration.say('resume');
    await migration.at(step, 'done');
    migration.cluster.letGo();
    await migration.say('abort', { by: 'ann', note: 'another day' });
    return migration;
  },

  /** Somebody is told late, somebody else not at all, and a reminder is set and not needed. */
  async told(migrations, strategy) {
    const unlike = { state: 'contradicted' as const, sentence: 'It is not so.' };
    const migration = await migrations.start(
      strategy,
      { notify: { teams: ['payments'], remind: '2h' } },
      (cluster) =>
        cluster
          .next('copyAcls', failure('Unauthorized', 'User:ferry may not alter ACLs.'))
          .next('tell', failure('Unreachable', 'board was not told: it answered 500.'))
          .next('watchConsumers', unlike)
          .next('watchProducers', unlike)
          .next('keepAccount', failure('Unreachable', 'The report was not written.')),
    );
    await migration.reach('copyAcls', 'blocked');
    const late = migration.cluster.hold('tell');
    await migration.until(({ untold }) => untold.length === 1);
    await migration.say('retry', { by: 'ann' });
    await migration.at(firstWait[strategy], 'waiting', 'active');
    await migration.until(
      () => migration.cluster.inputs('tell').length >= (strategy === 'advancedMirroring' ? 1 : 2),
    );
    late.answer({ told: [], failed: ['chat was not told: it answered 404.'], sentence: 'Told.' });
    await migration.reach('deleteSource', 'done');
    return migration;
  },
};

/** What was seen late: in the soak, on the source alone, and by the deletion itself. */
async function soaked(migrations: Migrations, strategy: Strategy): Promise<TestMigration> {
  const nine = (key: string) => asks(`${key}:orders+9`, '9 records came late.');
  const migration = await migrations.start(strategy, {}, (cluster) => {
    cluster
      .next('watchTwins', {
        ...{ state: 'compared', sentence: '9 have no twin.', findings: [nine('on-source-alone')] },
        alone: [{ topic: 'orders', partition: 0, from: '111', to: '120', records: 9 }],
        next: { source: { orders: ['120', '120'] }, target: { orders: ['300', '300'] } },
      })
      .next('watchSoak', { state: 'watching', sentence: 'Nothing has come.', carry: null })
      .next('deleteSource', {
        sentence: 'Nothing was deleted.',
        findings: [nine('late-record')],
        begun: false,
      });
    if (isMirrored(strategy))
      cluster.next('watchSoak', { state: 'asks', findings: [nine('late-record')] }).next('watchParity', {
        ...{ state: 'equal', sentence: 'Some are equal.', findings: [nine('not-compared')] },
        report: { records: '2', bytes: '20', unverifiable: [], differences: [] },
        copies: { logStarts: { orders: ['9', '0'] }, topicIds: { orders: 'copy' } },
      });
    else cluster.next('watchSoak', { state: 'grew', sentence: '9 records came late.' });
  });
  for (;;) {
    const { outcome, next, state } = await migration.until(
      (status) => status.outcome !== null || status.state === 'waiting' || status.state === 'blocked',
    );
    if (outcome) return migration;
    const said = next.find(({ input }) => state === 'waiting' || input.accept !== undefined) ?? next[0];
    if (said) await migration.say(said.message, said.input).catch(() => undefined);
  }
}

/** The last of several runs: it began with the state that the one before it handed on. */
async function continued(migrations: Migrations, strategy: Strategy): Promise<TestMigration> {
  const migration = await migrations.start(strategy, {}, (cluster) => {
    for (let slice = 0; slice < 20; slice += 1)
      cluster.next(longWait(strategy).activity, {
        state: 'watching',
        sentence: `${20 - slice} left.`,
        carry: slice,
      });
  });
  await migration.reach('deleteSource', 'done');
  return migration;
}

async function write(migration: Pick<TestMigration, 'handle' | 'outcome'>, file: string): Promise<void> {
  await migration.outcome();
  const { events } = JSON.parse(historyToJSON(await migration.handle.fetchHistory())) as { events: object[] };
  // One event per line; who ran it, on which machine and in which folder, is nobody's business.
  const lines = events.map((event) =>
    JSON.stringify(event, (key, value: unknown) =>
      key === 'identity' ? 'recorder' : key === 'stackTrace' ? '' : value,
    ),
  );
  await writeFile(`${folder}/${file}.json`, `{"events":[\n${lines.join(',\n')}\n]}\n`);
  process.stdout.write(`${file}: ${events.length} events\n`);
}

async function record(
  migrations: Migrations,
  taken: Record<string, (migrations: Migrations, strategy: Strategy) => Promise<TestMigration>>,
): Promise<void> {
  try {
    for (const strategy of chosen)
      for (const [path, take] of Object.entries(taken).filter(([path]) => isChosen(path)))
        await write(await take(migrations, strategy), `${strategy}-${path}`);
  } finally {
    await migrations.close();
  }
}

/** A fleet, with what is said to it on the way, and one of its migrations. */
async function recordFleet(migrations: Migrations): Promise<void> {
  try {
    const [first, second] = [prepare(migrations), prepare(migrations, 'simpleMirroring')];
    const fleet = await startFleet(
      migrations,
      [
        { name: 'one', of: [first] },
        { name: 'two', of: [second], after: { wave: 'one', step: 'consumerSwitched' } },
      ],
      { budget: '10MB/s', hours: { deletions: ['daily 00:00-24:00 UTC'] } },
    );
    await fleet.knows(first.name, ({ state }) => state === 'waiting');
    await fleet.say('freeze', { until: '2999-01-01T00:00Z' });
    await fleet.knows(first.name, ({ state }) => state === 'paused');
    await fleet.say('thaw', {});
    await fleet.knows(first.name, ({ state }) => state === 'waiting');
    await first.migration().say('producerSwitched', { by: 'ann' });
    await fleet.knows(second.name, ({ copying }) => copying === 'following');
    await fleet.say('throttle', { rate: '5MB/s' });
    for (const { name, migration } of [first, second]) {
      await migration().reach('deletionApproved', 'waiting');
      await migration().say('deletionApproved', { by: 'ann', topic: `orders-${name}` });
    }
    const outcome = () => fleet.outcome() as never;
    await write({ handle: fleet.handle, outcome }, 'fleet-waves');
    await write(first.migration(), 'fleet-member');
    await write(second.migration(), 'fleet-mirrored');
  } finally {
    await migrations.close();
  }
}

/**
 * A fleet whose wave asks for approval, which somebody hears and somebody does not; a reminder is set and not needed.
 * `fleet-approved` is the same of before, when nobody was told.
 */
async function recordAsked(migrations: Migrations): Promise<void> {
  try {
    const [first, second] = [prepare(migrations), prepare(migrations)];
    migrations.tellOfFleet = async () => ({
      ...{ told: ['two'], failed: ['board was not told: it answered 404.'], sentence: 'Told.' },
    });
    const fleet = await startFleet(
      migrations,
      [
        { name: 'one', of: [first] },
        { name: 'two', of: [second] },
      ],
      {
        hours: { people: ['daily 00:00-24:00 UTC'] },
        defaults: { team: 'payments', notify: { teams: ['payments'], remind: '2h' } },
      },
    );
    await fleet.knows(first.name, ({ state }) => state === 'waiting');
    await fleet.until(({ untold }) => untold?.length === 1);
    await fleet.say('freeze', { until: '2999-01-01T00:00Z' });
    await fleet.knows(first.name, ({ state }) => state === 'paused');
    await fleet.say('thaw', {});
    await fleet.knows(first.name, ({ state }) => state === 'waiting');
    await fleet.say('waveApproved', { wave: 'two' });
    await fleet.knows(second.name, ({ state }) => state === 'waiting');
    await fleet.say('abort', {});
    await write({ handle: fleet.handle, outcome: () => fleet.outcome() as never }, 'fleet-asked');
  } finally {
    await migrations.close();
  }
}

await mkdir(folder, { recursive: true });
if (named.length === 0 || named.includes('fleet'))
  await recordFleet(await Migrations.onRealServer('fleeting-'));
if (['fleet', 'asked'].some((name) => named.includes(name)) || named.length === 0)
  await recordAsked(await Migrations.onRealServer('asking-'));
for (const file of await readdir(folder))
  if (
    chosen.some((strategy) => file.startsWith(`${strategy}-`)) &&
    isChosen(/-(.*)\.json$/.exec(file)?.[1] ?? '')
  )
    await rm(`${folder}/${file}`);
await record(await Migrations.onRealServer('recorded-'), { ...paths, soaked });
const fewEvents = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60'];
await record(await Migrations.onRealServer('continued-', fewEvents), { continued });
