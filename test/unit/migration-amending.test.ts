import { describe, expect, it } from '@jest/globals';
import { judge } from '../../src/migration/claims.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { peopleMakeTopics, type MigrationState } from '../../src/migration/state.js';
import { statusOf } from '../../src/migration/status.js';
import { at, stateAt, the } from './migration-states.js';

const groups = { consumers: [{ group: 'billing' }, { group: 'shipping' }] };

/** The file as it is carried out, with these changes. */
const amended = ({ migration }: MigrationState, changes: Partial<MigrationFile>) => ({
  by: 'ann',
  file: { ...migration, ...changes },
});
const refusal = (state: MigrationState, changes: Partial<MigrationFile>) => {
  const before = JSON.stringify(state);
  const judged = judge(state, 'amend', amended(state, changes), at);
  expect(JSON.stringify(state)).toBe(before);
  return judged.refusal;
};
const amend = (state: MigrationState, changes: Partial<MigrationFile>) => {
  const judged = judge(state, 'amend', amended(state, changes), at);
  judged.apply?.();
  return judged.answer ?? judged.refusal;
};

describe('an amendment', () => {
  it('changes what can change, and tells each difference by its name, with the step', () => {
    const state = stateAt('drain', 'active', groups);
    const answer = amend(state, {
      description: 'moved for good',
      waits: { ...state.migration.waits, patience: '2h', soak: '7d' },
      leaveBehind: { groups: ['audit', '*'], principals: [] },
      copying: { shares: 2, bytesPerSecond: 5000 },
      messages: { idempotent: true },
    });
    const changes = [
      'leaveBehind.groups: + audit',
      'leaveBehind.groups: + *',
      'messages.idempotent: nothing → true',
      'copying.shares: 4 → 2',
      'copying.bytesPerSecond: nothing → 5000',
      'waits.patience: 10m → 2h',
      'waits.soak: 24h → 7d',
      'description: nothing → moved for good',
    ];
    expect(answer).toBe(`amended: ${changes.join(', ')}`);
    expect(the(state, 'drain').evidence.at(-1)).toEqual({
      at,
      sentence: `Amended by ann: ${changes.join(', ')}.`,
      data: { changes },
    });
    expect(state.migration.waits).toMatchObject({ soak: '7d', quiet: '150s' });
    expect(state.afresh).toBe(true);
    expect(amend(state, {})).toBe('the migration does already what the file says');
  });

  it('changes how many shares a mirror has until it is prepared, and not in histories in which that was refused', () => {
    const fewer = { copying: { shares: 2 } };
    const blocked = stateAt('startMirror', 'blocked', { strategy: 'simpleMirroring' });
    the(blocked, 'startMirror').startedAt = at;
    const refused = /the mirror has begun with its shares/;
    const before = judge(blocked, 'amend', amended(blocked, fewer), at, () => false);
    expect(before.refusal).toMatch(refused);
    expect(amend(blocked, fewer)).toBe('amended: copying.shares: 4 → 2; startMirror is blocked: retry');
    const prepared = stateAt('startMirror', 'active', { strategy: 'simpleMirroring' });
    the(prepared, 'startMirror').startedAt = at;
    prepared.facts.mirror = { partitions: { orders: 4 }, runs: true };
    expect(amend(prepared, fewer)).toMatch(refused);
    const removed = stateAt('soak', 'active', { strategy: 'simpleMirroring' });
    expect(amend(removed, fewer)).toMatch(refused);
  });

  it('takes in a group that was forgotten, and keeps what was said for the others', () => {
    const state = stateAt('producerSwitched', 'waiting', groups);
    state.facts.holds = [];
    judge(state, 'consumerSwitched', { name: 'shipping', by: 'bo' }, at).apply?.();
    expect(
      amend(state, { consumers: [{ group: 'audit', newGroup: 'audit-2' }, { group: 'shipping' }] }),
    ).toBe('amended: consumers: - billing, consumers: + audit');
    expect(the(state, 'consumerSwitched').parts).toEqual([
      { name: 'audit' },
      { name: 'shipping', claim: { by: 'bo', at } },
    ]);
    expect(state.facts.holdsDue).toBe(true);
  });

  it('says how to go on where it comes too late, and then changes nothing at all', () => {
    const drained = stateAt('consumerSwitched', 'waiting', groups);
    expect(
      refusal(drained, {
        waits: { ...drained.migration.waits, soak: '7d' },
        consumers: [...groups.consumers, { group: 'audit' }],
        principals: { 'User:a': 'User:b' },
      }),
    ).toBe(
      'nothing was changed: consumers: + audit: drain is closed for those of the file; name the group in leaveBehind.groups, and move it by hand; principals.User:a: nothing → User:b: the ACLs are copied already: grant on aiven by hand what is missing',
    );
    const early = stateAt('copyAcls', 'blocked', groups);
    expect(amend(early, { principals: { 'User:a': 'User:b' } })).toBe(
      'amended: principals.User:a: nothing → User:b; copyAcls is blocked: retry',
    );
  });

  it('leaves a group alone that has moved', () => {
    const state = stateAt('consumerStopped', 'waiting', {
      ...{ strategy: 'advancedMirroring', connect: 'c', ...groups },
    });
    state.facts.translated = [{ group: 'billing', partitions: [] }];
    expect(refusal(state, { consumers: [{ group: 'shipping' }] })).toContain(
      'consumers: - billing: it has moved already',
    );
    expect(refusal(state, { consumers: [{ group: 'billing' }] })).toBeUndefined();
    the(state, 'consumerStopped').parts![1]!.verified = true;
    expect(refusal(state, { consumers: [{ group: 'billing' }] })).toContain('it has moved already');
  });

  it.each([
    [{ name: 'other' }, 'name: orders → other'],
    [{ target: 'elsewhere' }, 'target: aiven → elsewhere'],
    [{ strategy: 'doubleConsumers' as const }, 'strategy: simplestCase → doubleConsumers'],
    [{ topics: [{ name: 'orders' }, { name: 'refunds' }] }, 'topics: + refunds'],
    [{ topics: [{ name: 'orders', newName: 'o2' }] }, 'topics.orders.newName: nothing → o2'],
  ])('does not make another migration of it: %j', (changes, what) => {
    expect(refusal(stateAt('checkPlan', 'blocked'), changes)).toBe(
      `nothing was changed: ${what}: this is fixed while a migration runs: abort this migration (ferry abort orders) and start it anew with the new file`,
    );
  });

  it('keeps topics in the order in which they run, since places in it stand for their names', () => {
    const topics = [{ name: 'orders' }, { name: 'refunds' }, { name: 'audit' }];
    const state = stateAt('checkPlan', 'blocked', { topics });
    const config = { 'retention.ms': -1 };
    expect(amend(state, { topics: topics.toReversed() })).toBe(
      'the migration does already what the file says',
    );
    expect(amend(state, { topics: [{ name: 'audit', config }, topics[0]!, topics[1]!] })).toBe(
      'amended: topics.audit.config.retention.ms: nothing → -1; checkPlan is blocked: retry',
    );
    expect(state.migration.topics.map(({ name }) => name)).toEqual(['orders', 'refunds', 'audit']);
    expect(state.migration.topics[2]).toMatchObject({ name: 'audit', config: { 'retention.ms': '-1' } });
  });

  it('between two steps is told with the next one, and takes nothing from the evidence of the last', () => {
    const state = stateAt('deleteSource', 'pending', groups);
    const data = { manifest: Array.from({ length: 100 }, (_, at) => at) };
    the(state, 'deletionApproved').evidence.push({ at, sentence: 'approved', data });
    amend(state, { description: 'moved' });
    expect(the(state, 'deletionApproved').evidence).toEqual([{ at, sentence: 'approved', data }]);
    expect(the(state, 'deleteSource').evidence).toHaveLength(1);
  });

  it('of a topic counts until the topic is there', () => {
    const topics = [{ name: 'orders', config: { 'retention.ms': -1 } }];
    expect(amend(stateAt('checkPlan', 'blocked'), { topics })).toContain(
      'topics.orders.config.retention.ms: nothing → -1',
    );
    expect(refusal(stateAt('drain', 'active'), { topics })).toContain(
      'the topic is there by now: change it on aiven by hand',
    );
  });

  it('is refused with every mistake of the file, without a file, without by', () => {
    const state = stateAt('drain', 'active');
    const said = (input: unknown) => judge(state, 'amend', input, at).refusal;
    expect(said({ by: 'ann', file: { ...state.migration, waits: { soak: 'long' }, shout: 1 } })).toMatch(
      /^not a migration file: .*waits\.soak.*shout/,
    );
    expect(said({ by: 'ann' })).toBe(
      'amend needs file: the whole migration file as it is to be, {"by":"…","file":{…}}',
    );
    expect(said({ file: state.migration })).toBe('amend needs by: who changes the migration');
  });

  it('survives names that every object has', () => {
    const state = stateAt('producerSwitched', 'waiting', groups);
    expect(amend(state, { leaveBehind: { groups: ['constructor', '__proto__'], principals: [] } })).toBe(
      'amended: leaveBehind.groups: + constructor, leaveBehind.groups: + __proto__',
    );
    expect(statusOf(state).steps.flatMap(({ evidence }) => evidence)).toHaveLength(1);
  });
});

