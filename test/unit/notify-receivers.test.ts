import { afterEach, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { HTTP, type CloudEvent } from 'cloudevents';
import { Webhook as Verifier } from 'standardwebhooks';
import { tellingActivities } from '../../activities/telling/telling.js';
import { safely } from '../../activities/kit/failure.js';
import type { NotifySettings } from '../../src/notify/targets.js';
import type { FleetNotice, Notice } from '../../src/notify/notice.js';
import type { FleetTelling } from '../../src/migration/fleet-telling.js';
import { toTell } from '../../src/migration/telling.js';
import type { Heartbeat } from '../../src/migration/work/work.js';
import { noteTaker } from '../note-taker.js';
import { mailBox, receiver, type Manner, type Receiver } from '../receivers.js';
import { at, stateAt } from './migration-states.js';

const open: { close(): Promise<void> }[] = [];
const opened = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
  const one = await opening;
  open.push(one);
  return one;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const settings = (changes: Partial<NotifySettings>): NotifySettings => ({
  ...{ webhooks: {}, chats: {}, everyone: [], teams: {} },
  ...changes,
});
const hooks = (receivers: Record<string, Receiver>) =>
  Object.fromEntries(Object.entries(receivers).map(([name, { url }]) => [name, { name, url, secret }]));

type Tells = ReturnType<typeof tellingActivities>;

/** One attempt, as Temporal would make it: what it answers or fails with, and what it has noted. */
async function tell(notify: NotifySettings, noted?: unknown, addresses: string[] = []) {
  const state = stateAt('deletionApproved', 'waiting', { notify: { addresses } });
  return attempt(notify, noted, ({ tell: telling }) =>
    telling({ migration: state.migration, tellings: toTell(state, at) }),
  );
}

async function attempt(notify: NotifySettings, noted: unknown, make: (tells: Tells) => Promise<unknown>) {
  const environment = new MockActivityEnvironment(
    { heartbeatTimeoutMs: 15_000, ...(noted !== undefined && { heartbeatDetails: noted }) },
    {
      logger: new DefaultLogger('ERROR'),
      client: noteTaker<Heartbeat>((details) => environment.emit('heartbeat', details)),
    },
  );
  let last: unknown = noted;
  environment.on('heartbeat', (details: unknown) => (last = JSON.parse(JSON.stringify(details)) as unknown));
  const tells = safely<Tells>(
    tellingActivities({ notify: { settings: notify, link: (id) => `https://ui.example/${id}` } }),
  );
  const answer = await environment.run(() => make(tells)).catch((error: Error) => error);
  return { answer, noted: last };
}

it('a webhook gets a signed CloudEvent, a chat its message and people their mail', async () => {
  const [board, chat] = [await opened(receiver('takes')), await opened(receiver('takes'))];
  const box = await opened(mailBox([], { username: 'ferry', password: 'hunter2' }));
  const { answer } = await tell(
    settings({
      webhooks: hooks({ board }),
      chats: { chat: { name: 'chat', url: chat.url } },
      mail: {
        ...{ host: '127.0.0.1', port: box.port, tls: 'none', from: 'ferry@example.com' },
        login: { username: 'ferry', password: 'hunter2' },
      },
      everyone: ['board', 'chat'],
    }),
    undefined,
    ['ann@example.com', 'bo@example.com'],
  );
  expect(answer).toMatchObject({ failed: [], sentence: 'Told 4 targets.' });

  const [event] = board.got;
  if (!event) throw new Error('nobody was told');
  const headers = Object.fromEntries(
    Object.entries(event.headers).map(([name, value]) => [name, String(value)]),
  );
  new Verifier(secret).verify(event.body, headers);
  const read = HTTP.toEvent<Notice>({ headers: event.headers, body: event.body }) as CloudEvent<Notice>;
  expect(read.validate()).toBe(true);
  expect(read).toMatchObject({
    ...{ specversion: '1.0', type: 'io.kafka-ferry.migration.deletion-asks', subject: 'orders' },
    data: {
      command: 'ferry approve orders --delete orders',
      link: expect.stringContaining('ui.example') as unknown,
    },
  });
  expect(event.headers['webhook-id']).toBe(read.id);

  expect(JSON.parse(chat.got[0]?.body ?? '')).toMatchObject({
    text: expect.stringContaining('ferry approve orders --delete orders') as unknown,
  });
  expect(box.got.map(({ to }) => to)).toEqual(
    expect.arrayContaining([['ann@example.com'], ['bo@example.com']]),
  );
  expect(box.got[0]?.text).toContain('Subject: orders asks for the deletion');
  expect(box.got[0]?.text).toContain(`Message-ID: <${read.id}@kafka-ferry>`);
});

it('of a fleet those are told whom its defaults name, of the fleet alone', async () => {
  const [board, ops, other] = [
    await opened(receiver('takes')),
    await opened(receiver('takes')),
    await opened(receiver('takes')),
  ];
  const box = await opened(mailBox());
  const known = settings({
    webhooks: hooks({ board, ops, other }),
    mail: { host: '127.0.0.1', port: box.port, tls: 'none', from: 'ferry@example.com' },
    everyone: ['board'],
    teams: { shop: ['ops'], others: ['other'] },
  });
  const fleet = { name: 'shop', team: 'shop', notify: { teams: ['gone'], addresses: ['ann@example.com'] } };
  const telling: FleetTelling = {
    ...{ event: 'wave-asks', wave: 'wave-2', reminder: 0, since: '2026-12-01T08:00:00.000Z' },
    ...{ sentence: 'wave-2 waits.', todo: 'Decide.' },
  };
  const { answer } = await attempt(known, undefined, ({ tellOfFleet }) =>
    tellOfFleet({ fleet, tellings: [telling] }),
  );
  expect(answer).toMatchObject({
    failed: ['Team gone was not told: ferry.yaml has no such team under notify.teams.'],
    sentence: 'Told 3 targets.',
  });
  expect([board, ops, other].map(({ got }) => got.length)).toEqual([1, 1, 0]);
  const [event] = board.got;
  const headers = Object.fromEntries(
    Object.entries(event?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  new Verifier(secret).verify(event?.body ?? '', headers);
  const read = JSON.parse(event?.body ?? '') as CloudEvent<FleetNotice>;
  expect(read).toMatchObject({ type: 'io.kafka-ferry.fleet.wave-asks', subject: 'shop' });
  expect(Object.keys(read.data ?? {}).sort()).toEqual([
    ...['command', 'event', 'fleet', 'headline', 'id', 'link', 'reminder', 'sentence', 'since', 'teams'],
    ...['todo', 'wave', 'workflowId'],
  ]);
  expect(box.got[0]?.text).toContain('Subject: fleet shop asks: wave-2 waits for approval');
});

it('who cannot be told now is told later, and nobody twice', async () => {
  const [good, bad] = [
    await opened(receiver('takes')),
    await opened(receiver((before) => (before === 0 ? 500 : 'takes'))),
  ];
  const notify = settings({ webhooks: hooks({ good, bad }), everyone: ['good', 'bad'] });
  const first = await tell(notify);
  expect(first.answer).toMatchObject({
    ...{ type: 'Unreachable', nonRetryable: false, message: 'bad was not told: it answered 500.' },
  });
  const second = await tell(notify, first.noted);
  expect(second.answer).toMatchObject({ failed: [] });
  expect([good.got.length, bad.got.length]).toEqual([1, 2]);
  expect(bad.got[0]?.headers['webhook-id']).toBe(bad.got[1]?.headers['webhook-id']);
});

it('no redirect is followed, wherever it leads', async () => {
  const inside = await opened(receiver('takes'));
  const redirecting = await opened(receiver({ redirects: inside.url }));
  const { answer } = await tell(settings({ webhooks: hooks({ redirecting }), everyone: ['redirecting'] }));
  expect(answer).toMatchObject({
    failed: [
      'redirecting was not told: it redirects (307), and no redirect is followed; correct its address in ferry.yaml.',
    ],
  });
  expect(inside.got).toEqual([]);
});

it('one that hangs is given up in time, and the others are told meanwhile', async () => {
  const [silent, good] = [await opened(receiver('hangs')), await opened(receiver('takes'))];
  const began = Date.now();
  const telling = tell(settings({ webhooks: hooks({ silent, good }), everyone: ['silent', 'good'] }));
  while (good.got.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(Date.now() - began).toBeLessThan(5_000);
  const { answer } = await telling;
  expect(answer).toMatchObject({
    type: 'Unreachable',
    message: 'silent was not told: it did not answer within 10 s.',
  });
  expect(Date.now() - began).toBeLessThan(14_000);
}, 20_000);

it.each<[Manner, string]>([
  [404, 'board was not told: it answered 404.'],
  [410, 'board was not told: it answered 410.'],
])('an answer of %p is not tried again', async (manner, sentence) => {
  const board = await opened(receiver(manner));
  const { answer } = await tell(settings({ webhooks: hooks({ board }), everyone: ['board'] }));
  expect(answer).toMatchObject({ failed: [sentence] });
});

it('an address that a mail server refuses takes no other with it', async () => {
  const box = await opened(mailBox(['gone@example.com']));
  const { answer } = await tell(
    settings({ mail: { host: '127.0.0.1', port: box.port, tls: 'none', from: 'ferry@example.com' } }),
    undefined,
    ['gone@example.com', 'ann@example.com'],
  );
  expect(answer).toMatchObject({ failed: ['gone@example.com was not told: the mail server answered 550.'] });
  expect(box.got.map(({ to }) => to)).toEqual([['ann@example.com']]);
});

it('no secret is in what anybody hears: no address of a chat, no password, no answer of the other side', async () => {
  const closed = await receiver('takes');
  await closed.close();
  const refusing = await opened(receiver(500));
  const box = await opened(mailBox([], { username: 'ferry', password: 'right' }));
  const { answer, noted } = await tell(
    settings({
      webhooks: { refusing: { name: 'refusing', url: refusing.url, secret } },
      chats: { chat: { name: 'chat', url: `${closed.url}/T0/B0/s3cret` } },
      mail: {
        ...{ host: '127.0.0.1', port: box.port, tls: 'none', from: 'ferry@example.com' },
        login: { username: 'ferry', password: 'hunter2' },
      },
      everyone: ['refusing', 'chat'],
    }),
    undefined,
    ['ann@example.com'],
  );
  expect(answer).toBeInstanceOf(Error);
  const { message, stack, ...rest } = answer as Error;
  for (const heard of [message, stack, JSON.stringify(rest), JSON.stringify(noted)]) {
    for (const one of ['s3cret', 'hunter2', secret.slice(6), closed.url]) expect(heard).not.toContain(one);
  }
  expect(message).toContain('chat was not told: it could not be reached (ECONNREFUSED).');
  expect(message).toContain('refusing was not told: it answered 500.');
});

it('nobody to tell is an answer at once', async () => {
  const { tell: telling } = tellingActivities({});
  const state = stateAt('drain');
  expect(await telling({ migration: state.migration, tellings: [] })).toEqual({
    ...{ told: [], failed: [], sentence: 'There is nobody to tell.' },
  });
});
