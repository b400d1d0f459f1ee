import { describe, expect, jest, test } from '@jest/globals';
import { chunks, gather, heldBack } from '../../src/kafka/link/patience.js';
import type { Errand, Reply } from '../../src/kafka/link/patience.js';
import { refusal } from '../../src/kafka/link/refusal.js';
import { errorTypes } from '../../src/migration/error-types.js';
import { FerryError } from '../../src/migration/errors.js';

const notLeader = 6;
const unknownTopic = 3;
const unreachable = new FerryError('Unreachable', 'broker 1 is gone');
const explain = (key: string, code: number) => new FerryError('Refused', `${key}: ${code}`);
const at = (broker: number) => (keys: readonly string[]) =>
  Promise.resolve(new Map(keys.map((key) => [key, { value: broker }])));
const answers = (reply: (key: string) => Reply<string>) => (keys: readonly string[]) =>
  Promise.resolve(new Map(keys.map((key) => [key, reply(key)])));

describe('gathering answers', () => {
  test('asks each broker once for all of its keys', async () => {
    const asked: [number, readonly string[]][] = [];
    const rows = await gather<string, string>({
      keys: ['a', 'b', 'c', 'a'],
      locate: async () => new Map([...'abc'].map((key) => [key, { value: key === 'b' ? 2 : 1 }])),
      ask: (broker, keys) => {
        asked.push([broker, keys]);
        return answers((key) => ({ value: `${key}@${broker}` }))(keys);
      },
      explain,
    });
    expect(asked).toEqual([
      [1, ['a', 'c']],
      [2, ['b']],
    ]);
    expect([...rows.values()].map(({ value }) => value).sort()).toEqual(['a@1', 'b@2', 'c@1']);
  });

  test('finds the leader anew for the keys whose leader has moved, and for no others', async () => {
    const located: [readonly string[], boolean][] = [];
    const rows = await gather<string, string>({
      keys: ['still', 'moved'],
      locate: (keys, anew) => {
        located.push([keys, anew]);
        return at(anew ? 2 : 1)(keys);
      },
      ask: (broker, keys) =>
        answers((key) => (key === 'moved' && broker === 1 ? { code: notLeader } : { value: `${broker}` }))(
          keys,
        ),
      explain,
    });
    expect(located).toEqual([
      [['still', 'moved'], false],
      [['moved'], true],
    ]);
    expect(rows).toEqual(
      new Map([
        ['still', { value: '1' }],
        ['moved', { value: '2' }],
      ]),
    );
  });

  test('one broker that is gone costs the rows of that broker alone', async () => {
    const rows = await gather<string, string>({
      keys: ['here', 'gone'],
      locate: async () =>
        new Map([
          ['here', { value: 2 }],
          ['gone', { value: 1 }],
        ]),
      ask: (broker, keys) =>
        broker === 1 ? Promise.reject(unreachable) : answers(() => ({ value: 'yes' }))(keys),
      explain,
    });
    expect(rows.get('here')).toEqual({ value: 'yes' });
    expect(rows.get('gone')?.error).toBe(unreachable);
  });

  test('what one broker does not answer holds back no other, whose keys are found anew meanwhile', async () => {
    const arrived: string[] = [];
    let release = () => {};
    const silence = new Promise<void>((resolve) => (release = resolve));
    const rows = gather<string, string>({
      keys: ['silent', 'moved', 'here'],
      locate: async (keys, anew) =>
        new Map(keys.map((key) => [key, { value: key === 'silent' ? 1 : key === 'moved' && anew ? 3 : 2 }])),
      ask: async (broker, keys) => {
        if (broker === 1) await silence;
        return answers((key) =>
          key === 'moved' && broker === 2 ? { code: notLeader } : { value: `${key}@${broker}` },
        )(keys);
      },
      explain,
      arrived: (key, { value }) => {
        arrived.push(value ?? key);
        // Were the others held back, this would never be reached, and the silent broker never speak.
        if (key === 'moved') release();
      },
    });
    expect((await rows).size).toBe(3);
    expect(arrived).toEqual(['here@2', 'moved@3', 'silent@1']);
  });

  test('who asks once is answered at once, and what was remembered is forgotten', async () => {
    const asked: string[] = [];
    const forgotten: (readonly string[])[] = [];
    const rows = await gather<string, string>({
      keys: ['here', 'moved', 'unknown', 'nowhere'],
      remembered: true,
      once: true,
      locate: async () =>
        new Map<string, Reply<number>>([
          ['here', { value: 1 }],
          ['moved', { value: 2 }],
          ['unknown', { value: 3 }],
          ['nowhere', { code: 5 }],
        ]),
      ask: (broker, keys) => {
        asked.push(...keys);
        return answers(() =>
          broker === 1 ? { value: 'yes' } : { code: broker === 2 ? notLeader : unknownTopic },
        )(keys);
      },
      explain: (key, code) => refusal(code, { cluster: 'source', about: key, needs: 'nothing' }),
      forget: (keys) => forgotten.push(keys),
    });
    expect(asked).toEqual(['here', 'moved', 'unknown']);
    expect(rows.get('here')).toEqual({ value: 'yes' });
    // A broker asked from memory does not know whether the partition is anywhere.
    for (const key of ['moved', 'unknown', 'nowhere']) expect(rows.get(key)?.error?.type).toBe('Unreachable');
    expect(forgotten.flat().sort()).toEqual(['moved', 'nowhere', 'unknown']);
  });

  test('a broker that does not know a remembered partition is doubted once', async () => {
    const doubted = (remembered: boolean): Errand<string, string> => ({
      keys: ['a'],
      remembered,
      locate: (keys, anew) => at(anew ? 2 : 1)(keys),
      ask: (broker, keys) =>
        answers(() => (broker === 1 ? { code: unknownTopic } : { value: 'found' }))(keys),
      explain,
    });
    expect((await gather(doubted(true))).get('a')?.value).toBe('found');
    expect((await gather(doubted(false))).get('a')?.error?.message).toBe('a: 3');
  });

  test('a broker that failed is asked again, of whoever is in charge then; one that fails for good is told', async () => {
    const failing = (times: number): Errand<string, string> => ({
      keys: ['a'],
      locate: (keys, anew) => at(anew ? 2 : 1)(keys),
      ask: (broker, keys) => answers(() => (times-- > 0 ? { code: -1 } : { value: `${broker}` }))(keys),
      explain,
    });
    expect((await gather(failing(1))).get('a')?.value).toBe('2');
    expect((await gather(failing(9))).get('a')?.error?.message).toBe('a: -1');
  });

  test('credentials that are refused, and a cluster that never answers, fail the whole call', async () => {
    const refused = new FerryError('Unauthenticated', 'no');
    const errand = { keys: ['a'], locate: at(1), explain };
    await expect(gather({ ...errand, ask: () => Promise.reject(refused) })).rejects.toBe(refused);
    await expect(
      gather({ ...errand, locate: () => Promise.reject(unreachable), ask: () => Promise.reject(refused) }),
    ).rejects.toBe(unreachable);
  });

  test('waiting between tries ends with the signal', async () => {
    const given = new AbortController();
    const waiting = gather<string, string>({
      keys: ['a'],
      locate: at(1),
      ask: (_, keys) => {
        given.abort(new Error('enough'));
        return answers(() => ({ code: notLeader }))(keys);
      },
      explain,
      signal: given.signal,
    });
    await expect(waiting).rejects.toThrow();
    expect(given.signal.aborted).toBe(true);
  });

  test('what a quota holds back is asked again when the broker says, as often as it lets something through', async () => {
    const asked: string[][] = [];
    // More rounds than there are tries for a broker that is only slow.
    const keys = Array.from({ length: 8 }, (_, at) => `${at}`);
    const rows = await gather<string, string>({
      keys,
      locate: at(1),
      ask: (_, keys) => {
        asked.push([...keys]);
        return answers((key) => (key === keys[0] ? { value: key } : heldBack(1)))(keys);
      },
      explain,
    });
    expect([...rows.values()].map(({ value }) => value)).toEqual(keys);
    expect(asked).toEqual(keys.map((_, first) => keys.slice(first)));
  });

  test.each([
    [20_000, 5],
    [5_000, 12],
  ])(
    'what a quota never lets through is an error after a minute: every %i ms, %i times',
    async (everyMs, times) => {
      let now = 0;
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => now);
      try {
        let asked = 0;
        const rows = await gather<string, string>({
          keys: ['a'],
          locate: at(1),
          ask: (_, keys) => {
            asked++;
            now += everyMs;
            return answers(() => heldBack(1))(keys);
          },
          explain,
        });
        expect(rows.get('a')?.error).toMatchObject({ message: 'a: 89' });
        expect(asked).toBe(times);
      } finally {
        clock.mockRestore();
      }
    },
  );

  test('no keys, no questions', async () => {
    const never = () => Promise.reject(new Error('asked'));
    expect(await gather({ keys: [], locate: never, ask: never, explain })).toEqual(new Map());
  });
});

test('chunks keep the order and the bound', () => {
  expect(chunks([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(chunks([], 2)).toEqual([]);
});

const codes = Array.from({ length: 135 }, (_, index) => index - 2).filter((code) => code !== 0);
test.each(codes)('error code %i is one sentence that names the cluster and what it is about', (code) => {
  const error = refusal(code, {
    cluster: 'source',
    about: 'topic "orders"',
    needs: 'READ on topic "orders"',
  });
  expect(Object.keys(errorTypes)).toContain(error.type);
  expect(error.message).toContain('cluster "source"');
  expect(error.message).toMatch(/^[A-Z][^.]*(\.[a-z][^.]*)*\.$/);
});
