import { describe, expect, it } from '@jest/globals';
import { Webhook as Verifier } from 'standardwebhooks';
import { parseMigration } from '../../src/migration/file.js';
import { toTell } from '../../src/migration/telling.js';
import { fleetNoticeOf } from '../../src/notify/fleet-notice.js';
import { noticeOf } from '../../src/notify/migration-notice.js';
import { linesOf } from '../../src/notify/notice.js';
import { isSecret, signed } from '../../src/notify/signature.js';
import { targetsOf, type NotifySettings } from '../../src/notify/targets.js';
import { untold } from '../../src/notify/untold.js';
import { eventOf } from '../../src/notify/webhook.js';
import { askingNow } from '../../src/fleet/asking.js';
import { fleetOf, now, one } from './fleet-states.js';
import { at, stateAt } from './migration-states.js';

const settings: NotifySettings = {
  webhooks: { board: { name: 'board', url: 'https://board.example' } },
  chats: { chat: { name: 'chat', url: 'https://chat.example/T0/secret' } },
  mail: { host: 'mail.example', port: 587, tls: 'starttls', from: 'ferry@example.com' },
  everyone: ['board'],
  teams: { payments: ['chat', 'board', 'pay@example.com'], constructor: ['chat'] },
};

function notice(changes: Parameters<typeof stateAt>[2] = {}, workflowId = 'migrate/orders') {
  const state = stateAt('deletionApproved', 'waiting', changes);
  return noticeOf(workflowId, state.migration, toTell(state, at)[0]!, 'https://ui.example/x');
}

