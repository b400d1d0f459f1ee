import { describe, expect, it } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { advise } from '../../src/advice/advise.js';
import { expectedOf, expectedText } from '../../src/advice/expected.js';
import { facts } from '../../src/advice/facts.js';
import { idleTopicsOf } from '../../src/advice/idle.js';
import { setsOf } from '../../src/advice/sets.js';
import { wavesOf } from '../../src/advice/waves.js';
import { parseInventory, type Inventory } from '../../src/inventory/inventory.js';
import { withSurvey } from '../../src/inventory/over-time.js';
import { packSeen } from '../../src/migration/packed-survey.js';
import { addLook, nothingSeen, type Look, type LookedAtTopic } from '../../src/migration/survey-seen.js';
import type { SurveyAnswer } from '../../src/migration/survey-state.js';
import { inventoryPage } from '../../src/report/inventory-page.js';
import { group, inventory, topic } from './inventories.js';

const scannedAt = '2026-06-30T00:00:00.000Z';
const day = 86_400_000;
const now = Date.parse(scannedAt);
/** Looks of the last days, one a day. */
function survey(looks: readonly Partial<Look>[], change: Partial<SurveyAnswer> = {}): SurveyAnswer {
  const seen = nothingSeen();
  const first = now - looks.length * day;
  looks.forEach((look, at) =>
    addLook(seen, { clusterId: 'id', topics: [], groups: [], unseen: [], ...look }, first + at * day),
  );
  return {
    survey: { cluster: 'source', for: '60d', every: '1d' },
    startedAt: new Date(first).toISOString(),
    missed: { count: 0, latest: [] },
    ...{ unseen: [], outcome: null, seen: packSeen(seen), ...change },
  };
}
/** A topic that grew before the looks with these numbers. */
const growing = (name: string, looks: number, ...at: number[]): Partial<Look>[] =>
  Array.from({ length: looks }, (_, look) => ({
    topics: [{ name, end: BigInt(10 + at.filter((one) => one <= look).length), producers: [] }],
  }));
const old = (name: string) => topic(name, { newest: { value: 5 } });
const idleOf = (of: Inventory) => setsOf(of).flatMap((set) => idleTopicsOf(set, of));
const only = (of: Inventory) => {
  const [set, ...others] = setsOf(of);
  if (!set || others.length > 0) throw new Error('expected one set');
  return set;
};

