import { describe, expect, it } from '@jest/globals';
import { judge } from '../../src/migration/claims.js';
import { humanSteps, messageDescription, type MessageName } from '../../src/migration/messages.js';
import type { MigrationState } from '../../src/migration/state.js';
import { stepKinds, type StepId } from '../../src/migration/strategies.js';
import { at, stateAt, the } from './migration-states.js';

const refusal = (state: MigrationState, name: MessageName, input?: unknown) => {
  const before = JSON.stringify(state);
  const judged = judge(state, name, input, at);
  expect(JSON.stringify(state)).toBe(before);
  return judged.refusal;
};
/** Judges and applies; the answer. */
const say = (state: MigrationState, name: MessageName, input?: unknown) => {
  const judged = judge(state, name, input, at);
  judged.apply?.();
  return judged.answer;
};

describe('a claim', () => {
  it('changes nothing until it is applied, and is kept with who, what and when', () => {
    const state = stateAt('producerSwitched');
    const judged = judge(state, 'producerSwitched', { by: 'ann', note: 'deployed' }, at);
    expect(the(state, 'producerSwitched').parts).toEqual([{ name: 'orders-web' }]);
    judged.apply?.();
    expect(the(state, 'producerSwitched').parts).toEqual([
      { name: 'orders-web', claim: { by: 'ann', note: 'deployed', at } },
    ]);
  });

  it.each([undefined, null, {}])('may be nothing but its name: %j', (input) => {
    const state = stateAt('producerSwitched');
    expect(say(state, 'producerSwitched', input)).toBe(
      'producerSwitched counts for orders-web; it is being checked against the clusters',
    );
  });

  it('for a later step is kept, for a closed step is told so', () => {
    const state = stateAt('drain', 'active');
    expect(say(state, 'consumerSwitched')).toBe(
      'consumerSwitched is kept for billing: it counts when its step begins (now: drain, active)',
    );
    expect(say(state, 'producerSwitched')).toBe('producerSwitched is done already');
    expect(the(state, 'producerSwitched').parts).toEqual([{ name: 'orders-web' }]);
    the(state, 'producerSwitched').status = 'skipped';
    expect(say(state, 'producerSwitched')).toBe('producerSwitched is skipped already');
  });

  it('of another strategy is refused with the steps there are', () => {
    expect(refusal(stateAt('checkPlan', 'pending'), 'producerWritesBoth')).toBe(
      'simplestCase has no step producerWritesBoth here; its human steps are producerSwitched, consumerSwitched, deletionApproved',
    );
    expect(refusal(stateAt('checkPlan', 'pending'), 'topicCreated')).toContain(
      'has no step topicCreated here',
    );
  });

  it('is refused once the migration has ended, and while it is aborted', () => {
    const ended = stateAt('soak');
    ended.outcome = { result: 'done', at, sentence: 'orders moved.' };
    expect(refusal(ended, 'deletionApproved')).toBe('this migration has ended: orders moved.');
    expect(refusal(ended, 'abort')).toBe('this migration has ended: orders moved.');
    const aborted = stateAt('drain', 'active');
    aborted.abort = { at };
    expect(refusal(aborted, 'consumerSwitched')).toBe('this migration is being aborted');
  });

  describe('with several to speak for', () => {
    const producers = [{ name: 'web' }, { name: 'batch' }, { name: 'web-2' }];
    const several = () => stateAt('producerSwitched', 'waiting', { producers });
    const claimed = (state: MigrationState) =>
      the(state, 'producerSwitched').parts?.flatMap(({ name, claim }) => (claim ? [name] : []));

    it('needs the name, exactly', () => {
      expect(refusal(several(), 'producerSwitched', { by: 'ann' })).toBe(
        'producerSwitched has several left: say which by name (web, batch, web-2), or "name":"*" for all of them',
      );
      expect(refusal(several(), 'producerSwitched', { name: 'Web' })).toBe(
        'Web is not part of producerSwitched; name is one of web, batch, web-2',
      );
      const state = several();
      say(state, 'producerSwitched', { name: 'batch' });
      expect(claimed(state)).toEqual(['batch']);
    });

    it('means the last one without a name, and all that are left with *', () => {
      const state = several();
      say(state, 'producerSwitched', { name: 'batch', by: 'ann' });
      expect(say(state, 'producerSwitched', { name: '*', by: 'bo' })).toBe(
        'producerSwitched counts for web, web-2; it is being checked against the clusters',
      );
      expect(the(state, 'producerSwitched').parts?.map(({ claim }) => claim?.by)).toEqual([
        'bo',
        'ann',
        'bo',
      ]);
      const two = several();
      say(two, 'producerSwitched', { name: 'web' });
      say(two, 'producerSwitched', { name: 'web-2' });
      expect(say(two, 'producerSwitched')).toContain('counts for batch');
      expect(claimed(two)).toEqual(['web', 'batch', 'web-2']);
    });

    it('for one that is called as all are is for that one', () => {
      const producers = [{ name: '*' }, { name: 'web' }];
      const state = stateAt('producerSwitched', 'waiting', { producers });
      say(state, 'producerSwitched', { name: '*' });
      expect(the(state, 'producerSwitched').parts?.map(({ claim }) => claim !== undefined)).toEqual([
        true,
        false,
      ]);
    });

    it.each([{ name: 'batch' }, { name: '*' }, {}])('made again changes nothing: %j', (again) => {
      const state = several();
      say(state, 'producerSwitched', { name: '*', by: 'ann' });
      expect(say(state, 'producerSwitched', { ...again, by: 'bo' })).toBe(
        'producerSwitched was said already; it is being checked against the clusters',
      );
      expect(the(state, 'producerSwitched').parts?.map(({ claim }) => claim?.by)).toEqual([
        'ann',
        'ann',
        'ann',
      ]);
    });
  });

  it('stands for everybody where the file names nobody', () => {
    const state = stateAt('producerSwitched', 'waiting', { producers: [], consumers: [] });
    say(state, 'producerSwitched');
    say(state, 'consumerSwitched');
    expect(the(state, 'producerSwitched').parts).toMatchObject([{ name: 'producers', claim: { at } }]);
    expect(the(state, 'consumerSwitched').parts).toMatchObject([{ name: 'consumers', claim: { at } }]);
  });

  it('may name a topic where topics are made by people, by its name on the target', () => {
    const state = stateAt('topicCreated', 'waiting', {
      topics: [
        { name: 'orders', newName: 'orders-v2', createdBy: 'people' },
        { name: 'refunds', createdBy: 'people' },
        { name: 'audit' },
      ],
    });
    expect(the(state, 'topicCreated').parts?.map(({ name }) => name)).toEqual(['orders-v2', 'refunds']);
    expect(say(state, 'topicCreated', { topic: 'orders-v2' })).toContain('counts for orders-v2');
  });
});

