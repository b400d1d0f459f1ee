import { describe, expect, jest, test } from '@jest/globals';
import { CancelledFailure } from '@temporalio/activity';
import {
  ActivityCancelledError,
  ActivityCompletionError,
  ActivityNotFoundError,
  ActivityPausedError,
} from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { z } from 'zod';
import { watch, type Moment, type Seen } from '../../activities/kit/watch.js';
import { FerryError } from '../../src/migration/errors.js';
import { parseMigration } from '../../src/migration/file.js';
import { noteTaker } from '../note-taker.js';
import type { Heartbeat, Watch } from '../../src/migration/work/work.js';

type Answer = { state: 'done'; after: number };
type Carry = { seen: number };
const shape = z.object({ seen: z.number() });

function input(more: Partial<Watch> = {}, waits: { probe?: string; patience?: string } = {}): Watch {
  const { migration } = parseMigration({
    name: 'watched',
    strategy: 'simplestCase',
    source: 'a',
    target: 'b',
    topics: [{ name: 'orders' }],
    waits: { probe: '10ms', quiet: '1s', patience: '2s', ...waits },
  });
  return { migration: migration!, sliceMs: 10_000, ...more };
}

/** Answers at the `last`th probe, counted over all slices and attempts. */
const counting =
  (last: number) =>
  async ({ carry }: Moment<Carry>): Promise<Seen<Answer, Carry>> => {
    const seen = (carry?.seen ?? 0) + 1;
    return seen === last
      ? { answer: { state: 'done', after: seen } }
      : { says: `seen ${seen}`, carry: { seen } };
  };

async function inActivity<T>(
  work: () => Promise<T>,
  info: ConstructorParameters<typeof MockActivityEnvironment>[0] = {},
): Promise<{ result: T; heartbeats: Heartbeat[] }> {
  const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
  const heartbeats: Heartbeat[] = [];
  environment.on('heartbeat', (details: Heartbeat) => heartbeats.push(details));
  return { result: await environment.run(work), heartbeats };
}

