import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { engineActivities } from '../../activities/mirror/engine.js';
import { seedOffsets } from '../../activities/offsets/offsets.js';
import { readMetadata } from '../../activities/offsets/commit-metadata.js';
import {
  startApplications,
  type ApplicationKind,
  type Applications,
  type ApplicationSettings,
} from '../../lab/java/application.js';
import type { LabCluster } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { eventually } from '../eventually.js';
import { sharedLab } from '../lab/shared.js';
import { run } from './kafka-cluster.js';
import { attempt, openGround, type Ground } from './prepare-ground.js';
import { makeTopic, migrationOf, running, send, sendInTransaction } from './watching.js';

/**
 * Applications that keep something beside the offset of a commit, each from a real library: they run on the source,
 * stop, are moved, and go on on the target.
 */
const topic = `metadata.${run}`;
/** What lies on it does not lie in a row: each transaction ends with a marker. */
const holed = `${topic}.holed`;
const groups = {
  old: `${topic}.old-streams`,
  current: `${topic}.streams`,
  parallel: `${topic}.parallel`,
  holed: `${topic}.parallel-holed`,
};
const values = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `${from + at}`);
const messages = (from: number, to: number) =>
  values(from, to).map((value) => ({ value, partition: 0, timestamp: String(time) }));
/** Of every record, so that it is the time that Streams has come to. */
const time = Date.now();
const streamsTime = (version: number) => {
  const bytes = Buffer.alloc(9);
  bytes.writeInt8(version);
  bytes.writeBigInt64BE(BigInt(time), 1);
  return bytes.toString('base64');
};
const inOrder = (processed: readonly string[]) => processed.toSorted((a, b) => Number(a) - Number(b));

let ground: Ground;
const applications: Applications[] = [];
let over = false;
beforeAll(async () => {
  ground = openGround(await sharedLab());
});
afterAll(async () => {
  over = true;
  for (const application of applications) application.kill();
  await ground.close();
});

/** Starts all of a kind in one JVM, and resolves when each has processed so many records. */
async function start(
  there: LabCluster,
  kind: ApplicationKind,
  settings: readonly (ApplicationSettings & { due: number })[],
): Promise<Applications> {
  const { files } = there.clients['admin']!;
  const started = await startApplications(kind, files.java, settings, () => undefined);
  applications.push(started);
  if (over) started.kill();
  await eventually(
    async () => {
      const died = started.lines.find((line) => /^(?:died|Exception in thread "main") /.test(line));
      if (died) throw new Error(died);
      return {
        processed: settings.map(({ id }) => started.processed(id).length),
        lines: started.lines.slice(-5),
      };
    },
    ({ processed }) => processed.every((count, at) => count >= (settings[at]?.due ?? 0)),
    120_000,
  );
  return started;
}

const committed = async (cluster: Cluster, group: string, of = topic) => {
  const found = (await cluster.committedOffsets([group])).get(group)?.value?.get(`${of}/0`);
  return found && { offset: Number(found.offset), metadata: found.metadata };
};

const moving = (more: Partial<MigrationFile>) =>
  migrationOf({ name: topic, topics: [{ name: topic }], waits: { patience: '2m' }, ...more });

