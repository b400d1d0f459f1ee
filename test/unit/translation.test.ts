import { describe, expect, it } from '@jest/globals';
import { Translation } from '../../activities/offsets/translation.js';
import type { Still, TranslateAnswer, TranslateInput } from '../../activities/offsets/translation-state.js';
import type { Cluster, Committed, GroupFacts, TopicPartition, Watermarks } from '../../src/kafka/cluster.js';
import { offsetTable } from '../../src/migration/offsets.js';
import type { TranslatedGroup } from '../../src/migration/work/offsets.js';
import { migrationOf } from './migration-states.js';
import { clusterOf, Log, topic } from './parity-log.js';

const record = { timestamp: 1_700_000_000_000n, key: null, value: Buffer.from('1'), headers: [] };
const key = `${topic}/0`;

interface Side {
  /** What the group has committed there: by a member with a leader epoch, by the ferry without. */
  committed?: { offset: bigint; leaderEpoch: number };
  members?: number;
  marks?: Partial<Watermarks>;
}

/** A cluster with a hundred records in one partition, and what was committed there since. */
function side(name: string, { committed, members = 0, marks }: Side) {
  const commits: bigint[] = [];
  const end = marks?.highWatermark ?? 100n;
  const member = {
    clientId: 'app',
    host: '/h',
    subscribed: [topic],
    assigned: [{ topic, partition: 0 }],
  };
  const facts = {
    ...{ group: 'billing', state: members > 0 ? 'stable' : 'empty', protocol: 'classic' },
    members: Array.from({ length: members }, () => member),
  } as unknown as GroupFacts;
  const found = new Map<string, Committed>(committed ? [[key, { ...committed, metadata: '' }]] : []);
  const cluster: Cluster = {
    ...clusterOf([new Log([{ records: Array.from({ length: 100 }, () => record) }])]),
    ...{ name, heldBack: () => undefined },
    watermarks: async () =>
      new Map([[key, { value: { logStart: 0n, highWatermark: end, lastStable: end, ...marks } }]]),
    describeGroups: async (groups: readonly string[]) =>
      new Map(groups.map((group) => [group, { value: { ...facts, group } }])),
    committedOffsets: async (groups: readonly string[]) =>
      new Map(groups.map((group) => [group, { value: found }])),
    commitOffsets: async (_group: string, offsets: readonly (TopicPartition & { offset: bigint })[]) => {
      commits.push(...offsets.map(({ offset }) => offset));
      return new Map(offsets.map(() => [key, { value: undefined }]));
    },
  };
  return { cluster, commits };
}

/** Every record of the source is at its own offset on the target. */
async function translated(
  { source, target }: { source: Side; target: Side },
  more: Partial<TranslateInput> = {},
): Promise<{ answer: TranslateAnswer; commits: bigint[] }> {
  const [from, to] = [side('onprem', source), side('aiven', target)];
  const migration = migrationOf({
    ...{ strategy: 'simpleMirroring', topics: [{ name: topic }], consumers: [{ group: 'billing' }] },
    waits: { agreeing: 2, probe: '1s', quiet: '1s', patience: '1m' },
  });
  const translation = new Translation(
    { migration, groups: ['billing'], translated: [], sliceMs: 1, ...more },
    from.cluster,
    to.cluster,
    async (asked) =>
      asked.map(({ committed }) => ({
        ...{ certainty: 'exact', target: committed, reason: 'by its map', together: true },
      })),
  );
  let carry: Still | undefined;
  for (let watchedMs = 0; watchedMs < 10_000; watchedMs += 1_000) {
    const seen = await translation.probe({
      ...{ carry, watchedMs, outOfPatience: false },
      change: (_carry, work) => work(),
    });
    if ('answer' in seen) return { answer: seen.answer, commits: to.commits };
    carry = seen.carry;
  }
  throw new Error('it only waits');
}

const own = (offset: bigint) => ({ offset, leaderEpoch: 3 });
const ours = (offset: bigint) => ({ offset, leaderEpoch: -1 });