describe('an inventory with a survey', () => {
  it('is an inventory, as its schema has it', () => {
    const answer = survey([
      { topics: [{ name: 'a', end: 1n }, { name: 'gone' }] },
      { topics: [{ name: 'a', end: 3n }] },
    ]);
    const whole = withSurvey(inventory({ scannedAt, topics: [topic('a'), topic('new')] }), answer);
    expect(parseInventory(JSON.parse(JSON.stringify(whole)))).toEqual({ inventory: whole });
    const [a, fresh] = whole.topics;
    expect(a?.overTime?.value).toMatchObject({
      firstSeen: now - 2 * day,
      lastSeen: now - day,
      written: { value: { first: now - day, last: now - day, records: 2 } },
      producers: { unknown: 'no look has seen who writes to it' },
    });
    expect(fresh?.overTime).toEqual({ unknown: 'it was not there at any look of the survey' });
    expect(whole.survey).toMatchObject({ looks: 2, everySeconds: 86_400, running: true });
    expect(whole.survey?.gone).toMatchObject([{ topic: 'gone', lastSeen: now - 2 * day }]);
  });

  it('says of what it did not look at that it is not known', () => {
    const some = survey([{}], { survey: { cluster: 'source', for: '7d', topics: 'shop.*' } });
    const [one] = withSurvey(inventory({ topics: [topic('other')] }), some).topics;
    expect(one?.overTime).toEqual({ unknown: 'the survey looks at topics shop.* alone' });
    const [none] = withSurvey(inventory({ topics: [topic('a')] }), survey([])).topics;
    expect(none?.overTime).toEqual({ unknown: 'the survey has not seen the cluster yet' });
  });

  it('has groups that have left, and what they read hangs together', () => {
    const topics: LookedAtTopic[] = [{ name: 'a' }, { name: 'b' }];
    const answer = survey([
      { topics, groups: [] },
      { topics, groups: [{ group: 'monthly', mark: 1n, commits: 1, members: 1, reads: ['a', 'b'] }] },
      { topics, groups: [] },
    ]);
    const before = inventory({ scannedAt, topics: [old('a'), old('b')] });
    expect(setsOf(before)).toHaveLength(2);
    const set = only(withSurvey(before, answer));
    expect(set.groups).toMatchObject([{ group: 'monthly', state: 'dead', members: { value: [] } }]);
    expect(advise(set, {}).warnings).toContainEqual(
      'group monthly is not there now, and a survey saw it, last at 2026-06-28 00:00 UTC: ask whether it comes back',
    );
    expect(idleOf(withSurvey(before, answer))).toEqual([]);
  });

  it('does not say that a group has left where it may not be listed', () => {
    const answer = survey([{ groups: [{ group: 'monthly', mark: 1n, commits: 1, members: 1, reads: [] }] }]);
    const hidden = [{ what: 'groups' as const, unknown: 'it lacks DESCRIBE' }];
    const unknown = { unknown: expect.stringContaining('it has left, or the ferry may not describe it') };
    expect(withSurvey(inventory({ hidden }), answer).groups.value).toMatchObject([
      { group: 'monthly', state: 'unknown', members: unknown, moved: unknown },
    ]);
  });

  it('leaves groups unknown that this look could not list', () => {
    const blind = withSurvey(inventory({ groups: { unknown: 'refused' } }), survey([{}]));
    expect(blind.groups).toEqual({ unknown: 'refused' });
  });

  it('ties what a transactional producer wrote at different times', () => {
    const by = { id: 7n, lastWrote: 1, transactional: true };
    const answer = survey([
      {
        topics: [
          { name: 'a', producers: [by] },
          { name: 'b', producers: [] },
        ],
      },
      {
        topics: [
          { name: 'a', producers: [] },
          { name: 'b', producers: [by] },
        ],
      },
    ]);
    expect(setsOf(withSurvey(inventory({ topics: [topic('a'), topic('b')] }), answer))).toHaveLength(1);
  });
});

describe('what is idle', () => {
  const weekly = inventory({ scannedAt, topics: [old('weekly')] });

  it('is nothing where groups may be there that are not listed, and each set says so', () => {
    const hidden = [{ what: 'groups' as const, unknown: 'it lacks DESCRIBE' }];
    const blind = inventory({ scannedAt, topics: [old('a'), old('b')], hidden });
    expect(idleOf({ ...blind, hidden: [] })).toHaveLength(2);
    expect(idleOf(blind)).toEqual([]);
    for (const set of setsOf(blind))
      expect(advise(set, {}).warnings).toContainEqual(
        'Not seen: whether there are more groups: it lacks DESCRIBE',
      );
  });

  it('is not what a survey has seen written to', () => {
    expect(idleOf(weekly)).toMatchObject([{ why: expect.stringContaining('there was one look alone') }]);
    const seen = withSurvey(weekly, survey(growing('weekly', 8, 3)));
    expect(idleOf(seen)).toEqual([]);
    expect(advise(only(seen), {}).warnings.join()).toContain(
      'nobody writes to weekly now, and a survey saw it',
    );
    expect(wavesOf([{ set: only(seen), advice: advise(only(seen), {}) }], seen).waves).toHaveLength(1);
  });

  it('is what nobody used in all of its time, and says how long that was', () => {
    const answer = survey(growing('weekly', 8), { missed: { count: 2, latest: [] } });
    expect(idleOf(withSurvey(weekly, answer))).toMatchObject([
      { why: expect.stringMatching(/nobody came in the 7d of a survey of 8 looks \(2 saw nothing\)$/) },
    ]);
  });

  it('is unknown where the survey could not see it', () => {
    expect(idleOf(withSurvey(weekly, survey([{ topics: [{ name: 'weekly' }] }])))).toEqual([]);
    expect(idleOf(withSurvey(weekly, survey([])))).toEqual([]);
  });

  it('is not what a group came for lately, and is what one left long ago', () => {
    const read = inventory({
      scannedAt,
      topics: [old('weekly')],
      groups: { value: [group('batch', ['weekly'])] },
    });
    const looks = (days: number, came: number) =>
      Array.from({ length: days }, (_, at) => ({
        topics: [{ name: 'weekly', end: 5n }],
        groups: [{ group: 'batch', mark: 1n, commits: 1, members: at === came ? 1 : 0 }],
      }));
    expect(idleOf(withSurvey(read, survey(looks(8, 3))))).toEqual([]);
    expect(idleOf(withSurvey(read, survey(looks(50, 3))))).toHaveLength(1);
  });
});