test('applications that keep more in a commit than an offset live on the target, and do nothing twice', async () => {
  const { source, target } = ground.lab;
  await makeTopic(ground.admin.source, topic);
  await makeTopic(ground.admin.source, holed);
  await makeTopic(ground.target, topic);
  await makeTopic(ground.target, holed);
  await makeTopic(ground.target, `${topic}.fresh`);
  await send(source, topic, messages(0, 20));
  await sendInTransaction(source, `${topic}.tx`, holed, messages(0, 5), 'commit');
  await sendInTransaction(source, `${topic}.tx`, holed, messages(5, 10), 'commit');

  const before = await Promise.all([
    start(source, 'oldStreams', [{ id: groups.old, topic, due: 20 }]),
    start(source, 'streams', [{ id: groups.current, topic, due: 20 }]),
    start(source, 'parallelConsumer', [
      { id: groups.parallel, topic, slow: '3', due: 19 },
      { id: groups.holed, topic: holed, slow: '3', due: 9 },
    ]),
  ]);
  await Promise.all(before.map((some) => some.stop()));
  await send(source, topic, messages(20, 30));

  const said = {
    old: await committed(ground.source, groups.old),
    current: await committed(ground.source, groups.current),
    parallel: await committed(ground.source, groups.parallel),
    holed: await committed(ground.source, groups.holed, holed),
  };
  expect(said.old).toEqual({ offset: 20, metadata: streamsTime(1) });
  expect(said.current).toEqual({ offset: 20, metadata: streamsTime(2) });
  expect(said.parallel?.offset).toBe(3);
  // Record 3 is not done, the 16 after it are.
  expect(readMetadata(said.parallel!.metadata)).toEqual({
    ...{ kind: 'parallel-consumer', names: 17n, complete: 16n },
  });
  expect(readMetadata(said.holed!.metadata)).toMatchObject({ kind: 'parallel-consumer' });

  // With history: the mirror, then the offsets.
  const mirrored = moving({
    strategy: 'simpleMirroring',
    topics: [{ name: topic }, { name: holed }],
    consumers: [
      ...[groups.old, groups.current, groups.parallel].map((group) => ({ group, topics: [topic] })),
      { group: groups.holed, topics: [holed] },
    ],
  });
  const engine = engineActivities(ground);
  await running(engine.prepareMirror, { migration: mirrored }).answer;
  const partitions = { [topic]: 1, [holed]: 1 };
  const share = running(
    engine.mirror,
    { migration: mirrored, sliceMs: 60_000, share: 0, shares: 1, partitions },
    { heartbeatTimeoutMs: 1_000 },
  );
  const marks = await ground.source.watermarks([
    { topic, partition: 0 },
    { topic: holed, partition: 0 },
  ]);
  const end = (of: string) => [String(marks.get(`${of}/0`)?.value?.highWatermark)];
  const ends = { [topic]: end(topic), [holed]: end(holed) };
  const seen = await running(engine.watchMirror, {
    ...{ migration: mirrored, sliceMs: 60_000, partitions, to: ends, frozen: true },
  }).answer;
  expect(seen.state).toBe('caught-up');
  share.cancel();
  await share.answer;
  const translate = (accepted: string[]) =>
    running(engine.translateGroups, {
      ...{ migration: mirrored, sliceMs: 120_000, groups: Object.values(groups), translated: [], accepted },
    }).answer;
  const key = `commit-metadata:${groups.holed}:${holed}+8`;
  const asked = await translate([]);
  if (asked.state !== 'asks') throw new Error(JSON.stringify(asked));
  expect(asked.findings.map((finding) => `${finding.weight} ${finding.key}`)).toEqual([`asks ${key}`]);
  expect(asked.findings[0]?.sentence).toContain(
    // The marker of the first transaction counts as one, since nobody can read it.
    `${groups.holed} has processed up to 7 records beyond its offsets for 1 partition of ${holed} (first: ${holed}/0 at offset 3)`,
  );
  expect(await committed(ground.target, groups.parallel)).toBeUndefined();
  const translated = await translate([key]);
  expect(translated.state).toBe('translated');
  // The mirror has sealed each partition once, so all is one further there.
  expect(await committed(ground.target, groups.old)).toEqual({ ...said.old, offset: 21 });
  expect(await committed(ground.target, groups.current)).toEqual({ ...said.current, offset: 21 });
  expect(await committed(ground.target, groups.parallel)).toEqual({ ...said.parallel, offset: 4 });
  expect(await committed(ground.target, groups.holed, holed)).toEqual({ offset: 4, metadata: '' });

  // Without history: the same groups start at the end of another topic.
  const fresh = `${topic}.fresh`;
  const unmirrored = moving({
    strategy: 'simplestCase',
    topics: [{ name: topic, newName: fresh }],
    consumers: [groups.old, groups.current, groups.parallel].map((group) => ({
      ...{ group, newGroup: `${group}.fresh` },
    })),
  });
  const seeded = await seedOffsets(ground, { migration: unmirrored }, attempt());
  expect(seeded.findings).toEqual([]);
  expect(await committed(ground.target, `${groups.old}.fresh`, fresh)).toEqual({ ...said.old, offset: 0 });
  expect(await committed(ground.target, `${groups.current}.fresh`, fresh)).toEqual({
    ...{ ...said.current, offset: 0 },
  });
  expect(await committed(ground.target, `${groups.parallel}.fresh`, fresh)).toEqual({
    ...{ offset: 0, metadata: '' },
  });

  await send(target, fresh, messages(100, 105));
  const due = {
    oldStreams: [
      { id: groups.old, topic, values: values(20, 30) },
      { id: `${groups.old}.fresh`, topic: fresh, values: values(100, 105) },
    ],
    streams: [
      { id: groups.current, topic, values: values(20, 30) },
      { id: `${groups.current}.fresh`, topic: fresh, values: values(100, 105) },
    ],
    parallelConsumer: [
      { id: groups.parallel, topic, values: ['3', ...values(20, 30)] },
      // What was accepted: all after its offset comes again.
      { id: groups.holed, topic: holed, values: values(3, 10) },
      { id: `${groups.parallel}.fresh`, topic: fresh, values: values(100, 105) },
    ],
  };
  await Promise.all(
    Object.entries(due).map(async ([kind, settings]) => {
      const some = await start(
        target,
        kind as ApplicationKind,
        settings.map((one) => ({ ...one, due: one.values.length })),
      );
      // What they commit at their end is the end of all that there is: nothing is left that could come twice.
      await some.stop();
      for (const one of settings) expect({ ...one, values: inOrder(some.processed(one.id)) }).toEqual(one);
    }),
  );
}, 300_000);