describe('a watch', () => {
  test('measures how long it has watched, also while somebody sets the clock of its worker', async () => {
    const now = Date.now;
    let ahead = 0;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
    const watched: number[] = [];
    try {
      await watch(input({ sliceMs: 36_000_000 }), shape, async (moment) => {
        watched.push(moment.watchedMs);
        if (watched.length === 3) ahead = 3_600_000;
        if (watched.length === 6) ahead = -3_600_000;
        return counting(9)(moment);
      });
    } finally {
      clock.mockRestore();
    }
    expect(watched).toHaveLength(9);
    expect(watched).toEqual(watched.toSorted((one, other) => one - other));
    expect(watched.at(-1)).toBeLessThan(60_000);
  });

  test('hangs on the cancellation of its activity once, and not anew with each probe: that would stay for hours', async () => {
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    const { cancelled } = environment.context;
    const waits = jest.spyOn(cancelled, 'then');
    const few = { after: 0 };
    await environment.run(() =>
      watch(input(), shape, async (moment) => {
        if (moment.carry?.seen === 2) few.after = waits.mock.calls.length;
        return counting(40)(moment);
      }),
    );
    expect(few.after).toBeGreaterThan(0);
    expect(waits).toHaveBeenCalledTimes(few.after);
  });

  test('probes until there is an answer, and heartbeats what each probe saw', async () => {
    const { result, heartbeats } = await inActivity(() => watch(input(), shape, counting(4)));
    expect(result).toEqual({ state: 'done', after: 4 });
    expect(heartbeats.map(({ says }) => says)).toEqual(['seen 1', 'seen 2', 'seen 3']);
  });

  test('leaves to the beat what has been the same for a minute', async () => {
    const measured = performance.now.bind(performance);
    let ahead = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => measured() + ahead);
    let probes = 0;
    try {
      const { heartbeats } = await inActivity(() =>
        watch(input(), shape, async () => {
          probes += 1;
          if (probes === 3) ahead = 61_000;
          if (probes === 9) return { answer: { state: 'done', after: probes } };
          return { says: probes === 5 ? 'it is another' : 'the same', carry: { seen: probes < 7 ? 1 : 2 } };
        }),
      );
      // Looks 1 to 3; 5 and 6, of which each says something else than the one before; 7 and 8, after a change.
      expect(heartbeats.map(({ says }) => says)).toEqual(
        'the same,the same,the same,it is another,the same,the same,the same'.split(','),
      );
    } finally {
      clock.mockRestore();
    }
  });

  test('runs outside Temporal', async () => {
    expect(await watch(input(), shape, counting(3))).toEqual({ state: 'done', after: 3 });
  });

  test('answers what it carries when the slice is over, and goes on from it', async () => {
    const first = await watch(input({ sliceMs: 0 }), shape, counting(2));
    expect(first).toMatchObject({ state: 'watching', sentence: 'seen 1' });
    const { carry } = first as { carry: unknown };
    const second = await watch(input({ carry: JSON.parse(JSON.stringify(carry)) }), shape, counting(2));
    expect(second).toEqual({ state: 'done', after: 2 });
  });

  test('goes on from the heartbeat of a lost attempt, which is newer than its input', async () => {
    const carry = (seen: number) => ({ watchedMs: 0, failingSince: null, own: { seen } });
    const heartbeatDetails: Heartbeat = { says: 'seen 5', at: '2026-03-01T09:00:00Z', carry: carry(5) };
    const { result } = await inActivity(() => watch(input({ carry: carry(2) }), shape, counting(6)), {
      heartbeatDetails,
    });
    expect(result).toEqual({ state: 'done', after: 6 });
  });

  test.each([['nonsense'], [{ carry: 7 }], [{ carry: { watchedMs: 0, failingSince: null, own: 'x' } }]])(
    'begins anew when it is handed %j',
    async (heartbeatDetails) => {
      const { result } = await inActivity(() => watch(input(), shape, counting(2)), { heartbeatDetails });
      expect(result).toEqual({ state: 'done', after: 2 });
    },
  );

  test('does not end a slice in the middle of confirming', async () => {
    let probes = 0;
    const confirming = async (): Promise<Seen<Answer, Carry>> =>
      ++probes === 3
        ? { answer: { state: 'done', after: probes } }
        : { says: 'looking again', carry: { seen: probes }, confirming: true };
    expect(await watch(input({ sliceMs: 0 }), shape, confirming)).toEqual({ state: 'done', after: 3 });
  });

  test('counts as watched only the time between its own probes', async () => {
    const before = { watchedMs: 1_500, failingSince: null, own: { seen: 1 } };
    const moments: Moment<Carry>[] = [];
    await watch<Answer, Carry>(input({ carry: before, sliceMs: 5_000 }), shape, async (moment) => {
      moments.push(moment);
      return moment.outOfPatience
        ? { answer: { state: 'done', after: moments.length } }
        : { says: 'not yet', carry: { seen: 1 } };
    });
    expect(moments[0]).toMatchObject({ watchedMs: 1_500, outOfPatience: false, carry: { seen: 1 } });
    expect(moments.at(-1)?.watchedMs).toBeGreaterThanOrEqual(2_000);
  });

  test('repeats its heartbeat while a probe takes long', async () => {
    const environment = new MockActivityEnvironment({ heartbeatTimeoutMs: 30 });
    const beats = new Promise<void>((resolve) => {
      let count = 0;
      environment.on('heartbeat', () => ++count === 3 && resolve());
    });
    const slow = async (moment: Moment<Carry>): Promise<Seen<Answer, Carry>> => {
      await beats;
      return counting(1)(moment);
    };
    expect(await environment.run(() => watch(input(), shape, slow))).toEqual({ state: 'done', after: 1 });
  });
});