describe('what is said again', () => {
  const again = (state: MigrationState, id: 'producerSwitched' | 'consumerSwitched' = 'producerSwitched') => {
    if (the(state, id).parts?.some(({ claim }) => !claim)) say(state, id, { name: '*', by: 'ann' });
    return say(state, id, { by: 'bo' });
  };

  it('is told what becomes of it, and that a check is under way only when one is', () => {
    expect(again(stateAt('drain', 'active'), 'consumerSwitched')).toBe(
      'consumerSwitched is kept already: it counts when its step begins (now: drain, active)',
    );
    expect(again(stateAt('producerSwitched', 'active'))).toBe(
      'producerSwitched was said already; it is being checked against the clusters',
    );
    expect(again(stateAt('producerSwitched', 'blocked'))).toBe(
      'producerSwitched was said already; it is checked when the blocked step is tried again (retry)',
    );
    expect(again({ ...stateAt('producerSwitched'), paused: { at } })).toBe(
      'producerSwitched was said already; it is checked after resume',
    );
    const seen = stateAt('consumerSwitched', 'waiting', {
      consumers: [{ group: 'billing' }, { group: 'shipping' }],
    });
    say(seen, 'consumerSwitched', { name: 'billing' });
    Object.assign(the(seen, 'consumerSwitched').parts![0]!, { verified: true });
    expect(say(seen, 'consumerSwitched', { name: 'billing' })).toBe(
      'consumerSwitched was said already, and agrees with what was measured',
    );
  });

  it('waits for the others where all are measured together', () => {
    const state = stateAt('producerSwitched', 'waiting', { producers: [{ name: 'web' }, { name: 'batch' }] });
    expect(say(state, 'producerSwitched', { name: 'web' })).toBe(
      'producerSwitched counts for web; it is checked together with batch, once that is said too',
    );
    expect(say(state, 'producerSwitched', { name: 'web' })).toContain('it is checked together with batch');
    expect(say(state, 'producerSwitched', { name: 'batch' })).toContain('is being checked');
  });
});

