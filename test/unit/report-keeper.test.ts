import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { HTTP, type CloudEvent } from 'cloudevents';
import { Webhook as Verifier } from 'standardwebhooks';
import type { Account } from '../../src/account/account.js';
import { openKeeper } from '../../src/report/account/keeper.js';
import { receiver, type Receiver } from '../receivers.js';
import { recordedAccount } from './accounts.js';

let archive: Receiver;
beforeEach(async () => {
  archive = await receiver('takes');
});
afterEach(() => archive.close());

it('whoever takes reports knows each by its id: the same once more, and another that began at the same moment', async () => {
  const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
  const keeper = openKeeper({ webhook: { name: 'archive', url: archive.url, secret } });
  const account = await recordedAccount('simpleMirroring-straight');
  expect(await keeper.keep(account)).toEqual(['archive']);
  await keeper.keep({ ...account, readAt: '2027-01-01T00:00:00.000Z' });
  await keeper.keep({ ...account, workflowId: 'migrate/another' });
  const events = archive.got.map(({ headers, body }) => {
    expect(new Verifier(secret).verify(body, headers as Record<string, string>)).toBeTruthy();
    const event = HTTP.toEvent<Account>({ headers, body }) as CloudEvent<Account>;
    expect(headers['webhook-id']).toBe(event.id);
    expect(event).toMatchObject({ type: 'io.kafka-ferry.migration.report', subject: account.name });
    return event;
  });
  expect(events[0]?.data).toEqual(JSON.parse(JSON.stringify(account)));
  expect(events[0]?.source).toBe('/kafka-ferry/migrate/recorded');
  expect(events[1]?.id).toBe(events[0]?.id);
  expect(events[2]?.id).not.toBe(events[0]?.id);
});

it.each(['/../../../evil', 'yesterday', ''])(
  'a report whose migration began at %j leaves no file, in its folder or out of it',
  async (startedAt) => {
    const above = await mkdtemp(join(tmpdir(), 'ferry-reports-'));
    const keeper = openKeeper({ folder: join(above, 'a', 'b') });
    const account = await recordedAccount('simpleMirroring-straight');
    await expect(keeper.keep({ ...account, startedAt })).rejects.toMatchObject({ type: 'BadInput' });
    expect(await readdir(above)).toEqual([]);
    const [html] = await keeper.keep({ ...account, startedAt: '2026-12-01T10:11:12.345Z' });
    expect(html).toBe('recorded-1-20261201T101112Z.html');
    await rm(above, { recursive: true });
  },
);
