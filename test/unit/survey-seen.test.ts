import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  digestOf,
  namesAt,
  packLook,
  packSeen,
  unpackLook,
  unpackSeen,
} from '../../src/migration/packed-survey.js';
import { lookAt } from '../../src/inventory/look.js';
import { bytesOf } from '../../src/migration/size.js';
import {
  addLook,
  nothingSeen,
  room,
  type Look,
  type LookedAtGroup,
  type LookedAtTopic,
  type Seen,
} from '../../src/migration/survey-seen.js';
import { facts, marks, scannedCluster } from './scanned-cluster.js';

const begin = Date.parse('2026-01-01T00:00:00.000Z');
const hour = 3_600_000;
const at = (look: number): number => begin + look * hour;

const look = (topics: LookedAtTopic[], groups?: LookedAtGroup[]): Look => ({
  clusterId: 'id',
  topics,
  ...(groups && { groups }),
  unseen: [],
});

function surveyed(looks: readonly Look[], between: (seen: Seen) => Seen = (seen) => seen): Seen {
  let seen = nothingSeen();
  looks.forEach((one, index) => {
    addLook(seen, one, at(index + 1));
    seen = between(seen);
  });
  return seen;
}

// Names that anybody may give, few of them, so that looks meet.
const names = fc.constantFrom('a', 'orders', '__proto__', 'x".\u001b[31m', 'ü😀', 'a/0');
const few = fc.nat({ max: 3 });
const optional = <T>(key: string, value: fc.Arbitrary<T>) =>
  fc.option(value, { nil: undefined }).map((some) => (some === undefined ? {} : { [key]: some }));

const producers = fc.uniqueArray(
  fc.record({
    id: fc.bigInt({ min: 0n, max: 6n }),
    lastWrote: fc.integer({ min: begin - hour, max: begin + hour }),
    transactional: fc.boolean(),
    openFrom: fc.option(fc.bigInt({ min: 0n, max: 9n }), { nil: undefined }),
  }),
  { selector: ({ id }) => id, maxLength: 5 },
);
const topics: fc.Arbitrary<LookedAtTopic[]> = fc
  .uniqueArray(
    fc
      .tuple(names, optional('end', few.map(BigInt)), optional('producers', producers))
      .map(([name, end, by]): LookedAtTopic => ({ name, ...end, ...by })),
    { selector: ({ name }) => name, maxLength: 5 },
  )
  .map((all) => all.sort((a, b) => (a.name < b.name ? -1 : 1)));
const looks: fc.Arbitrary<Look> = topics.chain((all) =>
  fc
    .option(
      fc.uniqueArray(
        fc
          .tuple(
            names,
            optional('marks', fc.tuple(few, few)),
            optional('members', few),
            optional('lag', few.map(BigInt)),
            optional('reads', fc.subarray(all.map(({ name }) => name))),
          )
          .map(([group, { marks }, members, lag, reads]): LookedAtGroup => {
            const [mark, commits] = marks ?? [];
            return {
              group,
              ...(mark !== undefined && { mark: BigInt(mark), commits: commits ?? 0 }),
              ...members,
              ...lag,
              ...reads,
            };
          }),
        { selector: ({ group }) => group, maxLength: 4 },
      ),
      { nil: undefined },
    )
    .map((groups) =>
      look(
        all,
        groups?.sort((a, b) => (a.group < b.group ? -1 : 1)),
      ),
    ),
);
const many = fc.array(looks, { maxLength: 8 });
/** Without the rounding of rates. */
const rounded = (seen: Seen): unknown => packSeen(seen);