describe('where people make every topic on the target', () => {
  const people = () => {
    const state = stateAt('checkPlan', 'active', { topics: [{ name: 'orders' }, { name: 'mail' }] });
    peopleMakeTopics(state);
    return state;
  };

  it('the step that waits for them comes before the ferry would make any, for each topic', () => {
    const { steps, migration } = people();
    const ids = steps.map(({ id }) => id);
    expect(ids.slice(0, 3)).toEqual(['checkPlan', 'topicCreated', 'createTopics']);
    expect(steps[1]?.parts).toEqual([{ name: 'orders' }, { name: 'mail' }]);
    expect(migration.topics.map(({ createdBy }) => createdBy)).toEqual(['people', 'people']);
  });

  it('it comes once, however often the plan is made, and keeps what was said', () => {
    const state = people();
    peopleMakeTopics(state);
    expect(state.steps.filter(({ id }) => id === 'topicCreated')).toHaveLength(1);
    const mixed = stateAt('checkPlan', 'active', {
      topics: [{ name: 'orders', createdBy: 'people' }, { name: 'mail' }],
    });
    const claim = { by: 'ann', at };
    const [said] = the(mixed, 'topicCreated').parts ?? [];
    if (said) said.claim = claim;
    peopleMakeTopics(mixed);
    expect(the(mixed, 'topicCreated').parts).toEqual([{ name: 'orders', claim }, { name: 'mail' }]);
  });

  it('a file that does not say so changes nothing by that', () => {
    const state = people();
    const topics = [{ name: 'orders' }, { name: 'mail' }];
    expect(refusal(state, { topics })).toBeUndefined();
    expect(amend(state, { topics, description: 'new' })).toBe('amended: description: nothing → new');
    expect(state.migration.topics[0]?.createdBy).toBe('people');
  });
});
