import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { doublingActivities } from '../../activities/drain/doubling.js';
import { quietActivities } from '../../activities/drain/quiet.js';
import { freePorts } from '../../lab/host/ports.js';
import type { Lab, LabCluster } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import type { MigrationFile } from '../../src/migration/file.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { offsetAt } from '../../src/migration/offsets.js';
import { table } from '../offsets.js';
import { sharedLab } from '../lab/shared.js';
import { connectionOf, run } from './kafka-cluster.js';
import {
  makeTopic,
  messages,
  migrationOf,
  openTransaction,
  running,
  send,
  sendInTransaction,
} from './watching.js';

let lab: Lab;
let there: LabCluster;
let source: Cluster;
let target: Cluster;
let admin: Cluster;
let activities: Pick<Activities, 'watchQuiet' | 'watchDoubling'>;

beforeAll(async () => {
  lab = await sharedLab();
  there = lab.source;
  source = openCluster('source', connectionOf(lab.source, 'ferry'));
  target = openCluster('target', connectionOf(lab.target, 'ferry'));
  admin = openCluster('source', connectionOf(lab.source, 'admin'));
  const clusters = (name: string) => (name === 'source' ? source : target);
  activities = { ...quietActivities({ clusters }), ...doublingActivities({ clusters }) };
});
afterAll(() => Promise.all([source.close(), target.close(), admin.close()]));

const nameOf = (what: string) => `quiet.${run}.${what}`;
const work = (topic: string, waits: MigrationFile['waits'] = {}) => ({
  migration: migrationOf({ name: 'quiet', topics: [{ name: topic }], waits }),
  sliceMs: 30_000,
});

describe('a source is quiet', () => {
  test('when nothing came for the whole window, whose ends are then frozen', async () => {
    const topic = nameOf('plain');
    await makeTopic(admin, topic, 2);
    await send(there, topic, [...messages(3), ...messages(1, 1)]);
    const began = Date.now();
    const quiet = running(activities.watchQuiet, work(topic));
    expect(await quiet.answer).toMatchObject({
      state: 'quiet',
      ends: table({ [topic]: ['3', '1'] }),
      sentence: expect.stringMatching(new RegExp(`^Nothing was written to ${topic} on source for 1`)),
    });
    expect(Date.now() - began).toBeGreaterThanOrEqual(1000);
  });

  test('only after a window without the record that came meanwhile', async () => {
    const topic = nameOf('restart');
    await makeTopic(admin, topic);
    const quiet = running(activities.watchQuiet, work(topic));
    await quiet.says(/^quiet for/);
    await send(there, topic, messages(1));
    await quiet.says(new RegExp(`^records still come: ${topic}/0 reached offset 1`));
    expect(await quiet.answer).toMatchObject({ state: 'quiet', ends: table({ [topic]: ['1'] }) });
  });

  test('after all of it was watched, by two workers whose clocks differ by an hour', async () => {
    const topic = nameOf('resumed');
    await makeTopic(admin, topic);
    const first = running(activities.watchQuiet, work(topic, { quiet: '3s' }));
    const lost = await first.says(/^quiet for/);
    first.cancel();
    await expect(first.answer).rejects.toThrow('CANCELLED');
    const now = Date.now;
    for (const hours of [1, -1]) {
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + hours * 3_600_000);
      try {
        const second = running(activities.watchQuiet, work(topic, { quiet: '3s' }), {
          heartbeatDetails: lost,
        });
        expect(await second.answer).toMatchObject({ state: 'quiet' });
        // It went on from what the first had watched, and watched the rest itself.
        const said = second.heartbeats.map(({ carry }) => (carry as { watchedMs: number }).watchedMs);
        expect(said.length).toBeGreaterThan(5);
        expect(said[0]).toBeGreaterThan((lost.carry as { watchedMs: number }).watchedMs - 1);
        expect(said.at(-1)).toBeGreaterThan(2_000);
      } finally {
        clock.mockRestore();
      }
    }

    await send(there, topic, messages(1));
    const third = running(activities.watchQuiet, work(topic, { quiet: '3s' }), { heartbeatDetails: lost });
    await third.says(/records still come/);
    third.cancel();
  });

  test('by the word of a person, who is told that it was not proved', async () => {
    const topic = nameOf('accepted');
    await makeTopic(admin, topic);
    await send(there, topic, messages(2));
    const quiet = running(activities.watchQuiet, { ...work(topic), accepted: ['not-quiet'] });
    expect(await quiet.answer).toMatchObject({
      state: 'quiet',
      ends: table({ [topic]: ['2'] }),
      sentence: expect.stringContaining('it was not proved'),
    });
  });
});