const crossed = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('what crosses Temporal of a survey', () => {
  it('is what was seen', () => {
    fc.assert(
      fc.property(many, (all) => {
        const seen = surveyed(all);
        expect(rounded(unpackSeen(packSeen(seen)))).toEqual(rounded(seen));
      }),
    );
  });

  it('makes no difference, wherever a run ends and the next begins', () => {
    fc.assert(
      fc.property(many, (all) => {
        const carried = surveyed(all, (seen) => unpackSeen(crossed(packSeen(seen))));
        expect(rounded(carried)).toEqual(rounded(surveyed(all)));
      }),
    );
  });

  it('is a look, whether its names are known or not', () => {
    fc.assert(
      fc.property(looks, fc.boolean(), (one, known) => {
        const seen = surveyed(known ? [one] : []);
        const before = {
          topics: namesAt(seen.topics, seen.lastLook),
          groups: namesAt(seen.groups, seen.lastGroups),
        };
        const packed = packLook(one, {
          topics: digestOf(before.topics),
          groups: digestOf(before.groups),
        });
        expect(packed.topics.names === undefined).toBe(known || one.topics.length === 0);
        const told = unpackLook(crossed(packed), before);
        const order = ({ topics, groups, unseen }: Look) => ({
          topics,
          unseen,
          groups: groups?.map((group) => ({
            ...group,
            ...(group.reads && { reads: [...group.reads].sort() }),
          })),
        });
        expect(order(told)).toEqual(order(one));
      }),
    );
  });

  it('is refused for other names than those it was told of', () => {
    const packed = packLook(look([{ name: 'a', end: 1n }]), { topics: digestOf(['a']), groups: '' });
    expect(() => unpackLook(packed, { topics: ['b'], groups: [] })).toThrow(TypeError);
  });
});