describe('a change', () => {
  /** An activity that changes something in its first probe, and a server that takes notes. */
  function changing(during: (environment: MockActivityEnvironment) => void) {
    const events: unknown[] = [];
    const environment = new MockActivityEnvironment(
      {},
      {
        logger: new DefaultLogger('ERROR'),
        client: noteTaker<Heartbeat>(({ carry }) => events.push({ noted: carry })),
      },
    );
    const answer = environment.run(() =>
      watch<Answer, Carry>(input(), shape, async ({ change }) => {
        await change({ seen: 7 }, async () => {
          during(environment);
          // Longer than a cancellation takes to be heard.
          await new Promise((resolve) => setTimeout(resolve, 20));
          events.push('changed');
        });
        return { answer: { state: 'done', after: 1 } };
      }),
    );
    return { answer, events };
  }
  const noted = { noted: { watchedMs: 0, failingSince: null, own: { seen: 7 } } };

  test('is noted before it begins', async () => {
    const { answer, events } = changing(() => undefined);
    expect(await answer).toEqual({ state: 'done', after: 1 });
    expect(events).toEqual([noted, 'changed']);
  });

  test('that has begun is not cut short by a cancellation: its answer is known', async () => {
    const { answer, events } = changing((environment) => environment.cancel());
    expect(await answer).toEqual({ state: 'done', after: 1 });
    expect(events).toEqual([noted, 'changed']);
  });

  test.each([
    ['cancelled', new ActivityCancelledError('cancelled')],
    ['paused', new ActivityPausedError('paused')],
    ['lost', new ActivityNotFoundError('Not found')],
  ])('does not begin when the server answers its note that the attempt is %s', async (_, answer) => {
    const environment: MockActivityEnvironment = new MockActivityEnvironment(
      {},
      {
        logger: new DefaultLogger('ERROR'),
        client: noteTaker(() => {
          throw answer;
        }),
      },
    );
    // Its worker hears the same by the next heartbeat.
    environment.on('heartbeat', () => environment.cancel());
    let begun = false;
    const activity = environment.run(() =>
      watch<Answer, Carry>(input(), shape, async ({ change }) => {
        await change({ seen: 7 }, async () => {
          begun = true;
        });
        return { answer: { state: 'done', after: 1 } };
      }),
    );
    await expect(activity).rejects.toBeInstanceOf(CancelledFailure);
    expect(begun).toBe(false);
  });

  test('is tried again when the server did not take its note', async () => {
    let notes = 0;
    const environment = new MockActivityEnvironment(
      {},
      {
        logger: new DefaultLogger('ERROR'),
        client: noteTaker(() => {
          if (++notes === 1) throw new ActivityCompletionError('upstream 10.0.0.1 is away');
        }),
      },
    );
    const heartbeats: Heartbeat[] = [];
    environment.on('heartbeat', (details: Heartbeat) => heartbeats.push(details));
    const answer = await environment.run(() =>
      watch<Answer, Carry>(input(), shape, async ({ change }) => ({
        answer: await change({ seen: 7 }, async () => ({ state: 'done' as const, after: notes })),
      })),
    );
    expect(answer).toEqual({ state: 'done', after: 2 });
    expect(heartbeats.map(({ says }) => says)).toEqual([
      'Temporal did not take a note that has to be with it before a change. It is tried again.',
    ]);
  });

  test('does not begin after a cancellation', async () => {
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    let begun = false;
    let over: Promise<unknown> | undefined;
    const answer = environment.run(() =>
      watch<Answer, Carry>(input(), shape, async ({ change }) => {
        environment.cancel();
        await new Promise((resolve) => setTimeout(resolve, 20));
        over = change({ seen: 1 }, async () => void (begun = true));
        await over;
        return { answer: { state: 'done', after: 1 } };
      }),
    );
    await expect(answer).rejects.toThrow('CANCELLED');
    await new Promise((resolve) => setTimeout(resolve, 40));
    await expect(over).rejects.toThrow('CANCELLED');
    expect(begun).toBe(false);
  });
});