describe('an override', () => {
  const override = { reason: 'nobody reads it' };

  it('takes the place of a claim that is kept or checked, not of one that was found true', () => {
    const state = stateAt('consumerSwitched', 'active', {
      consumers: [{ group: 'billing' }, { group: 'shipping' }],
    });
    say(state, 'consumerSwitched', { by: 'ann', name: '*' });
    const [billing, shipping] = the(state, 'consumerSwitched').parts!;
    billing!.verified = true;
    expect(say(state, 'consumerSwitched', { by: 'bo', name: '*', override })).toBe(
      'consumerSwitched is overridden for shipping: it is not measured, and reported as not verified',
    );
    expect([billing?.claim?.by, shipping?.claim]).toEqual(['ann', { by: 'bo', override, at }]);
    expect(say(state, 'consumerSwitched', { by: 'cid', name: 'shipping' })).toContain('was said already');
    expect(shipping?.claim?.by).toBe('bo');
  });

  it('is not heard beside a claim in a history that is older', () => {
    const state = stateAt('consumerSwitched', 'active');
    say(state, 'consumerSwitched', { by: 'ann' });
    judge(state, 'consumerSwitched', { by: 'bo', override }, at, () => false).apply?.();
    expect(the(state, 'consumerSwitched').parts).toMatchObject([{ claim: { by: 'ann' } }]);
  });

  it('needs by, and a reason that says something', () => {
    const state = stateAt('consumerSwitched');
    expect(refusal(state, 'consumerSwitched', { override: { reason: 'nobody reads it' } })).toBe(
      'an override needs by: who takes the responsibility',
    );
    expect(refusal(state, 'consumerSwitched', { by: 'ann', override: { reason: '' } })).toBe(
      'override needs a reason',
    );
    expect(refusal(state, 'consumerSwitched', { by: 'ann', override: { because: 'x' } })).toContain(
      'override needs a reason',
    );
    say(state, 'consumerSwitched', { by: 'ann', override: { reason: 'nobody reads it' } });
    expect(the(state, 'consumerSwitched').parts?.[0]?.claim).toEqual({
      by: 'ann',
      override: { reason: 'nobody reads it' },
      at,
    });
  });
});

describe('the approval of a deletion', () => {
  const topics = [{ name: 'orders' }, { name: 'orders-dlq' }];
  const asking = () => stateAt('deletionApproved', 'waiting', { topics });

  it.each([
    [{ topic: 'orders' }, 'deletionApproved needs by: who approves the deletion'],
    [
      { by: 'ann' },
      'deletionApproved needs topic, the exact name of one topic to delete on onprem: orders, orders-dlq',
    ],
    [
      { by: 'ann', name: 'orders' },
      'deletionApproved needs topic, the exact name of one topic to delete on onprem: orders, orders-dlq',
    ],
    [
      { by: 'ann', topic: 'orders', name: 'orders' },
      'deletionApproved needs topic, the exact name of one topic to delete on onprem: orders, orders-dlq',
    ],
    [
      { by: 'ann', topic: '*' },
      '* is not a topic of this migration; deletionApproved needs the exact name: orders, orders-dlq',
    ],
    [
      { by: 'ann', topic: 'Orders' },
      'Orders is not a topic of this migration; deletionApproved needs the exact name: orders, orders-dlq',
    ],
    [
      { by: 'ann', topic: 'orders', override: { reason: 'hurry' } },
      'deletionApproved takes no override: what is deleted was checked, always',
    ],
  ])('%j is refused', (input, sentence) => {
    expect(refusal(asking(), 'deletionApproved', input)).toBe(sentence);
  });

  it('counts for one topic each', () => {
    const state = asking();
    say(state, 'deletionApproved', { by: 'ann', topic: 'orders-dlq' });
    expect(the(state, 'deletionApproved').parts?.map(({ claim }) => claim?.by)).toEqual([undefined, 'ann']);
  });

  it.each<[StepId, 'active' | 'blocked']>([
    ['drain', 'active'],
    ['soak', 'active'],
    ['deletionApproved', 'blocked'],
  ])('is never kept: not while %s is %s', (id, status) => {
    const state = stateAt(id, status);
    expect(refusal(state, 'deletionApproved', { by: 'ann', topic: 'orders' })).toBe(
      `deletionApproved is not kept: it counts only while its step asks for it (now: ${id}, ${status})`,
    );
  });
});

