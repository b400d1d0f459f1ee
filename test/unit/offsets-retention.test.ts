import { expect, test } from '@jest/globals';
import { offsetsRetention } from '../../activities/plan/offsets-retention.js';
import type { Cluster, ConfigEntry } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { upkeepEveryMs } from '../../src/migration/upkeep.js';
import { migrationOf } from './migration-states.js';

const hour = 3_600_000;

test.each([
  [undefined, 24],
  [7 * 24, 24],
  [48, 24],
  [47, 23.5],
  [1, 0.5],
])('offsets that are kept for %s hours are looked after every %s', (kept, every) => {
  expect(upkeepEveryMs(kept === undefined ? undefined : kept * hour)).toBe(every * hour);
});

const entry = (value: string) => ({ name: 'offsets.retention.minutes', value }) as ConfigEntry;
const target = (config: Awaited<ReturnType<Cluster['brokerConfig']>> | FerryError) =>
  ({
    name: 'aiven',
    brokerConfig: async () => {
      if (config instanceof FerryError) throw config;
      return config;
    },
  }) as Partial<Cluster> as Cluster;

test('a plan says how often offsets are committed anew that a target forgets within the waits', async () => {
  const migration = migrationOf({ waits: { quiet: '1m', patience: '1h', soak: '24h' } });
  expect(await offsetsRetention(target([entry('600')]), migration)).toEqual({
    ms: 10 * hour,
    findings: [
      {
        ...{ weight: 'notes', key: 'offsets-expire-soon' },
        sentence:
          'aiven forgets the offsets of an empty group after 10h, sooner than the waits of this migration (25h1m): they are committed anew whenever a step begins that waits for people, and every 5h while it waits.',
      },
    ],
  });
  expect(await offsetsRetention(target([entry('10080')]), migration)).toEqual({
    ms: 168 * hour,
    findings: [],
  });
});

test('or that it does not show for how long it keeps them', async () => {
  const hidden = new FerryError('Unauthorized', 'Not allowed.');
  const { ms, findings } = await offsetsRetention(target(hidden), migrationOf());
  expect(ms).toBeUndefined();
  expect(findings.map(({ sentence }) => sentence)).toEqual([
    'aiven does not show the ferry for how long it keeps the offsets of an empty group: they are committed anew whenever a step begins that waits for people, and every 24h while it waits.',
  ]);
});