describe('a failing probe', () => {
  const unreachable = () => new FerryError('Unreachable', 'The cluster a does not answer.');

  test('is made again while patience lasts, and said', async () => {
    let probes = 0;
    const recovering = async (moment: Moment<Carry>): Promise<Seen<Answer, Carry>> => {
      if (++probes < 3) throw unreachable();
      return counting(1)(moment);
    };
    const { result, heartbeats } = await inActivity(() => watch(input(), shape, recovering));
    expect(result).toEqual({ state: 'done', after: 1 });
    expect(heartbeats.map(({ says }) => says)).toEqual([
      'The cluster a does not answer. It is tried again.',
      'The cluster a does not answer. It is tried again.',
    ]);
  });

  test('that fails for long is handed to the workflow with since when, once; and so is that it is over', async () => {
    const failing = async (): Promise<Seen<Answer, Carry>> => {
      throw unreachable();
    };
    const before = { watchedMs: 100_000, failingSince: 60_000, own: { seen: 1 } };
    const long = (carry: unknown) => input({ carry }, { patience: '1h' });
    const told = await inActivity(() => watch(long(before), shape, failing));
    expect(told.result).toMatchObject({
      state: 'watching',
      sentence: expect.stringMatching(
        /^The cluster a does not answer\. It is tried again since .* UTC, and blocks after 1h\.$/,
      ),
    });
    expect(told.heartbeats.at(-1)).toMatchObject({ failing: { why: 'The cluster a does not answer.' } });
    const { carry } = told.result as { carry: typeof before };
    // It goes on failing: not told again so soon.
    let probes = 0;
    const thrice = async (): Promise<Seen<Answer, Carry>> => {
      if (++probes === 3) throw new Error('looked three times');
      throw unreachable();
    };
    await expect(watch(long(carry), shape, thrice)).rejects.toThrow('looked three times');
    expect(await watch(long(carry), shape, counting(9))).toMatchObject({
      state: 'watching',
      sentence: 'seen 2',
    });
  });

  test('that fails for long ends no slice whose answer is looked at only when its time is over', async () => {
    const before = { watchedMs: 100_000, failingSince: 60_000, own: { seen: 1 } };
    let probes = 0;
    const thrice = async (): Promise<Seen<Answer, Carry>> => {
      if (++probes === 3) throw new Error('looked three times');
      throw unreachable();
    };
    const slice = input({ carry: before, untold: true }, { patience: '1h' });
    await expect(watch(slice, shape, thrice)).rejects.toThrow('looked three times');
  });

  test('keeps what was carried', async () => {
    let probes = 0;
    const flaky = async (moment: Moment<Carry>): Promise<Seen<Answer, Carry>> => {
      if (++probes === 2) throw unreachable();
      return counting(3)(moment);
    };
    expect(await watch(input(), shape, flaky)).toEqual({ state: 'done', after: 3 });
    expect(probes).toBe(4);
  });

  test('ends the watch for a person to mend when it has failed for as long as the patience', async () => {
    const failing = { watchedMs: 5_000, failingSince: 3_000, own: { seen: 1 } };
    const never = async (): Promise<Seen<Answer, Carry>> => {
      throw unreachable();
    };
    await expect(watch(input({ carry: failing }), shape, never)).rejects.toMatchObject({
      type: 'Unreachable',
      lasting: true,
    });
  });

  test('ends it at once when a person has to mend it', async () => {
    let probes = 0;
    const denied = async (): Promise<Seen<Answer, Carry>> => {
      probes++;
      throw new FerryError('Unauthorized', 'An ACL is missing.');
    };
    await expect(watch(input(), shape, denied)).rejects.toThrow('An ACL is missing.');
    expect(probes).toBe(1);
  });
});

test.each([
  ['between probes', async (): Promise<Seen<Answer, Carry>> => ({ says: 'waiting', carry: { seen: 1 } })],
  ['in a probe that does not end', () => new Promise<Seen<Answer, Carry>>(() => undefined)],
])('a cancelled watch stops %s', async (_, probe) => {
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const watching = environment.run(() => watch(input({ sliceMs: 1e8 }, { probe: '1h' }), shape, probe));
  environment.cancel();
  await expect(watching).rejects.toThrow('CANCELLED');
});