async function moved(): Promise<readonly TranslatedGroup[]> {
  const { answer } = await translated({ source: { committed: own(40n) }, target: {} });
  if (answer.state !== 'translated') throw new Error(JSON.stringify(answer));
  return answer.translated;
}

function keys(answer: TranslateAnswer): string[] {
  if (answer.state !== 'asks') throw new Error(JSON.stringify(answer));
  return answer.findings.map((finding) => `${finding.weight} ${finding.key}`);
}

describe('a group that runs on the target already', () => {
  it('and has no offset there is not passed over: it would begin anywhere', async () => {
    const { answer, commits } = await translated({
      source: { committed: own(40n) },
      target: { members: 2 },
    });
    expect(keys(answer)).toEqual(['blocks group-live-on-target:billing']);
    expect(commits).toEqual([]);
  });

  it('and has come back to the source in between is told to stop, and then goes on where it stopped', async () => {
    const before = await moved();
    const { answer } = await translated(
      { source: { committed: own(70n) }, target: { committed: ours(40n), members: 1 } },
      { translated: before },
    );
    expect(keys(answer)).toEqual(['blocks group-live-on-target:billing']);
    const kept = answer.state === 'asks' ? (answer.translated ?? []) : [];
    const stands = before.filter(({ group }) => kept.every((one) => one.group !== group));
    const stopped = await translated(
      { source: { committed: own(70n) }, target: { committed: ours(40n) } },
      { translated: [...stands, ...kept] },
    );
    expect(stopped).toMatchObject({ answer: { state: 'translated' }, commits: [70n] });
  });

  it('and has not committed yet since it was translated has what it needs', async () => {
    const { answer } = await translated(
      { source: { committed: own(40n) }, target: { committed: ours(40n), members: 1 } },
      { translated: await moved() },
    );
    expect(answer).toMatchObject({
      state: 'translated',
      sentence: expect.stringContaining('1 of 1 position exact, 0 committed now'),
    });
  });

  it('and has moved on there is told by its own commit, and nothing is lost by what retention took behind it', async () => {
    const { answer } = await translated(
      {
        source: { committed: own(40n) },
        target: {
          ...{ committed: own(9_000n), members: 1 },
          marks: { logStart: 5_000n, highWatermark: 9_100n, lastStable: 9_100n },
        },
      },
      { translated: await moved() },
    );
    expect(answer).toMatchObject({
      state: 'translated',
      sentence: expect.stringContaining(
        '1 position where a group has committed itself, 0 committed now, each read back. Ahead of them lie up to 100 (billing)',
      ),
    });
  });
});

it('a group that was translated and has not begun loses what retention takes, and that is asked about', async () => {
  const { answer } = await translated(
    {
      source: { committed: own(40n) },
      target: { committed: ours(40n), marks: { logStart: 50n } },
    },
    { translated: await moved() },
  );
  expect(keys(answer)).toEqual([`asks expired-on-target:billing:${key}+10@50`]);
});

it('whoever accepts that a group was alive on both is asked again when it reads on', async () => {
  const both = (offset: bigint) =>
    translated({ source: { committed: own(offset) }, target: { committed: own(80n) } });
  expect(keys((await both(40n)).answer)).toEqual(['asks group-on-both:billing:1@40']);
  expect(keys((await both(90n)).answer)).toEqual(['asks group-on-both:billing:1@90']);
});

it('a commit above the end of the source is nowhere on the target', async () => {
  const { answer } = await translated(
    { source: { committed: own(130n) }, target: {} },
    { copied: { to: offsetTable([{ topic, partition: 0, offset: 100n }]), frozen: true } },
  );
  expect(keys(answer)).toEqual([`asks offset-unknown:billing:${key}@130`]);
});

it('what a group read behind the end of a copy is not there: it goes on where that ends', async () => {
  const { answer, commits } = await translated(
    { source: { committed: own(130n), marks: { highWatermark: 140n } }, target: {} },
    { copied: { to: offsetTable([{ topic, partition: 0, offset: 100n }]), frozen: false } },
  );
  expect(answer.state).toBe('translated');
  expect(commits).toEqual([100n]);
});
