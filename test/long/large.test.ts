import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { eventsOfAllRuns, payloadBytes } from '../../bench/history.js';
import { factsQuery, statusQuery } from '../../src/migration/messages.js';
import {
  offsetTable,
  partitionsOf,
  type OffsetTable,
  type Side,
  type SourceOffsets,
  type TargetOffsets,
} from '../../src/migration/offsets.js';
import { bytesOf } from '../../src/migration/size.js';
import { packTranslated } from '../../src/migration/translated.js';
import type { Work } from '../../src/migration/work/work.js';
import { Migrations } from '../workflow/migrations.js';
import type { ScriptedCluster } from '../workflow/scripted-cluster.js';

const size = { topics: 1_000, partitions: 12, groups: 10 };

let migrations: Migrations;
beforeAll(async () => {
  // A new run comes after a few events, so that all that is carried is carried often.
  migrations = await Migrations.onRealServer('large', [
    '--dynamic-config-value',
    'limit.historyCount.suggestContinueAsNew=40',
  ]);
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const file = {
  topics: Array.from({ length: size.topics }, (_, at) => ({ name: `team-${at % 7}.orders-${at}` })),
  consumers: Array.from({ length: size.groups }, (_, at) => ({ group: `team-${at}.billing` })),
  copying: { shares: 4 },
};

let seed = 11;
const random = (most: number): bigint =>
  BigInt(Math.floor(((seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647) * most));

/** Offsets as topics have them that have been in use for long. */
const offsets = <S extends Side>({ migration }: Work, most: number): OffsetTable<S> =>
  offsetTable(
    migration.topics.flatMap(({ name }) =>
      Array.from({ length: size.partitions }, (_, partition) => ({
        topic: name,
        partition,
        offset: random(most),
      })),
    ),
  );

function script(cluster: ScriptedCluster): void {
  const partitions = Object.fromEntries(file.topics.map(({ name }) => [name, size.partitions]));
  cluster.next('prepareMirror', { partitions, findings: [], sentence: 'Prepared.' });
  cluster.next('watchMirror', (input) => cluster.agreed('watchMirror', input));
  let known: Record<'ends' | 'mirrored' | 'logStarts', OffsetTable<Side>> | undefined;
  const tables = (work: Work) =>
    (known ??= {
      ends: offsets(work, 4_000_000),
      mirrored: offsets(work, 4_000_000),
      logStarts: offsets(work, 10_000),
    });
  // What was found before a new run began is looked for again.
  for (let times = 0; times < 50; times++)
    cluster
      .next('watchQuiet', (input) => ({
        ...{ state: 'quiet', sentence: 'Quiet.' },
        ends: tables(input).ends as SourceOffsets,
      }))
      .next('watchMirror', (input) => ({
        ...{ state: 'caught-up', sentence: 'Copied.' },
        mirrored: tables(input).mirrored as TargetOffsets,
      }))
      .next('watchParity', (input) => ({
        ...{ state: 'equal', sentence: 'Equal.' },
        report: { records: '1', bytes: '1', unverifiable: [], differences: [] },
        copies: {
          logStarts: tables(input).logStarts as TargetOffsets,
          topicIds: input.topicIds ?? {},
        },
      }));
  // Again and again, as while people take their time.
  for (let times = 0; times < 500; times++)
    cluster.next('translateGroups', ({ migration, groups, ends, translated }) => ({
      state: 'translated',
      translated: packTranslated(
        migration,
        groups.map((group) => ({
          group,
          // Retention has removed some of the source, so that offsets on the target are others.
          partitions: partitionsOf(ends ?? []).map(({ topic, partition, offset }) => {
            const source = offset - (offset < 300n ? offset : random(300));
            return {
              ...{ topic, partition, source: String(source), certainty: 'exact' },
              target: String(source / 2n + random(4)),
            };
          }),
        })),
        translated,
      ),
      sentence: 'Translated.',
    }));
}

it('a thousand topics of twelve partitions go on in new runs with ten groups, and no event is of a megabyte', async () => {
  const migration = await migrations.start('simpleMirroring', file, script);
  const { firstExecutionRunId } = migration.handle as unknown as { firstExecutionRunId: string };
  await migration.reach('deletionApproved', 'waiting');
  for (const query of [statusQuery, factsQuery])
    expect(bytesOf(await migration.handle.query(query))).toBeLessThan(1_000_000);
  const { topics } = file;
  while (topics.length > 0) {
    const some = topics.splice(0, 50);
    await Promise.all(
      some.map(({ name }) => migration.signal('deletionApproved', { by: 'ann', topic: name })),
    );
  }
  expect(await migration.outcome()).toMatchObject({ result: 'done' });
  const { events, runs } = await eventsOfAllRuns(
    migrations.client,
    migration.handle.workflowId,
    firstExecutionRunId,
  );
  const bytes = events.map(payloadBytes);
  expect(runs).toBeGreaterThan(3);
  // Something was carried: a table that is empty by mistake would prove nothing.
  expect(Math.max(...bytes)).toBeGreaterThan(500_000);
  expect(Math.max(...bytes)).toBeLessThan(1_000_000);
}, 300_000);
