import { describe, expect, it } from '@jest/globals';
import { isTold, isUntold, nextReminder, toTell } from '../../src/migration/telling.js';
import type { MigrationState } from '../../src/migration/state.js';
import { at, stateAt, the } from './migration-states.js';

const later = (ms: number): string => new Date(Date.parse(at) + ms).toISOString();
const hour = 60 * 60_000;
const events = (state: MigrationState, now = at) => toTell(state, now).map(({ event }) => event);
const tell = (state: MigrationState, now = at): string[] =>
  toTell(state, now).map((one) => {
    isTold(state, one, now);
    return one.reminder > 0 ? `${one.event} ${one.reminder}` : one.event;
  });

const waiting = (changes = {}) => {
  const state = stateAt('producerSwitched', 'waiting', changes);
  the(state, 'producerSwitched').startedAt = at;
  return state;
};
const blocked = (sentence = 'aiven does not answer: see that it runs.', since = at) => {
  const state = stateAt('copyAcls', 'blocked');
  the(state, 'copyAcls').problem = {
    type: 'Unreachable',
    sentence,
    since,
    findings: [],
    offers: ['retry', 'abort'],
  };
  return state;
};

describe('what is told', () => {
  it('is told once, with what to do and what to send', () => {
    const state = waiting();
    expect(toTell(state, at)).toEqual([
      expect.objectContaining({
        event: 'waits-for-you',
        step: 'producerSwitched',
        todo: 'Switch the producer to the target, stop it on the source, then say so.',
        next: expect.objectContaining({ message: 'producerSwitched', input: { by: 'you' } }) as object,
        reminder: 0,
      }),
    ]);
    expect(tell(state)).toEqual(['waits-for-you']);
    expect(tell(state, later(300 * hour))).toEqual([]);
  });

  it('is told again after a step was opened again, with why', () => {
    const state = waiting();
    tell(state);
    const step = the(state, 'producerSwitched');
    Object.assign(step, { startedAt: later(hour), openedAgain: { at: later(hour), why: '3 records came.' } });
    expect(tell(state, later(hour))).toEqual(['opened-again', 'waits-for-you']);
    expect(tell(state, later(2 * hour))).toEqual([]);
  });

  it('names the deletion apart, and nothing while paused or before a step waits', () => {
    const state = stateAt('deletionApproved', 'waiting');
    expect(events(state)).toEqual(['deletion-asks']);
    state.paused = { at };
    expect(events(state)).toEqual([]);
    expect(events(stateAt('drain', 'active'))).toEqual([]);
  });

  it('tells each contradiction, and not the wait again that follows it', () => {
    const state = waiting();
    tell(state);
    const step = the(state, 'producerSwitched');
    step.contradicted = { at: later(1), why: 'orders/0 got 3 records.' };
    expect(toTell(state, later(1))[0]).toMatchObject({ sentence: 'orders/0 got 3 records.' });
    expect(tell(state, later(1))).toEqual(['contradicted']);
    expect(tell(state, later(2))).toEqual([]);
    step.contradicted = { at: later(3), why: 'orders/0 got 3 records.' };
    expect(tell(state, later(3))).toEqual(['contradicted']);
  });

  it('tells a problem once however often it is tried again, and another one, and the same one when it comes back much later', () => {
    const state = blocked();
    expect(tell(state)).toEqual(['blocked']);
    const again = (sentence: string, after: number) => {
      the(state, 'copyAcls').problem = blocked(sentence, later(after)).steps.find(
        ({ id }) => id === 'copyAcls',
      )!.problem!;
      return tell(state, later(after));
    };
    expect(again('aiven does not answer: see that it runs.', 60_000)).toEqual([]);
    expect(again('User:ferry may not alter ACLs.', 120_000)).toEqual(['blocked']);
    expect(again('aiven does not answer: see that it runs.', 3 * hour)).toEqual(['blocked']);
  });

  it('tells the end, and of what was asked before nothing more', () => {
    const state = waiting({ notify: { remind: '2h' } });
    tell(state);
    state.outcome = {
      result: 'aborted',
      at: later(1),
      sentence: 'Aborted (no time). The source is as it was.',
    };
    expect(toTell(state, later(5 * hour))).toEqual([
      expect.objectContaining({ event: 'done', step: null, todo: null, next: null }),
    ]);
    expect(tell(state, later(5 * hour))).toEqual(['done']);
    expect(tell(state, later(50 * hour))).toEqual([]);
  });

  it('reminds within the hours of the fleet for people alone, and of what is blocked at any time', () => {
    const from = Date.parse(at);
    const people: [number, number][] = [
      [from - hour, from + hour],
      [from + 67 * hour, from + 73 * hour],
    ];
    const fleet = { id: 'fleet/shop', wave: 'one', hours: { knownUntil: from + 1_000 * hour, people } };
    const state = { ...waiting({ notify: { remind: '6h' } }), fleet };
    tell(state);
    expect(tell(state, later(6 * hour))).toEqual([]);
    expect(nextReminder(state, later(6 * hour))).toBe(from + 67 * hour);
    expect(tell(state, later(67 * hour))).toEqual(['waits-for-you 1']);
    expect(nextReminder(state, later(67 * hour))).toBe(from + 73 * hour + 927 * hour);
    const before = (): boolean => false;
    expect(nextReminder(state, later(67 * hour), before)).toBe(from + 73 * hour);

    const stands = { ...blocked(), fleet };
    stands.migration = { ...stands.migration, notify: { teams: [], addresses: [], remind: '6h' } };
    tell(stands);
    expect(nextReminder(stands, at)).toBe(from + 6 * hour);
  });

  it('reminds as often as the file says, of what waits for a person alone', () => {
    const state = waiting({ notify: { remind: '24h' } });
    expect(nextReminder(state, at)).toBeUndefined();
    tell(state);
    expect(nextReminder(state, at)).toBe(Date.parse(later(24 * hour)));
    expect(tell(state, later(24 * hour - 1))).toEqual([]);
    expect(tell(state, later(24 * hour))).toEqual(['waits-for-you 1']);
    expect(tell(state, later(30 * hour))).toEqual([]);
    expect(tell(state, later(48 * hour))).toEqual(['waits-for-you 2']);
    the(state, 'producerSwitched').status = 'active';
    expect(nextReminder(state, later(72 * hour))).toBeUndefined();
    expect(tell(state, later(72 * hour))).toEqual([]);
  });

  it('is bounded, and can be taken back where nobody has heard it', () => {
    const state = waiting();
    const step = the(state, 'producerSwitched');
    for (let time = 0; time < 500; time++) {
      step.contradicted = { at: later(time), why: 'x'.repeat(10_000) };
      for (const one of toTell(state, later(time))) expect(one.sentence.length).toBeLessThanOrEqual(500);
      tell(state, later(time));
    }
    expect(state.told?.length).toBe(40);
    const [last] = state.told?.slice(-1) ?? [];
    expect(last?.event).toBe('contradicted');
    const telling = { ...toTell(stateAt('deletionApproved'), at)[0]! };
    isTold(state, telling, at);
    isUntold(state, telling);
    expect(state.told?.some(({ event }) => event === 'deletion-asks')).toBe(false);
  });
});