describe('a signature', () => {
  // https://github.com/standard-webhooks/standard-webhooks, libraries: the vector that all of them are tested with.
  it('is that of the published vector', () => {
    const body = '{"test": 2432232314}';
    const headers = signed(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      new Date(1614265330 * 1000),
      body,
    );
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is what the library of Standard Webhooks accepts, and no other body, id or secret', () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const body = JSON.stringify(notice());
    const headers = signed(secret, 'an-id', new Date(), body);
    expect(new Verifier(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Verifier(secret).verify(`${body} `, headers)).toThrow();
    expect(() => new Verifier(secret).verify(body, { ...headers, 'webhook-id': 'other' })).toThrow();
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    expect(() => new Verifier(other).verify(body, headers)).toThrow();
  });

  it.each(['hunter2', 'whsec_', 'whsec_c2hvcnQ=', `whsec_${Buffer.alloc(65).toString('base64')}`])(
    'needs a secret as the scheme has it, not %s',
    (secret) => expect(isSecret(secret)).toBe(false),
  );
});

describe('a notice', () => {
  it('has the one command to send and the link, and an id of workflow, step and occurrence', () => {
    const one = notice();
    expect(one).toMatchObject({
      event: 'deletion-asks',
      headline: 'orders asks for the deletion: Deletion of the source approved by name',
      command: 'ferry approve orders --delete orders',
      link: 'https://ui.example/x',
    });
    expect(one.id).toMatch(/^[0-9a-f]{32}$/);
    expect(notice().id).toBe(one.id);
    expect(notice({}, 'migrate/others').id).not.toBe(one.id);
    expect(linesOf(one)).toContain('Then send: ferry approve orders --delete orders');
  });

  it('is a CloudEvent 1.0, checked by its SDK', () => {
    const event = eventOf(notice());
    expect(event.validate()).toBe(true);
    expect(event).toMatchObject({
      specversion: '1.0',
      type: 'io.kafka-ferry.migration.deletion-asks',
      source: '/kafka-ferry/migrate/orders',
      subject: 'orders',
      id: notice().id,
    });
  });

  it('has the same JSON as ever, since programs of others read it', () => {
    const told = notice({ team: 'shop', notify: { teams: ['payments', 'shop'] } });
    expect(JSON.stringify(told)).toBe(
      '{"id":"8ea91858a9fb14044535e5df1486398b","event":"deletion-asks","since":"2026-03-01T12:00:00.000Z",' +
        '"migration":"orders","workflowId":"migrate/orders","strategy":"simplestCase","step":"deletionApproved",' +
        '"reminder":0,"source":"onprem","target":"aiven",' +
        '"headline":"orders asks for the deletion: Deletion of the source approved by name",' +
        '"sentence":"Deletion of the source approved by name",' +
        '"todo":"Check that nothing needs the source topic any more, then approve its deletion by its exact name.",' +
        '"command":"ferry approve orders --delete orders","link":"https://ui.example/x","teams":["shop","payments"]}',
    );
  });

  it('lets nothing that came from a cluster act on who reads it', () => {
    const state = stateAt('drain', 'blocked');
    const step = state.steps.find(({ id }) => id === 'drain')!;
    const sentence = '"\u202e\u001b[31m\r\nBcc: all@example.com" lags';
    step.problem = { type: 'Findings', sentence, findings: [], offers: ['retry'] };
    const one = noticeOf('migrate/orders', state.migration, toTell(state, at)[0]!, undefined);
    // eslint-disable-next-line no-control-regex
    for (const line of linesOf(one)) expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});

describe('a notice of a fleet', () => {
  const defaults = { team: 'shop', notify: { teams: ['payments', 'shop'] } };
  const waves = ['wave-1', 'wave-2'].map((name) => ({
    name,
    migrations: [one(`${name}-a`), one(`${name}-b`)],
  }));
  const { fleet, state } = fleetOf({ defaults, waves });
  state.waves['wave-1'] = { openedAt: new Date(now).toISOString() };
  const [telling] = askingNow(fleet, state, now).due;
  const whom = { name: 'shop', team: 'shop', notify: { teams: ['payments', 'shop'], addresses: [] } };
  const asks = (changes: Partial<NonNullable<typeof telling>> = {}, workflowId = 'fleet/shop') =>
    fleetNoticeOf(workflowId, whom, { ...telling!, ...changes }, 'https://ui.example/x');

  it('has the one command to send and the link, and nothing that is of a migration', () => {
    const { id, ...rest } = asks();
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(rest).toEqual({
      ...{ event: 'wave-asks', since: '2026-12-01T08:00:00.000Z', fleet: 'shop', wave: 'wave-2' },
      ...{ workflowId: 'fleet/shop', reminder: 0, teams: ['shop', 'payments'] },
      headline: 'fleet shop asks: wave-2 waits for approval',
      sentence: 'wave-2, of 2 migrations, waits for nothing but approval, since 2026-12-01 08:00 UTC.',
      todo: 'Decide whether wave-2 may begin, then approve it.',
      command: 'ferry fleet approve shop wave-2 --reason "…"',
      link: 'https://ui.example/x',
    });
    expect(linesOf(asks())).toContain('Then send: ferry fleet approve shop wave-2 --reason "…"');
    expect(asks({ reminder: 2 }).headline).toBe('fleet shop asks, reminder 2: wave-2 waits for approval');
  });

  it('has an id of the fleet, the wave, since when it asks and which time it is', () => {
    const { id } = asks();
    expect(asks().id).toBe(id);
    const others = [
      asks({ wave: 'wave-3' }),
      asks({ reminder: 1 }),
      asks({ since: '2026-12-01T09:00:00.000Z' }),
      asks({}, 'fleet/other'),
    ];
    expect(new Set([id, ...others.map((other) => other.id)]).size).toBe(5);
  });

  it('is a CloudEvent 1.0 whose subject is the fleet', () => {
    const event = eventOf(asks());
    expect(event.validate()).toBe(true);
    expect(event).toMatchObject({
      ...{ specversion: '1.0', type: 'io.kafka-ferry.fleet.wave-asks', source: '/kafka-ferry/fleet/shop' },
      ...{ subject: 'shop', time: '2026-12-01T08:00:00.000Z', id: asks().id },
    });
  });
});

describe('whom to tell', () => {
  const named = (notify: object | undefined, of = settings, team?: string) => {
    const { migration } = parseMigration({
      ...stateAt('drain').migration,
      ...(notify && { notify }),
      ...(team !== undefined && { team }),
    });
    const { targets, missing } = targetsOf(of, migration!);
    return { names: targets.map(({ name }) => name), missing };
  };

  it('is everybody once: for all, of the teams, and of the file', () => {
    expect(named(undefined)).toEqual({ names: ['board'], missing: [] });
    expect(named({ teams: ['payments'], addresses: ['ann@example.com', 'pay@example.com'] })).toEqual({
      names: ['board', 'chat', 'ann@example.com', 'pay@example.com'],
      missing: [],
    });
  });

  it('is the team that owns the topics, where it is known', () => {
    const { names } = named({ teams: ['payments'] });
    expect(named(undefined, settings, 'payments').names).toEqual(names);
    expect(named(undefined, settings, 'toString')).toEqual({ names: ['board'], missing: [] });
  });

  it('says who is not known', () => {
    expect(named({ teams: ['nobody', 'toString'] }).missing).toHaveLength(2);
    const { mail: _, ...without } = settings;
    expect(named({ addresses: ['ann@example.com'] }, without)).toEqual({
      names: ['board'],
      missing: ['No mail was sent: ferry.yaml names no mail server under notify.mail.'],
    });
    expect(named({ teams: ['constructor'] }).names).toEqual(['board', 'chat']);
  });
});

describe('before a migration begins it is said whom ferry.yaml does not know', () => {
  const keys = (changes: object, of: NotifySettings | undefined = settings) =>
    untold(of, parseMigration({ ...stateAt('drain').migration, ...changes }).migration!).map(
      ({ key }) => key,
    );
  const { mail: _, ...without } = settings;
  const nobody = { webhooks: {}, chats: {}, everyone: [], teams: {} };

  it('of the teams to be told, and the one that owns the topics', () => {
    expect(keys({ team: 'payments', notify: { teams: ['constructor'] } })).toEqual([]);
    expect(keys({ notify: { teams: ['nobody', 'payments', 'toString'] } })).toEqual([
      'team-unknown:nobody',
      'team-unknown:toString',
    ]);
    expect(keys({ team: 'shop' })).toEqual(['team-unknown:shop']);
    expect(keys({ team: 'shop', notify: { teams: ['shop'] } })).toEqual(['team-unknown:shop']);
  });

  it.each([
    ['no notify', undefined],
    ['no team', nobody],
  ])('but where ferry.yaml has %s not of an owner, who is named for lists too', (_name, known) => {
    expect(untold(known, { team: 'shop' })).toEqual([]);
    const { migration } = parseMigration({ ...stateAt('drain').migration, notify: { teams: ['shop'] } });
    expect(untold(known, migration!)).toEqual([expect.objectContaining({ key: 'team-unknown:shop' })]);
  });

  it('and of addresses where there is no mail server', () => {
    const addressed = { notify: { addresses: ['ann@example.com'] } };
    expect(keys(addressed)).toEqual([]);
    expect(keys(addressed, without)).toEqual(['mail-unknown']);
    expect(keys({ notify: { remind: '24h' } }, without)).toEqual([]);
  });
});