describe('the claim that a source is quiet is contradicted', () => {
  test('by records that keep coming, with the last one', async () => {
    const topic = nameOf('busy');
    await makeTopic(admin, topic);
    let stop = false;
    const producing = (async () => {
      while (!stop) await send(there, topic, messages(1));
    })();
    const quiet = running(activities.watchQuiet, work(topic, { quiet: '1500ms', patience: '3s' }));
    expect(await quiet.answer.finally(() => (stop = true))).toMatchObject({
      state: 'contradicted',
      sentence: expect.stringMatching(
        new RegExp(
          `^source did not stay quiet for 1.5s within 3s: the last record came to ${topic}/0 at offset \\d+, written at 20.*Z\\.$`,
        ),
      ),
    });
    await producing;
  });

  test('by a transaction that nobody ends, with its producer and how to abort it', async () => {
    const topic = nameOf('hanging');
    await makeTopic(admin, topic);
    const open = await openTransaction(there, `${topic}.id`, topic, messages(1));
    const quiet = running(activities.watchQuiet, work(topic, { quiet: '1s', patience: '2s' }));
    await quiet.says(new RegExp(`a transaction is open on ${topic}/0`));
    expect(await quiet.answer).toMatchObject({
      state: 'contradicted',
      sentence: expect.stringMatching(
        new RegExp(
          `transaction ${topic}.id of producer id \\d+, begun at 20.*Z, is open on ${topic}/0 from offset 0: .*abort it with kafka-transactions.sh abort --topic ${topic} --partition 0 --start-offset 0`,
        ),
      ),
    });
    await open.abort();
  });
});

test('an unreachable cluster is asked again for as long as the patience lasts', async () => {
  const [port] = await freePorts(1);
  const nobody = openCluster('source', { bootstrap: [`127.0.0.1:${port}`] });
  const { watchQuiet } = quietActivities({ clusters: () => nobody });
  const quiet = running(watchQuiet, work(nameOf('nowhere'), { quiet: '1s', patience: '3s' }));
  await quiet.says(/It is tried again/);
  await expect(quiet.answer).rejects.toMatchObject({ type: 'Unreachable' });
  await nobody.close();
});

describe('producers write both clusters', () => {
  const work = (topic: string, patience = '10s') => ({
    migration: migrationOf({
      name: 'doubling',
      topics: [{ name: topic, newName: `${topic}.new` }],
      waits: { patience },
    }),
    sliceMs: 30_000,
  });
  const make = async (topic: string) => {
    await makeTopic(admin, topic);
    await makeTopic(target, `${topic}.new`, 3);
  };
  /** Sends until told to stop; of each `all` messages only `doubled` to the target. */
  const producing = (topic: string, doubled = 10, all = 10) => {
    const sent = { stop: false };
    const done = (async () => {
      while (!sent.stop) {
        await send(lab.target, `${topic}.new`, messages(doubled));
        await send(lab.source, topic, messages(all));
      }
    })();
    return () => {
      sent.stop = true;
      return done;
    };
  };

  test('when each record has its twin, in whatever partition; the marks are later than that', async () => {
    const topic = nameOf('doubled');
    await make(topic);
    await send(lab.source, topic, messages(500));
    const stop = producing(topic);
    const doubling = running(activities.watchDoubling, work(topic, '60s'));
    const answer = await doubling.answer;
    await stop();
    expect(answer).toMatchObject({
      state: 'doubling',
      sentence: expect.stringMatching(
        new RegExp(
          `^In .*s source got \\d+ records of ${topic} in 1 of 1 partition; each has a record of the same key and value on target\\.`,
        ),
      ),
    });
    if (answer.state !== 'doubling') throw new Error(answer.state);
    expect(Number(offsetAt(answer.marks, topic, 0))).toBeGreaterThan(500);
  });

  test('not when the target gets a part of it, with the figures', async () => {
    const topic = nameOf('half');
    await make(topic);
    const stop = producing(topic, 2);
    const doubling = running(activities.watchDoubling, work(topic, '3s'));
    const answer = await doubling.answer;
    await stop();
    expect(answer).toMatchObject({
      state: 'contradicted',
      sentence: expect.stringMatching(
        new RegExp(
          `of \\d+ records of ${topic} that source received in .*s, \\d+ have no record of the same key and value on target \\(${topic}/0 offsets \\d+ to \\d+ .*\\): not every producer writes both\\.$`,
        ),
      ),
    });
  });

  test('not when a producer of 5 % of the traffic writes to the source alone, as nine tenths once passed', async () => {
    const topic = nameOf('twentieth');
    await make(topic);
    const stop = producing(topic, 19, 20);
    const answer = await running(activities.watchDoubling, work(topic, '6s')).answer;
    await stop();
    expect(answer).toMatchObject({
      state: 'contradicted',
      sentence: expect.stringContaining(': not every producer writes both.'),
    });
  });

  test('not when nothing was written at all', async () => {
    const topic = nameOf('silent');
    await make(topic);
    const doubling = running(activities.watchDoubling, work(topic, '2s'));
    expect(await doubling.answer).toMatchObject({
      state: 'contradicted',
      sentence: expect.stringContaining(`${topic}: the source received nothing`),
    });
  });

  test('by the word of a person, who is told that it was not proved', async () => {
    const topic = nameOf('believed');
    await make(topic);
    await sendInTransaction(there, topic, topic, messages(2), 'commit');
    const doubling = running(activities.watchDoubling, { ...work(topic), accepted: ['not-doubling'] });
    expect(await doubling.answer).toMatchObject({
      state: 'doubling',
      marks: table({ [topic]: ['3'] }),
      since: { source: table({ [topic]: ['3'] }) },
      sentence: expect.stringContaining('it was not proved'),
    });
  });
});