it('the busiest time of a survey counts for how long it takes, and several producers that wrote at once for what fits', () => {
  const by = (id: number, lastWrote: number) => ({ id: BigInt(id), lastWrote, transactional: false });
  const looks = [1, 2, 3].map((at) => ({
    topics: [{ name: 'a', end: BigInt(at * 864_000), producers: [by(1, at), by(2, at)] }],
    groups: [{ group: 'g', mark: 1n, commits: 1, members: 0, lag: BigInt(at === 2 ? 500 : 0) }],
  }));
  const set = only(
    withSurvey(inventory({ topics: [topic('a')], groups: { value: [group('g', ['a'])] } }), survey(looks)),
  );
  expect(expectedOf(set).atMost).toEqual({ lag: 500, rate: 10 });
  expect(expectedText(expectedOf(set)).at(-1)).toBe(
    'At its busiest a survey saw 10 records a second written, and a group 500 records behind.',
  );
  expect(facts.severalProducers(set)).toMatchObject({ value: true, how: 'measured' });
});

it('of what no look has seen nothing is said, and not that it was none', () => {
  const looks = [1, 2].map((at) => ({ topics: [{ name: 'a', end: BigInt(at * 864_000) }], groups: [] }));
  const set = only(withSurvey(inventory({ topics: [topic('a')] }), survey(looks)));
  expect(expectedOf(set).atMost).toEqual({ rate: 10 });
  expect(expectedText(expectedOf(set)).at(-1)).toBe(
    'At its busiest a survey saw 10 records a second written.',
  );
});

describe('several producers', () => {
  const [one, two] = ['7', '8'].map((id) => ({ id, lastWrote: 5, transactional: true }));
  const both = { value: [one, two].flatMap((some) => some ?? []) };
  const said = (change: Parameters<typeof topic>[1]) =>
    facts.severalProducers({ topics: [topic('a', change)] });

  it('are measured where a scan has seen two at once', () => {
    expect(said({ producers: both, writers: { value: 2 } })).toEqual({
      ...{ value: true, how: 'measured' },
      from: '2 producers of a wrote at the same time',
    });
  });

  it.each([
    ['no two wrote at the same time', { writers: { value: 1 } }, 'no two were seen to write'],
    ['an older ferry has not counted', {}, 'this inventory does not say: scan anew'],
    ['it was not seen', { writers: { unknown: 'refused' } }, 'was not seen: refused'],
  ])('are unknown where brokers remember two ids and %s', (_, change, sentence) => {
    expect(said({ producers: both, ...change })).toEqual({
      how: 'unknown',
      from: expect.stringMatching(new RegExp(`remember 2 producer ids of a, .*${sentence}`)),
    });
  });
});

it('the page tells when things were last seen to move, and which looks saw nothing', () => {
  const answer = survey(growing('weekly', 8, 3), {
    missed: { count: 1, latest: [{ at: scannedAt, why: 'no broker <b>answered</b>' }] },
  });
  const whole = withSurvey(inventory({ scannedAt, topics: [old('weekly')] }), answer);
  const sets = setsOf(whole).map((set) => ({ set, advice: advise(set, {}) }));
  const { document } = parseHTML(inventoryPage(whole, sets)) as unknown as {
    document: { body: { textContent: string }; querySelectorAll(query: string): unknown[] };
  };
  const text = document.body.textContent.replaceAll(/\s+/g, ' ');
  expect(text).toContain(
    'A survey looked 8 times from 2026-06-22T00:00 to 2026-06-29T00:00, beside 1 look that saw nothing',
  );
  expect(text).toContain('Seen written, last');
  expect(text).toContain('2026-06-25T00:00');
  expect(text).toContain('no broker <b>answered</b>');
  expect(document.querySelectorAll('.flag b')).toHaveLength(0);
  expect(inventoryPage(inventory({ topics: [topic('a')] }), [])).toContain('There was one look');
});
