import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { engineActivities } from '../../activities/mirror/engine.js';
import type { Migration, MigrationFile } from '../../src/migration/file.js';
import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import type { TranslatedGroup } from '../../src/migration/work/offsets.js';
import { unpackTranslated } from '../../src/migration/translated.js';
import { sharedLab } from '../lab/shared.js';
import { run } from './kafka-cluster.js';
import { openGround, type Ground } from './prepare-ground.js';
import {
  makeTopic,
  messages,
  migrationOf,
  running,
  send,
  sendInTransaction,
  type Running,
} from './watching.js';

export let ground: Ground;
export let engine: ReturnType<typeof engineActivities>;
/** Each test file that asks for this has a ground of its own, and each test a topic, with a group, of its own. */
beforeAll(async () => {
  ground = openGround(await sharedLab());
  engine = engineActivities(ground);
});
afterAll(() => ground.close());

let count = 0;
export let topic: string;
export let group: string;
beforeEach(() => {
  count += 1;
  topic = `simple.${run}.${count}`;
  group = `${topic}.group`;
});

export const sliceMs = 30_000;

export const mirroring = (more: Partial<MigrationFile> = {}): Migration =>
  migrationOf({
    name: topic,
    strategy: 'simpleMirroring',
    topics: [{ name: topic, newName: `${topic}.new` }],
    consumers: [{ group }],
    ...more,
  });

/** A topic with two partitions and its twin on the target, ten records in the first, a transaction in the second. */
export async function prepared(): Promise<void> {
  await makeTopic(ground.admin.source, topic, 2);
  await makeTopic(ground.target, `${topic}.new`, 2);
  await send(ground.lab.source, topic, messages(10));
  const [aborted, committed] = [messages(3, 1), messages(4, 1)];
  await sendInTransaction(ground.lab.source, `${topic}.tx`, topic, aborted, 'abort');
  await sendInTransaction(ground.lab.source, `${topic}.tx`, topic, committed, 'commit');
}

export const partitions = () => ({ [topic]: 2 });
export const ends = async () => {
  const marks = await ground.source.watermarks([0, 1].map((partition) => ({ topic, partition })));
  return {
    [topic]: [0, 1].map((partition) => String(marks.get(`${topic}/${partition}`)?.value?.highWatermark)),
  };
};

/** Runs the mirror in the background, as the workflow does; `stop` waits until it has ended. */
export function copying(migration: Migration): Running<unknown> & { stop(): Promise<unknown> } {
  const share = running(
    engine.mirror,
    { migration, sliceMs, share: 0, shares: 1, partitions: partitions() },
    { heartbeatTimeoutMs: 1_000 },
  );
  return { ...share, stop: async () => (share.cancel(), share.answer) };
}

/** Everything copied up to the ends, and the mirror stopped. */
export async function mirrored(migration: Migration) {
  const prepare = running(engine.prepareMirror, { migration });
  expect(await prepare.answer).toMatchObject({ partitions: partitions(), findings: [] });
  const share = copying(migration);
  const to = await ends();
  const seen = await running(engine.watchMirror, {
    ...{ migration, sliceMs, partitions: partitions(), to, frozen: true },
  }).answer;
  if (seen.state !== 'caught-up') throw new Error(`${seen.state}: ${JSON.stringify(seen)}`);
  expect(await share.stop()).toMatchObject({ state: 'watching' });
  return { ends: to, mirrored: seen.mirrored, heartbeats: share.heartbeats as MirrorHeartbeat[] };
}

export async function translate(migration: Migration, before: TranslatedGroup[] = [], to = {}) {
  return running(engine.translateGroups, {
    ...{ migration, sliceMs, groups: [group], translated: before, ...to },
  }).answer;
}

/** What an answer says of positions; a later one counts them from what the first, `before`, has answered. */
export function unpacked<Answer extends { state: string }>(
  migration: Migration,
  answer: Answer,
  before: readonly TranslatedGroup[] = [],
): object {
  const { translated } = answer as { translated?: TranslatedGroup[] };
  return translated
    ? { ...answer, translated: unpackTranslated(migration, withBase(translated, before)) }
    : answer;
}

export const withBase = (
  groups: readonly TranslatedGroup[],
  before: readonly TranslatedGroup[],
): TranslatedGroup[] =>
  groups.some(({ group: name }) => name === '')
    ? [...groups]
    : [...before.filter(({ group: name }) => name === ''), ...groups];

export const committedOnTarget = async () => {
  const rows = await ground.target.committedOffsets([group]);
  return Object.fromEntries(
    [...(rows.get(group)?.value ?? [])].map(([key, { offset }]) => [key, String(offset)]),
  );
};