describe('what a survey has seen of a topic', () => {
  it('is written to when two looks that saw its end saw another one, and only then', () => {
    const ends = fc.array(fc.option(few, { nil: undefined }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(ends, (all) => {
        const seen = surveyed(
          all.map((end) => look([{ name: 'a', ...(end !== undefined && { end: BigInt(end) }) }])),
        );
        const told = all.flatMap((end, index) => (end === undefined ? [] : [{ end, look: index + 1 }]));
        const changes = told.flatMap((one, index) => {
          const before = told[index - 1];
          return before && before.end !== one.end ? [{ ...one, added: one.end - before.end, before }] : [];
        });
        expect(seen.topics.get('a')).toMatchObject({
          firstSeen: at(1),
          lastSeen: at(all.length),
          compared: Math.max(0, told.length - 1),
          written: BigInt(changes.reduce((sum, { added, end }) => sum + (added > 0 ? added : end), 0)),
        });
        const [first] = changes;
        const last = changes.at(-1);
        expect(seen.topics.get('a')?.firstWritten).toBe(first && at(first.look));
        expect(seen.topics.get('a')?.lastWritten).toBe(last && at(last.look));
      }),
    );
  });

  it('is kept when it is gone, and all of one that came later is new', () => {
    const seen = surveyed([
      look([{ name: 'a', end: 5n }]),
      look([{ name: 'b', end: 7_200n }]),
      look([{ name: 'b', end: 7_200n }]),
    ]);
    expect(seen.topics.get('a')).toMatchObject({ firstSeen: at(1), lastSeen: at(1), compared: 0 });
    expect(seen.topics.get('b')).toMatchObject({
      firstSeen: at(2),
      firstWritten: at(2),
      lastWritten: at(2),
      written: 7_200n,
      peak: 2,
    });
  });

  it('has the producers that wrote last, and how many wrote between two looks', () => {
    const by = (id: number, lastWrote: number, transactional = false) => ({
      ...{ id: BigInt(id), lastWrote, transactional },
    });
    const seen = surveyed([
      look([{ name: 'a', producers: [by(1, 10, true), by(2, 20)] }]),
      look([{ name: 'a', producers: [by(1, 30), by(2, 40), by(3, 1)] }]),
      look([{ name: 'a', producers: [] }]),
      look([{ name: 'a' }]),
    ]);
    expect(seen.topics.get('a')).toMatchObject({
      producers: [by(2, 40), by(1, 30, true), by(3, 1)],
      writers: 2,
    });
    // One that was started anew has another id: it is one all the same.
    const restarted = surveyed([
      look([{ name: 'a', producers: [by(1, 10)] }]),
      look([{ name: 'a', producers: [by(1, 20), by(2, 30)] }]),
      look([{ name: 'a', producers: [by(1, 20), by(2, 40)] }]),
    ]);
    expect(restarted.topics.get('a')?.writers).toBe(1);
    // Of one that died in a transaction the coordinator writes the end.
    const died = surveyed([
      look([{ name: 'a', producers: [{ ...by(1, 10, true), openFrom: 4n }, by(2, 20, true)] }]),
      look([{ name: 'a', producers: [by(1, 30, true), by(2, 40, true)] }]),
    ]);
    expect(died.topics.get('a')?.writers).toBe(1);
  });
});

describe('what a survey has seen of a group', () => {
  const group = (change: Partial<LookedAtGroup>): Look => look([], [{ group: 'g', ...change }]);

  it('is that it moved when a commit changed or came, and not when commits expired', () => {
    const seen = surveyed([
      group({ mark: 1n, commits: 2, members: 0, lag: 5n }),
      group({ mark: 1n, commits: 2, members: 0 }),
      group({ mark: 9n, commits: 2, members: 3, lag: 1n }),
      group({ mark: 9n, commits: 2, members: 0, lag: 7n }),
      group({ mark: 4n, commits: 1, members: 0 }),
    ]);
    expect(seen.groups.get('g')).toMatchObject({
      ...{ firstMoved: at(3), lastMoved: at(3), lastMembers: at(3), compared: 4 },
      ...{ lagLeast: 1n, lagMost: 7n },
    });
  });

  it('is not concluded from looks that could not see it', () => {
    const seen = surveyed([group({ mark: 1n, commits: 1 }), look([]), group({}), group({ members: 0 })]);
    const { firstMoved, compared, lastMembers, lastSeen } = seen.groups.get('g') ?? {};
    expect({ firstMoved, compared, lastMembers, lastSeen }).toEqual({
      ...{ firstMoved: undefined, compared: 0, lastMembers: undefined, lastSeen: at(4) },
    });
    expect(seen.lastGroups).toBe(at(4));
  });

  it('is not how far behind, where it has committed nothing on what it reads', async () => {
    const member = { memberId: 'm', clientId: 'c', host: 'h', subscribed: ['orders'], assigned: [] };
    const billing = { group: 'billing', protocol: 'classic', state: 'stable' } as const;
    const seen = async (commits: Record<string, bigint>) =>
      lookAt(
        scannedCluster(
          [facts('orders', 2)],
          { 'orders/0': marks(9n), 'orders/1': marks(9n) },
          {
            groups: async () => [billing],
            describeGroups: async () => new Map([['billing', { value: { ...billing, members: [member] } }]]),
            committedOffsets: async () => {
              const all = Object.entries(commits).map(
                ([key, offset]) => [key, { offset, leaderEpoch: -1, metadata: '' }] as const,
              );
              return new Map([['billing', { value: new Map(all) }]]);
            },
          },
        ),
      );
    const lagAt = async (commits: Record<string, bigint>) => (await seen(commits)).groups?.[0]?.lag;
    expect(await lagAt({})).toBeUndefined();
    expect(await lagAt({ 'orders/0': 9n })).toBeUndefined();
    expect(await lagAt({ 'orders/0': 9n, 'orders/1': 4n })).toBe(5n);
  });

  it('is what it read, also after it has left, and that it moved when it came with commits', () => {
    const seen = surveyed([
      look([{ name: 'a' }, { name: 'b' }], []),
      look([{ name: 'a' }, { name: 'b' }], [{ group: 'g', mark: 1n, commits: 1, members: 0, reads: ['b'] }]),
      look([{ name: 'a' }], []),
    ]);
    expect(seen.groups.get('g')).toMatchObject({ lastSeen: at(2), lastMoved: at(2), reads: ['b'] });
    expect(namesAt(seen.groups, seen.lastGroups)).toEqual([]);
  });
});

describe('where there was no room for all', () => {
  const cut = { topics: 1, groups: 1 };

  it('what comes later may have been there before: that it was written to, or moved, is not concluded', () => {
    const late: Look = look(
      [{ name: 'a' }, { name: 'z', end: 9n }],
      [{ group: 'z', mark: 1n, commits: 1, members: 0 }],
    );
    const whole = surveyed([look([{ name: 'a' }], []), late]);
    expect(whole.topics.get('z')).toMatchObject({ compared: 1, written: 9n });
    expect(whole.groups.get('z')).toMatchObject({ compared: 1, lastMoved: at(2) });
    const some = surveyed([{ ...look([{ name: 'a' }], []), left: cut }, late]);
    expect(some.topics.get('z')).toMatchObject({ compared: 0, written: 0n });
    expect(some.groups.get('z')).toMatchObject({ compared: 0 });
    expect(some.groups.get('z')?.lastMoved).toBeUndefined();
  });

  it('a look says how many it left out, and the survey keeps it', async () => {
    const names = Array.from({ length: 6_002 }, (_, index) => `t${String(index).padStart(5, '0')}`);
    const none = { topics: new Map(), groups: new Map() };
    const seen = await lookAt({
      identity: async () => ({ clusterId: 'id', controllerId: 1, brokers: [] }),
      topics: async () =>
        new Map(
          names.map((name) => [name, { value: { name, topicId: null, internal: false, partitions: [] } }]),
        ),
      watermarks: async () => none.topics,
      producers: async () => none.topics,
      groups: async () => [],
      describeGroups: async () => none.groups,
      committedOffsets: async () => none.groups,
    });
    expect(seen.left).toEqual({ topics: 2, groups: 0 });
    const known = { topics: digestOf([]), groups: digestOf([]) };
    expect(unpackLook(packLook(seen, known), { topics: [], groups: [] }).left).toEqual(seen.left);
    expect(surveyed([seen]).left).toEqual({ topics: 2, groups: 0 });
  });
});

describe('the size of a survey', () => {
  const large = (from: number, count: number, end: number): Look =>
    look(
      Array.from({ length: count }, (_, index) => ({
        name: `team-${String(from + index).padStart(6, '0')}.some-topic-of-usual-length`,
        end: BigInt(index * 7919 + end * (index % 97)),
        producers: [0, 1, 2, 3].map((one) => ({
          id: BigInt(index * 31 + one * 1009),
          lastWrote: begin + ((index * 104_729 + end) % hour),
          transactional: one === 0,
        })),
      })),
      Array.from({ length: count }, (_, index) => ({
        group: `group-of-usual-length-${String(from + index).padStart(6, '0')}`,
        mark: BigInt((index * 2_654_435_761 * (end + 1)) % 2 ** 40),
        commits: index % 30,
        members: index % 4,
        lag: BigInt((index * 48_271 * end) % 100_000),
        reads: [0, 1, 2, 3, 4].map(
          (one) =>
            `team-${String(from + ((index * 17 + one * 331) % count)).padStart(6, '0')}.some-topic-of-usual-length`,
        ),
      })),
    );

  it('of 2,000 topics and 2,000 groups stays far below what Temporal takes', () => {
    const seen = surveyed([1, 2, 3].map((end) => large(0, 2_000, end)));
    expect(seen.left).toEqual({ topics: 0, groups: 0 });
    const carried = bytesOf(packSeen(seen));
    const answer = bytesOf(packLook(large(0, 2_000, 4), { topics: '', groups: '' }));
    expect({ carried: carried < 700_000, answer: answer < 500_000 }).toEqual({ carried: true, answer: true });
    const known = {
      topics: digestOf(namesAt(seen.topics, seen.lastLook)),
      groups: digestOf(namesAt(seen.groups, seen.lastGroups)),
    };
    expect(bytesOf(packLook(large(0, 2_000, 4), known))).toBeLessThan(answer / 2);
  });

  it('does not grow with what comes and goes: what has been away for the longest is forgotten', () => {
    const seen = nothingSeen();
    for (let round = 0; round < 12; round++) addLook(seen, large(round * 2_000, 2_000, round), at(round + 1));
    expect(bytesOf(packSeen(seen))).toBeLessThan(1_500_000);
    expect(seen.topics.size).toBeLessThanOrEqual(room.topics);
    expect(namesAt(seen.topics, seen.lastLook)).toHaveLength(2_000);
    expect(seen.left.topics).toBeGreaterThan(0);
  });
});