describe('a control', () => {
  it('pauses and resumes once', () => {
    const state = stateAt('drain', 'active');
    expect(say(state, 'resume')).toBe('it is not paused');
    expect(say(state, 'pause', { by: 'ann', note: 'lunch' })).toBe('pauses at the next safe point');
    expect(state.paused).toEqual({ by: 'ann', note: 'lunch', at });
    expect(say(state, 'pause', { by: 'bo' })).toBe('paused already');
    expect(state.paused?.by).toBe('ann');
    expect(say(state, 'resume')).toBe('goes on');
    expect(state.paused).toBeNull();
  });

  it('aborts once, also what is paused, and nothing but retry and skip is heard after that', () => {
    const state = stateAt('drain', 'active');
    say(state, 'pause');
    expect(say(state, 'abort', { by: 'ann' })).toBe('aborts: takes back what the migration made');
    expect(state).toMatchObject({ abort: { by: 'ann', at }, paused: null });
    expect(say(state, 'abort', { by: 'bo' })).toBe('it is being aborted already');
    expect(state.abort?.by).toBe('ann');
    expect(refusal(state, 'pause')).toBe('this migration is being aborted');
    expect(refusal(state, 'resume')).toBe('this migration is being aborted');
  });

  it('does not abort what has begun to delete', () => {
    const state = stateAt('deleteSource', 'active');
    state.facts.deletingSince = at;
    expect(refusal(state, 'abort')).toBe(
      'the deletion of the source has begun: there is nothing to go back to, so this migration can only go on',
    );
  });

  it('retries what is blocked and nothing else', () => {
    const state = stateAt('drain', 'active');
    expect(refusal(state, 'retry')).toBe(
      'nothing is blocked; retry is for a blocked step (now: drain, active)',
    );
    expect(refusal(stateAt('checkPlan', 'pending'), 'retry')).toContain('(now: between steps)');
    the(state, 'drain').status = 'blocked';
    expect(say(state, 'retry', { by: 'ann' })).toBe('tries drain again');
    expect(state.decision).toEqual({ what: 'retry', by: 'ann', at });
    expect(refusal(state, 'retry', { reason: 'x' })).toBe('reason is not a key of retry');
  });

  describe('that accepts what a check asks', () => {
    const [audit, acl] = ['group-not-in-file:audit', 'acl:User:x'];
    const blocked = () => {
      const state = stateAt('checkPlan', 'blocked');
      the(state, 'checkPlan').problem = {
        type: 'Findings',
        sentence: 'audit reads orders too.',
        findings: [
          { weight: 'asks', key: audit, sentence: 'audit reads orders too.' },
          { weight: 'asks', key: acl, sentence: 'User:x is not mapped.' },
          { weight: 'blocks', key: 'topic-missing:orders', sentence: 'orders is not there.' },
        ],
        offers: ['retry', 'accept'],
      };
      return state;
    };
    const accept = (...keys: string[]) => ({ by: 'ann', note: 'audit stays', accept: keys });

    it('needs by and why, and keys of what asks', () => {
      expect(refusal(blocked(), 'retry', { ...accept(audit), by: undefined })).toBe(
        'accept needs by: who takes the responsibility',
      );
      expect(refusal(blocked(), 'retry', { ...accept(audit), note: ' ' })).toBe(
        'accept needs note: why it may go on although the check asks',
      );
      expect(refusal(blocked(), 'retry', accept())).toBe('accept is empty: which findings are accepted?');
      expect(refusal(blocked(), 'retry', { ...accept(), accept: audit })).toBe(
        'accept is a list of keys of findings: {"accept":["KEY"]}',
      );
      expect(refusal(blocked(), 'retry', accept('audit'))).toBe(
        `checkPlan does not ask about audit; it asks about ${audit}, ${acl}`,
      );
      expect(refusal(blocked(), 'retry', accept(audit, 'topic-missing:orders'))).toBe(
        'topic-missing:orders blocks, and cannot be accepted: mend it, then retry',
      );
    });

    it('accepts by key, each with who and why, and says what is left', () => {
      const state = blocked();
      expect(say(state, 'retry', accept(audit))).toBe(
        `${audit} accepted by ann; tries checkPlan again (still there: ${acl}, topic-missing:orders)`,
      );
      expect(state.accepted).toEqual([{ key: audit, by: 'ann', reason: 'audit stays', at }]);
      expect(state.decision).toMatchObject({ what: 'retry', by: 'ann' });
    });

    it('accepts all that ask when that is said', () => {
      const state = blocked();
      say(state, 'retry', accept('*'));
      expect(state.accepted.map(({ key }) => key)).toEqual([audit, acl]);
    });

    it('by an override when one finding asks; of several not unseen, but in a history that is older', () => {
      const override = { by: 'ann', override: { reason: 'audit stays' } };
      expect(refusal(blocked(), 'retry', override)).toBe(
        `2 findings ask, and an override would accept all of them unseen: say which by "accept":["KEY"] (${audit}, ${acl}), or "accept":["*"] for all of them`,
      );
      const older = blocked();
      judge(older, 'retry', override, at, () => false).apply?.();
      expect(older.accepted.map(({ key }) => key)).toEqual([audit, acl]);
      const one = blocked();
      the(one, 'checkPlan').problem!.findings.splice(1, 1);
      say(one, 'retry', override);
      expect(one.accepted).toEqual([{ key: audit, by: 'ann', reason: 'audit stays', at }]);
      one.steps[0]!.problem!.findings.splice(0, 1);
      expect(refusal(one, 'retry', override)).toBe(
        'checkPlan asks for nothing to accept: audit reads orders too.',
      );
    });
  });

  const safe: StepId[] = ['copyAcls', 'deletionApproved', 'deleteSource'];
  const all = Object.keys(stepKinds).filter((id) =>
    stateAt('checkPlan', 'pending').steps.some((step) => step.id === id),
  ) as StepId[];
  it.each(safe)('skips %s, which is safe', (id) => {
    const state = stateAt(id, 'blocked');
    expect(say(state, 'skip', { by: 'ann' })).toMatch(new RegExp(`^skips ${id}: `));
    expect(state.decision).toMatchObject({ what: 'skip', by: 'ann' });
  });
  it.each(all.filter((id) => !safe.includes(id)))('does not skip %s', (id) => {
    expect(refusal(stateAt(id, 'active'), 'skip')).toBe(
      `${id} cannot be skipped: the promise of simplestCase rests on it`,
    );
  });
  it('skips nothing between steps', () => {
    expect(refusal(stateAt('checkPlan', 'pending'), 'skip')).toBe('no step is under way');
  });
});

describe('nonsense', () => {
  it.each([
    ['yes', 'pause takes one JSON object, for example {"by":"ann"}'],
    [3, 'pause takes one JSON object, for example {"by":"ann"}'],
    [[], 'pause takes one JSON object, for example {"by":"ann"}'],
    [{ by: 1 }, 'by is a text: who says so'],
    [{ by: '' }, 'by is empty: who says so?'],
    [{ by: 'x'.repeat(201) }, 'by is longer than 200 characters'],
    [{ note: 'x'.repeat(2001) }, 'note is longer than 2000 characters'],
    [{ note: {} }, 'note is a text'],
    [{ who: 'ann', why: 'x' }, 'who, why is not a key of pause'],
  ])('%j is refused with a sentence', (input, sentence) => {
    expect(refusal(stateAt('drain', 'active'), 'pause', input)).toBe(sentence);
  });
});

describe('the approval of a team', () => {
  const state = () => stateAt('teamApproved', 'waiting', { strategy: 'advancedMirroring', connect: 'c' });

  it('says who and why; nothing is measured that could be overridden', () => {
    expect(refusal(state(), 'teamApproved', {})).toContain('needs by');
    expect(refusal(state(), 'teamApproved', { by: 'ann' })).toContain('needs note');
    expect(refusal(state(), 'teamApproved', { by: 'ann', note: 'x', override: { reason: 'y' } })).toContain(
      'takes no override',
    );
    const example = /Example: (\{.*\})$/.exec(messageDescription('teamApproved'))?.[1];
    expect(refusal(state(), 'teamApproved', JSON.parse(example ?? ''))).toBeUndefined();
  });
});

it('producers that do not wait for the mirror are refused where the engine has to be the only writer', () => {
  const override = { by: 'ann', override: { reason: 'no pause' } };
  const at = (mirror: 'engine' | 'mirrormaker') =>
    stateAt('producerStopped', 'waiting', { strategy: 'advancedMirroring', mirror, connect: 'c' });
  expect(refusal(at('engine'), 'producerStopped', override)).toContain('takes no override here');
  expect(refusal(at('mirrormaker'), 'producerStopped', override)).toBeUndefined();
  const simple = stateAt('producerStopped', 'waiting', { strategy: 'simpleMirroring' });
  expect(refusal(simple, 'producerStopped', override)).toBeUndefined();
});

it('every message has words for the web UI, with an example that would be accepted', () => {
  expect(humanSteps).toHaveLength(11);
  for (const name of humanSteps) {
    const [, example] = /Example: (\{.*\})$/.exec(messageDescription(name)) ?? [];
    expect(Object.keys(JSON.parse(example ?? '') as object)).toContain('by');
  }
  const example = /Example: (\{.*\})$/.exec(messageDescription('deletionApproved'))?.[1];
  expect(refusal(stateAt('deletionApproved'), 'deletionApproved', JSON.parse(example ?? ''))).toBeUndefined();
  expect(messageDescription('pause')).toContain('wait for resume');
});
